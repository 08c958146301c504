/** Everything that the story needs to run: Google, Kubernetes, the operator's process, and the folder between them. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { startGoogle, type SimulatedGoogle } from '../sandbox/google/google.ts'
import type { Condition } from '../src/resources/types.ts'
import { Kubernetes, type Backend, type Looked } from './kubernetes.ts'
import { furnish, type Furnished, type Secret } from './people.ts'
import { OperatorProcess } from './operator-process.ts'

export const NAMESPACE = 'booking'

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

export class Stage {
  readonly google: SimulatedGoogle
  readonly backend: Backend
  readonly operator: OperatorProcess
  readonly operatorArgs: readonly string[]
  readonly furnished: Furnished
  readonly folder: string
  readonly #kubernetes: Kubernetes
  readonly #root: string

  private constructor(root: string, google: SimulatedGoogle, kubernetes: { backend: Backend; client: Kubernetes }) {
    this.#root = root
    this.google = google
    this.backend = kubernetes.backend
    this.#kubernetes = kubernetes.client
    this.folder = join(root, '.demo')
    this.furnished = furnish(google, clock.now())
    this.operatorArgs = [
      'run',
      ...['accounts', 'oauth', 'api'].map((part) => `--google-${part}-url=${google.url}`),
      '--metrics-bind-address=127.0.0.1:0',
      '--web-bind-address=127.0.0.1:0',
    ]
    this.operator = new OperatorProcess({
      program: join(root, 'dist/main.js'),
      args: this.operatorArgs,
      kubeconfig: this.kubeconfig,
      log: this.log,
    })
  }

  /** @param root the folder that holds `dist/` and `demo/manifests/`. */
  static async open(root: string, openBackend: (namespace: string) => Promise<Backend>): Promise<Stage> {
    const google = await startGoogle({ clock })
    const backend = await openBackend(NAMESPACE)
    const kubeconfig = await backend.kubeconfig()
    const stage = new Stage(root, google, { backend, client: new Kubernetes(kubeconfig, NAMESPACE) })
    await rm(stage.folder, { recursive: true, force: true })
    await mkdir(stage.folder)
    await writeFile(stage.kubeconfig, kubeconfig, { mode: 0o600 })
    return stage
  }

  get kubeconfig(): string {
    return join(this.folder, 'kubeconfig')
  }

  get log(): string {
    return join(this.folder, 'operator.log')
  }

  /** A path as somebody in the project's folder would write it. */
  shown(path: string): string {
    return relative(this.#root, path)
  }

  /** Applies `demo/manifests`; answers what `kubectl` would say. */
  async applyManifests(): Promise<string[]> {
    const folder = join(this.#root, 'demo/manifests')
    const files = (await readdir(folder)).sort()
    const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))
    const lines: string[] = []
    for (const text of texts) lines.push(...(await this.#kubernetes.apply(text)))
    return lines
  }

  async applySecret({ name, values }: Secret): Promise<void> {
    const metadata = { name, namespace: NAMESPACE }
    await this.#kubernetes.applyObject({ apiVersion: 'v1', kind: 'Secret', metadata, ...{ stringData: values } })
  }

  table(...what: Parameters<Kubernetes['table']>): ReturnType<Kubernetes['table']> {
    return this.#kubernetes.table(...what)
  }

  /** Looks again: what follows answers from that. */
  refresh(): Promise<void> {
    return this.#kubernetes.refresh()
  }

  object(kind: string, name: string): Looked | undefined {
    return this.#kubernetes.object(kind, name)
  }

  condition(kind: string, name: string, type: string): Condition | undefined {
    return this.object(kind, name)?.status?.conditions?.find((one) => one.type === type)
  }

  /** A published document, read as a program in the cluster would. */
  busy(configMap: string): BusyDocument | undefined {
    const text = this.object('ConfigMap', configMap)?.data?.['busy.json']
    return text === undefined ? undefined : (JSON.parse(text) as BusyDocument)
  }

  /** Whether anything stands in the operator's log that must not. */
  async searchLog(): Promise<{ lines: number; leaks: string[] }> {
    const text = await readFile(this.log, 'utf8')
    const forbidden = [...this.furnished.confidential, 'ya29.', '@example.com', '%40example.com']
    return { lines: text.split('\n').length - 1, leaks: forbidden.filter((one) => text.includes(one)) }
  }

  /** Ends everything; the folder goes too, unless its log is still wanted. */
  async close({ keepLog = false } = {}): Promise<void> {
    await this.operator.stop()
    await this.#kubernetes.close()
    await Promise.all([this.google.close(), this.backend.stop()])
    await rm(keepLog ? this.kubeconfig : this.folder, { recursive: true, force: true })
  }
}
