/**
 * `make demo`: the operator as it ships, in a process of its own, between a simulated Google and a small Kubernetes API
 * that run in this one. It tells what happens, checks that it does, and leaves nothing behind. `KEEP=1` leaves everything
 * running at the end, to be looked at; `--into README.md` saves what was told between that file's markers.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { withOutput } from './readme.ts'
import { Stage } from './stage.ts'
import { tell } from './story.ts'
import { DemoFailure, Teller } from './teller.ts'

const { into } = parseArgs({ options: { into: { type: 'string' } } }).values
const keep = !['', '0'].includes(process.env.KEEP ?? '')
const { stdout } = process
const isTerminal = stdout.isTTY && process.env.TERM !== 'dumb' && into === undefined

const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const
const NOBODY_READS = 141
let ending = false
const ended = new Promise<number>((answer) => {
  const end = (status: number): void => {
    ending = true
    answer(status)
  }
  for (const [signal, status] of Object.entries(SIGNALS)) process.on(signal, () => end(status))
  // A reader that has gone (`make demo | head`) is no reason for a stack trace.
  stdout.on('error', () => end(NOBODY_READS))
})

let told = ''
const teller = new Teller({
  write(text) {
    told += text
    stdout.write(text)
  },
  isTerminal,
  colours: isTerminal && !process.env.NO_COLOR,
  check() {
    if (ending) throw new DemoFailure('somebody has ended it')
    const death = stage?.operator.death
    if (death) throw new DemoFailure(`expected: the operator runs\nfound: it ended by itself with ${death}`)
  },
})

let stage: Stage | undefined
// However this process ends, the operator doesn't outlive it.
process.on('exit', () => stage?.operator.killNow())

async function play(): Promise<number> {
  const startedAt = performance.now()
  try {
    stage = await Stage.open(resolve(import.meta.dirname, '..'))
    await tell({ stage, teller })
  } catch (error) {
    if (!ending) explain(error)
    return 1
  }
  const seconds = Math.round((performance.now() - startedAt) / 1000)
  teller.line()
  teller.line(teller.in('bold', `All of it happened, in ${seconds} seconds.`))
  return 0
}

function explain(error: unknown): void {
  teller.failed(error instanceof Error ? error.message : String(error))
  if (stage) teller.line(`The demo ends here. What the operator logged is in ${stage.shown(stage.log)}.`)
}

function invite(running: Stage): void {
  teller.line(`
Everything goes on running, until Ctrl-C. In another terminal, in this folder:

  export KUBECONFIG=${running.shown(running.kubeconfig)}
  kubectl get agents --watch

In a browser, ${running.google.url} is the simulated Google: add an event, revoke a grant, and watch.
The operator's log is ${running.shown(running.log)}.`)
}

const playing = play()
const status = await Promise.race([playing, ended])
if (status === 0 && stage) {
  if (into !== undefined) await writeFile(into, withOutput(await readFile(into, 'utf8'), told))
  if (keep) {
    invite(stage)
    await ended
  }
}
ending = true
await playing
teller.clear()
await stage?.close({ keepLog: status === 1 })
process.exit(status)
