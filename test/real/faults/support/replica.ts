/** The operator as it ships, in a process of its own that can be ended, killed, and frozen. */
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { User } from '../../cluster.ts'
import { start, tail, type Running } from '../../cluster/processes.ts'

export interface ReplicaOptions {
  /** As whom it speaks to the API server, and the name of its pod. */
  name: string
  kubeconfig: string
  googleURL: string
  /** The file that its log is appended to. */
  log: string
  leaderElect?: boolean
  /** All where nothing is said. */
  namespace?: string
}

export interface LogLine {
  level: string
  msg: string
  reason?: string
  error?: { message: string }
}

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))
const PROGRAM = join(ROOT, 'dist/main.js')
/** The namespace of the Lease. */
export const HOME = 'default'

/** A user of the API server's, so that its audit log tells the replicas apart; it may do everything. */
export const userOf = (name: string): User => ({ name, groups: ['system:masters'] })

export class Replica {
  readonly name: string
  readonly #options: ReplicaOptions
  #running: Running
  /** How long its log was when it was started last. */
  #saidBefore = 0

  constructor(options: ReplicaOptions) {
    assertBuilt()
    this.name = options.name
    this.#options = options
    this.#running = this.#start()
  }

  /** How it ended: a signal or `exit code 0`; undefined while it runs. */
  get ended(): string | undefined {
    return this.#running.ended
  }

  /** SIGTERM, and resolves once it has ended. */
  end(): Promise<void> {
    return this.#running.end('SIGTERM')
  }

  kill(): Promise<void> {
    return this.#running.end('SIGKILL')
  }

  /** Kills it, and starts it anew. */
  async restart(): Promise<void> {
    await this.kill()
    this.#running = this.#start()
  }

  freeze(): void {
    process.kill(this.#running.pid, 'SIGSTOP')
  }

  thaw(): void {
    process.kill(this.#running.pid, 'SIGCONT')
  }

  /** Resolves once it works, as it says after each start. */
  async untilAtWork(): Promise<void> {
    await this.#running.until('reconciling', async () => this.#said().includes('"msg":"reconciling"'))
  }

  /** The end of its log. */
  tail(): string {
    return tail(this.#options.log)
  }

  /** All that it has ever logged, each line an object. */
  log(): LogLine[] {
    const lines = readFileSync(this.#options.log, 'utf8').split('\n')
    return lines.slice(0, -1).map((line) => JSON.parse(line) as LogLine)
  }

  /** What it has logged since it was started last. */
  #said(): string {
    return readFileSync(this.#options.log, 'utf8').slice(this.#saidBefore)
  }

  #start(): Running {
    this.#saidBefore = existsSync(this.#options.log) ? readFileSync(this.#options.log, 'utf8').length : 0
    const { name, kubeconfig, googleURL, log, leaderElect = false, namespace = '' } = this.#options
    const google = ['accounts', 'oauth', 'api'].map((which) => `--google-${which}-url=${googleURL}`)
    const args = [PROGRAM, 'run', ...google, '--metrics-bind-address=0']
    args.push(`--leader-elect=${String(leaderElect)}`, `--watch-namespaces=${namespace}`)
    const env = {
      PATH: process.env.PATH,
      KUBECONFIG: kubeconfig,
      POD_NAME: name,
      POD_NAMESPACE: HOME,
      CALENDAR_OPERATOR_WEB_BIND_ADDRESS: '0',
    }
    return start(process.execPath, args, log, env)
  }
}

/** What is tested is what is built. */
function assertBuilt(): void {
  const built = statSync(PROGRAM, { throwIfNoEntry: false })?.mtimeMs ?? 0
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true })
  const newest = Math.max(...sources.map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs))
  if (newest > built) throw new Error('dist/main.js is missing, or older than src: run make build first')
}
