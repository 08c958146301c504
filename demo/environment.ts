/** What the demo runs in: the simulated Google, a Kubernetes API, the operator's process, and a folder for its files. */
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { startGoogle, type SimulatedGoogle } from '../sandbox/google/google.ts'
import type { AgentStatus, Condition } from '../src/resources/types.ts'
import { Kubernetes, type Backend, type ObservedObject } from './kubernetes.ts'
import { takeFolder } from './folder.ts'
import { BookingSite } from './booking-site.ts'
import { seed, type Seeded, type Secret } from './seed.ts'
import { OperatorProcess } from './operator-process.ts'

/** The namespace of the demo. */
export const NAMESPACE = 'booking'

/** For the demo's files, within the project. */
const FOLDER = '.demo'

/** The parts of `busy.json` that the demo reads. */
export interface BusyDocument {
  syncedAt: string
  busy: { start: string; end: string }[]
}

const clock = {
  now: () => Date.now(),
  setTimer(delayMs: number, fire: () => void) {
    const timer = setTimeout(fire, delayMs)
    return () => clearTimeout(timer)
  },
}

interface EnvironmentDeps {
  backend: Backend
  client: Kubernetes
  webPort: number
}

/** The port of the pages, if it is free: then every run prints the same address. */
const USUAL_WEB_PORT = 8080
/** The port of the booking page, likewise. */
const USUAL_BOOKING_PORT = 8000

/** The running parts of the demo. */
export class DemoEnvironment {
  readonly google: SimulatedGoogle
  readonly backend: Backend
  readonly operator: OperatorProcess
  readonly operatorArgs: readonly string[]
  readonly seeded: Seeded
  readonly folder: string
  /** The origin of the operator's pages. */
  readonly site: string
  /** The booking page, once it is started. */
  bookingSite: BookingSite | undefined
  readonly #kubernetes: Kubernetes
  readonly #root: string

  private constructor(root: string, google: SimulatedGoogle, { backend, client, webPort }: EnvironmentDeps) {
    this.#root = root
    this.google = google
    this.backend = backend
    this.#kubernetes = client
    this.site = `http://localhost:${webPort}`
    this.folder = join(root, FOLDER)
    this.seeded = seed(google, clock.now(), this.site)
    google.switches({ deliverTo: `http://127.0.0.1:${webPort}` })
    this.operatorArgs = [
      'run',
      ...['accounts', 'oauth', 'api'].map((part) => `--google-${part}-url=${google.url}`),
      '--metrics-bind-address=127.0.0.1:0',
      `--web-bind-address=127.0.0.1:${webPort}`,
    ]
    this.operator = new OperatorProcess({
      program: join(root, 'dist/main.js'),
      args: this.operatorArgs,
      kubeconfig: this.kubeconfig,
      log: this.log,
    })
  }

  /** @param root the folder that holds `dist/` and `demo/manifests/`. */
  static async open(root: string, openBackend: (namespace: string) => Promise<Backend>): Promise<DemoEnvironment> {
    await takeFolder(join(root, FOLDER))
    const google = await startGoogle({ clock })
    const backend = await openBackend(NAMESPACE)
    const kubeconfig = await backend.kubeconfig()
    const client = new Kubernetes(kubeconfig, NAMESPACE)
    const environment = new DemoEnvironment(root, google, { backend, client, webPort: await freePort(USUAL_WEB_PORT) })
    await writeFile(environment.kubeconfig, kubeconfig, { mode: 0o600 })
    return environment
  }

  get kubeconfig(): string {
    return join(this.folder, 'kubeconfig')
  }

  get log(): string {
    return join(this.folder, 'operator.log')
  }

  /** The path, relative to the project's folder. */
  shown(path: string): string {
    return relative(this.#root, path)
  }

  /** Applies `demo/manifests`, with the site on this machine; returns what `kubectl` would print. */
  applyManifests(): Promise<string[]> {
    return this.#eachFile('demo/manifests', (text) =>
      this.#kubernetes.apply(text.replace(/^( +siteURI: ).*$/m, `$1${this.site}`)),
    )
  }

