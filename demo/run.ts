/**
 * `make demo`: the operator as it ships, in its own process, between a simulated Google and a Kubernetes API. The demo does
 * something, checks that the operator does what it should, and shows it. It leaves nothing behind. With `KEEP=1` everything
 * continues to run at the end. `--update-docs` writes the output of the run into docs/demo.md, and an excerpt into README.md.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Backend } from './kubernetes.ts'
import { excerptOf, withOutput } from './pages.ts'
import { linkOf } from './sign-in.ts'
import { DemoEnvironment } from './environment.ts'
import { tell } from './story.ts'
import { DemoFailure, Narrator } from './narrator.ts'

const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const
const NOBODY_READS = 141

type OpenBackend = (namespace: string) => Promise<Backend>

/** Runs all steps of the demo, then ends this process: with status 0 if every step succeeded. */
export async function runDemo(openBackend: OpenBackend): Promise<never> {
  const { 'update-docs': updateDocs = false } = parseArgs({ options: { 'update-docs': { type: 'boolean' } } }).values
  const demoRun = new DemoRun(!updateDocs)
  // The operator does not outlive this process, however it ends.
  process.on('exit', () => demoRun.environment?.operator.killNow())
  const playing = demoRun.run(openBackend)
  const status = await Promise.race([playing, demoRun.ended])
  if (status === 0 && demoRun.environment) {
    if (updateDocs) {
      await writeInto('docs/demo.md', demoRun.told)
      await writeInto('README.md', excerptOf(demoRun.told))
    }
    if (!['', '0'].includes(process.env.KEEP ?? '')) {
      await demoRun.invite(demoRun.environment)
      await demoRun.ended
    }
  }
  demoRun.ending = true
  await playing
  demoRun.narrator.clear()
  await demoRun.environment?.close({ keepLog: status === 1 })
  process.exit(status)
}

const writeInto = async (page: string, output: string): Promise<void> =>
  writeFile(page, withOutput(await readFile(page, 'utf8'), output))

class DemoRun {
  readonly narrator: Narrator
  /** Resolves to the exit status when somebody ends the demo. */
  readonly ended: Promise<number>
  environment: DemoEnvironment | undefined
  told = ''
  ending = false

  constructor(mayMove: boolean) {
    const { stdout } = process
    const isTerminal = stdout.isTTY && process.env.TERM !== 'dumb' && mayMove
    this.ended = new Promise((answer) => {
      const end = (status: number): void => {
        this.ending = true
        answer(status)
      }
      for (const [signal, status] of Object.entries(SIGNALS)) process.on(signal, () => end(status))
      // A closed pipe (`make demo | head`) ends the demo without a stack trace.
      stdout.on('error', () => end(NOBODY_READS))
    })
    this.narrator = new Narrator({
      write: (text) => {
        this.told += text
        stdout.write(text)
      },
      isTerminal,
      colours: isTerminal && !process.env.NO_COLOR,
      check: () => this.#check(),
      refresh: async () => this.environment?.refresh(),
    })
  }

  async run(openBackend: OpenBackend): Promise<number> {
    const startedAt = performance.now()
    const { narrator } = this
    try {
      this.environment = await DemoEnvironment.open(resolve(import.meta.dirname, '..'), openBackend)
      await tell({ environment: this.environment, narrator })
    } catch (error) {
      if (!this.ending) this.#explain(error)
      return 1
    }
    const seconds = Math.round((performance.now() - startedAt) / 1000)
    narrator.line()
    narrator.line(narrator.in('bold', `All steps succeeded, in ${seconds} seconds.`))
    return 0
  }

  async invite(environment: DemoEnvironment): Promise<void> {
    await environment.applyFile('demo/sign-in/erin.yaml')
    const { value: link } = await this.narrator.until(linkOf(environment, 'erin'))
    const bookingSite = await environment.startBookingSite()
    this.narrator.line(`
Everything continues to run until Ctrl-C. In another terminal, in this folder:

  export KUBECONFIG=${environment.shown(environment.kubeconfig)}
  kubectl get agents --watch

In a browser, sign in as Erin: ${link}${
      bookingSite === undefined
        ? ''
        : `
Book a viewing with Alice: ${bookingSite}`
    }
And ${environment.google.url} is the simulated Google: add an event, revoke a grant, and watch.
The operator's log is ${environment.shown(environment.log)}.`)
  }

  #check(): void {
    if (this.ending) throw new DemoFailure('somebody has ended it')
    const exit = this.environment?.operator.exit
    if (exit) throw new DemoFailure(`expected: the operator runs\nfound: it ended by itself with ${exit}`)
  }

  #explain(error: unknown): void {
    this.narrator.failed(error instanceof Error ? error.message : String(error))
    const { environment, narrator } = this
    if (environment)
      narrator.line(`The demo ends here. What the operator logged is in ${environment.shown(environment.log)}.`)
  }
}
