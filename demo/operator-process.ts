/** The operator as it ships, in a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { openSync, closeSync } from 'node:fs'

/** How to start the operator. */
interface OperatorOptions {
  /** `dist/main.js` */
  program: string
  args: readonly string[]
  kubeconfig: string
  /** The file that its log is appended to. */
  log: string
}

/** The operator ends within ten seconds of a signal; one second more is tolerated. */
const PATIENCE_MS = 11_000

/** The process of the operator. */
export class OperatorProcess {
  readonly #options: OperatorOptions
  #child: ChildProcess | undefined

  constructor(options: OperatorOptions) {
    this.#options = options
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** How the process ended, if it ended by itself. */
  get exit(): string | undefined {
    const child = this.#child
    if (child?.exitCode !== null && child?.exitCode !== undefined) return `exit status ${child.exitCode}`
    return child?.signalCode ? `signal ${child.signalCode}` : undefined
  }

  start(): void {
    const { program, args, kubeconfig, log } = this.#options
    const file = openSync(log, 'a')
    // Only what it needs: variables of the caller's environment are not meant for this operator.
    const env = { PATH: process.env.PATH, HOME: process.env.HOME, KUBECONFIG: kubeconfig }
    this.#child = spawn(process.execPath, [program, ...args], { env, stdio: ['ignore', file, file] })
    closeSync(file)
  }

  kill(): Promise<void> {
    return this.#end('SIGKILL')
  }

  /** Kills the process without waiting for its end. */
  killNow(): void {
    this.#child?.kill('SIGKILL')
  }

  async stop(): Promise<void> {
    const child = this.#child
    const patience = setTimeout(() => child?.kill('SIGKILL'), PATIENCE_MS)
    await this.#end('SIGTERM')
    clearTimeout(patience)
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }
}