  /** @param folder within the project. */
  applyFolder(folder: string): Promise<string[]> {
    return this.#eachFile(folder, (text) => this.#kubernetes.apply(text))
  }

  /** Deletes what `applyFolder` has created; returns what `kubectl` would print. */
  deleteFolder(folder: string): Promise<string[]> {
    return this.#eachFile(folder, (text) => this.#kubernetes.delete(text))
  }

  /** @param file within the project. @param change what to change in its text first. */
  async applyFile(file: string, change = (text: string) => text): Promise<string[]> {
    return this.#kubernetes.apply(change(await readFile(join(this.#root, file), 'utf8')))
  }

  async #eachFile(folder: string, run: (text: string) => Promise<string[]>): Promise<string[]> {
    const lines: string[] = []
    for (const file of (await readdir(join(this.#root, folder))).sort())
      lines.push(...(await run(await readFile(join(this.#root, folder, file), 'utf8'))))
    return lines
  }

  async applySecret({ name, values }: Secret): Promise<void> {
    const metadata = { name, namespace: NAMESPACE }
    await this.#kubernetes.applyObject({ apiVersion: 'v1', kind: 'Secret', metadata, ...{ stringData: values } })
  }

  table(...what: Parameters<Kubernetes['table']>): ReturnType<Kubernetes['table']> {
    return this.#kubernetes.table(...what)
  }

  /** Reads all objects again. The methods below return what was read last. */
  refresh(): Promise<void> {
    return this.#kubernetes.refresh()
  }

  object(kind: string, name: string): ObservedObject | undefined {
    return this.#kubernetes.object(kind, name)
  }

  /** The status of an Agent. */
  agent(name: string): AgentStatus | undefined {
    return this.object('Agent', name)?.status
  }

  condition(kind: string, name: string, type: string): Condition | undefined {
    return this.object(kind, name)?.status?.conditions?.find((one) => one.type === type)
  }

  /** A published document, read as a program in the cluster reads it. */
  busy(configMap: string): BusyDocument | undefined {
    const text = this.object('ConfigMap', configMap)?.data?.['busy.json']
    return text === undefined ? undefined : (JSON.parse(text) as BusyDocument)
  }

  /** Starts the booking page of examples/booking-site. Returns its address; undefined where the API takes no token. */
  async startBookingSite(): Promise<string | undefined> {
    const { access } = this.#kubernetes
    if (!access) return undefined
    this.bookingSite = new BookingSite({
      program: join(this.#root, 'examples/booking-site/server.mjs'),
      folder: this.folder,
      port: await freePort(USUAL_BOOKING_PORT),
      namespace: NAMESPACE,
      kubernetes: access,
      calendar: async () => {
        await this.refresh()
        return this.object('ConfigMap', 'alice-calendar')?.data?.['busy.json']
      },
    })
    await this.bookingSite.start()
    return this.bookingSite.origin
  }

  /** Searches the operator's log for text that must not be in it. */
  async searchLog(): Promise<{ lines: number; leaks: string[] }> {
    const text = await readFile(this.log, 'utf8')
    const forbidden = [...this.seeded.confidential, 'ya29.', '@example.com', '%40example.com']
    return { lines: text.split('\n').length - 1, leaks: forbidden.filter((one) => text.includes(one)) }
  }

  /** Stops everything, and removes the folder; with `keepLog` it keeps the log. */
  async close({ keepLog = false } = {}): Promise<void> {
    await this.bookingSite?.stop()
    await this.operator.stop()
    await this.#kubernetes.close()
    await Promise.all([this.google.close(), this.backend.stop()])
    await rm(keepLog ? this.kubeconfig : this.folder, { recursive: true, force: true })
  }
}

/** Returns this port if it is free, else any other. */
async function freePort(wanted: number): Promise<number> {
  const server = createServer()
  try {
    server.listen(wanted, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  } catch {
    return await freePort(0)
  } finally {
    server.close()
  }
}
