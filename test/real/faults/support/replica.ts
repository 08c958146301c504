/** The operator as it ships, in its own process, which can be stopped, killed and frozen. */
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { User } from '../../cluster.ts'
import { start, tail, type Running } from '../../cluster/processes.ts'
import { until } from './until.ts'

export interface ReplicaOptions {
  /** The name of its user at the API server, and of its pod. */
  name: string
  kubeconfig: string
  googleURL: string
  /** The file that its log is appended to. */
  log: string
  leaderElect?: boolean
  /** The ring that it is a member of; none by default. */
  shardRing?: string
  /** The namespace of its pod, which has its Leases. */
  home?: string
  /** The namespaces that it watches; all by default. */
  namespace?: string
}

interface LogLine {
  level: string
  msg: string
  reason?: string
  error?: { message: string }
}

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))
const PROGRAM = join(ROOT, 'dist/main.js')
/** The namespace of the Lease by default. */
export const HOME = 'default'

/** The user of a replica at the API server, so that the audit log tells replicas apart. It may do everything. */
export const userOf = (name: string): User => ({ name, groups: ['system:masters'] })

export class Replica {
  readonly name: string
  readonly #options: ReplicaOptions
  #running: Running
  /** The length of its log at its last start. */
  #saidBefore = 0

  constructor(options: ReplicaOptions) {
    assertBuilt()
    this.name = options.name
    this.#options = options
    this.#running = this.#start()
  }

  /** How the process ended: a signal, or `exit code 0`; undefined while it runs. */
  get ended(): string | undefined {
    return this.#running.ended
  }

  /** Sends SIGTERM, and resolves when the process has ended. */
  end(): Promise<void> {
    return this.#running.end('SIGTERM')
  }

  kill(): Promise<void> {
    return this.#running.end('SIGKILL')
  }

  /** Kills the process and starts it again. */
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

  /** Whether it runs, and has logged since its last start that it works. */
  get isAtWork(): boolean {
    return this.ended === undefined && this.#said().includes('"msg":"reconciling"')
  }

  /** Resolves when it is at work. It may end and be started again meanwhile. */
  async untilAtWork(): Promise<void> {
    await until(`${this.name} is at work`, async () => {
      if (!this.isAtWork) throw new Error(`${this.ended ?? 'it runs'}:\n${this.tail()}`)
      return true
    })
  }

  /** The end of its log. */
  tail(): string {
    return tail(this.#options.log)
  }

  /** Everything that it has logged, each line as an object. */
  log(): LogLine[] {
    const lines = readFileSync(this.#options.log, 'utf8').split('\n')
    return lines.slice(0, -1).map((line) => JSON.parse(line) as LogLine)
  }

  /** What it has logged since its last start. */
  #said(): string {
    return readFileSync(this.#options.log, 'utf8').slice(this.#saidBefore)
  }

  #start(): Running {
    this.#saidBefore = existsSync(this.#options.log) ? readFileSync(this.#options.log, 'utf8').length : 0
    const { name, kubeconfig, googleURL, log, home = HOME } = this.#options
    const { leaderElect = false, shardRing = '', namespace = '' } = this.#options
    const google = ['accounts', 'oauth', 'api'].map((which) => `--google-${which}-url=${googleURL}`)
    const args = [PROGRAM, 'run', ...google, '--metrics-bind-address=0']
    args.push(`--leader-elect=${String(leaderElect)}`, `--watch-namespaces=${namespace}`, `--shard-ring=${shardRing}`)
    const env = {
      PATH: process.env.PATH,
      KUBECONFIG: kubeconfig,
      POD_NAME: name,
      POD_NAMESPACE: home,
      CALENDAR_OPERATOR_WEB_BIND_ADDRESS: '0',
    }
    return start(process.execPath, args, log, env)
  }
}

/** @throws Error if `dist/main.js` is missing or older than the sources. */
function assertBuilt(): void {
  const built = statSync(PROGRAM, { throwIfNoEntry: false })?.mtimeMs ?? 0
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true })
  const newest = Math.max(...sources.map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs))
  if (newest > built) throw new Error('dist/main.js is missing, or older than src: run make build first')
}
