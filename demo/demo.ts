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
const colours = into === undefined && stdout.isTTY && !process.env.NO_COLOR && process.env.TERM !== 'dumb'

let stage: Stage | undefined
let ending = false

const signalled = new Promise<number>((answer) => {
  for (const [signal, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.on(signal, () => answer(status))
  }
})
// A reader that has gone (`make demo | head`) is no reason for a stack trace.
stdout.on('error', () => process.exit(141))

let told = ''

const teller = new Teller({
  output: into === undefined ? stdout : { write: (text) => stdout.write((told += text) && text) },
  colours,
  check() {
    const death = ending ? undefined : stage?.operator.death
    if (death) throw new DemoFailure(`expected: the operator runs\nfound: it ended by itself with ${death}`)
  },
})

async function play(): Promise<number> {
  const startedAt = performance.now()
  stage = await Stage.open(resolve(import.meta.dirname, '..'))
  try {
    await tell({ stage, teller })
  } catch (error) {
    if (!ending) explain(error, stage)
    return 1
  }
  const seconds = Math.round((performance.now() - startedAt) / 1000)
  teller.line()
  teller.line(teller.in('bold', `All of it happened, in ${seconds} seconds.`))
  return 0
}

function explain(error: unknown, scene: Stage): void {
  teller.failed(error instanceof Error ? error.message : String(error))
  teller.line(`The demo ends here. What the operator logged: ${scene.shown(scene.log)}`)
}

function invite(scene: Stage): void {
  teller.line(`
Everything is still running, until Ctrl-C. In another terminal, in this folder:

  export KUBECONFIG=${scene.shown(scene.kubeconfig)}
  kubectl get agents -o wide --watch

In a browser, ${scene.google.url} is the simulated Google: add an event, revoke a grant, and watch.
The operator's log is ${scene.shown(scene.log)}.`)
}

// However this process ends, the operator doesn't outlive it.
process.on('exit', () => stage?.operator.killNow())

const status = await Promise.race([play(), signalled])
if (into !== undefined && status === 0) await writeFile(into, withOutput(await readFile(into, 'utf8'), told))
if (keep && status === 0 && stage) {
  invite(stage)
  await signalled
}
ending = true
await stage?.close({ keepLog: status === 1 })
process.exit(status)
