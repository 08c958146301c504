/**
 * The booking page of examples/booking-site, in a process of its own. The demo plays the kubelet: it mounts the published calendar
 * and keeps it up to date.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What the page needs. */
interface BookingSiteOptions {
  /** `examples/booking-site/server.mjs` */
  program: string
  /** For its files. */
  folder: string
  port: number
  namespace: string
  /** The Kubernetes API: its origin, the PEM of its certificate authority, and a bearer token. */
  kubernetes: { server: string; authority: string; token: string }
  /** The text of `busy.json`, as it is now. */
  calendar: () => Promise<string | undefined>
}

const REMOUNT_MS = 1000

/** The process of the booking page. */
export class BookingSite {
  readonly origin: string
  readonly #options: BookingSiteOptions
  readonly #folder: string
  #child: ChildProcess | undefined
  #remount: NodeJS.Timeout | undefined

  constructor(options: BookingSiteOptions) {
    this.#options = options
    this.#folder = join(options.folder, 'booking-site')
    this.origin = `http://localhost:${options.port}`
  }

  /** Resolves once the page can be opened. */
  async start(): Promise<void> {
    const { program, port, namespace, kubernetes } = this.#options
    await mkdir(this.#folder, { recursive: true })
    await writeFile(join(this.#folder, 'ca.crt'), kubernetes.authority)
    await writeFile(join(this.#folder, 'token'), kubernetes.token, { mode: 0o600 })
    await this.#mount()
    this.#remount = setInterval(() => void this.#mount().catch(() => undefined), REMOUNT_MS)
    const env = {
      PATH: process.env.PATH,
      PORT: String(port),
      NAMESPACE: namespace,
      KUBERNETES_API: kubernetes.server,
      NODE_EXTRA_CA_CERTS: join(this.#folder, 'ca.crt'),
      SERVICE_ACCOUNT: this.#folder,
      CALENDAR_FILE: join(this.#folder, 'busy.json'),
    }
    const child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    this.#child = child
    // It does not outlive this process, however that ends.
    process.once('exit', () => child.kill('SIGKILL'))
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`the booking page ended with exit status ${String(code)}`)
    })
    ended.catch(() => undefined)
    await Promise.race([once(child.stdout, 'data'), ended])
  }

  /** The file is replaced as a whole, as the kubelet does it. */
  async #mount(): Promise<void> {
    const text = await this.#options.calendar()
    if (text === undefined) return
    const file = join(this.#folder, 'busy.json')
    await writeFile(`${file}.new`, text)
    await rename(`${file}.new`, file)
  }

  async stop(): Promise<void> {
    clearInterval(this.#remount)
    const child = this.#child
    this.#child = undefined
    if (!child || child.exitCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
}
