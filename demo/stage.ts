/** Everything that the story needs to run: both halves of the sandbox, the operator's process, and the folder between them. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { Agent, request } from 'undici'
import { startGoogle, type SimulatedGoogle } from '../sandbox/google/google.ts'
import { startKubernetes, type SandboxKubernetes } from '../sandbox/kubernetes/server.ts'
import { crds } from '../src/resources/generated/crds.ts'
import type { AgentStatus, CalendarIntegrationStatus, Condition, ObjectMeta } from '../src/resources/types.ts'
import { furnish, type Furnished, type Secret } from './people.ts'
import { OperatorProcess } from './operator-process.ts'
import type { Table } from './table.ts'

export const NAMESPACE = 'booking'

export interface BusyDocument {
  syncedAt: string
  busy: { start: string; end: string }[]
}

type Status = AgentStatus | CalendarIntegrationStatus

interface Looked {
  metadata: ObjectMeta
  status?: Status
  data?: Record<string, string>
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
  readonly kubernetes: SandboxKubernetes
  readonly operator: OperatorProcess
  readonly operatorArgs: readonly string[]
  readonly furnished: Furnished
  readonly folder: string
  readonly #http: Agent
  readonly #root: string

  private constructor(root: string, google: SimulatedGoogle, kubernetes: SandboxKubernetes) {
    this.#root = root
    this.google = google
    this.kubernetes = kubernetes
    this.folder = join(root, '.demo')
    this.furnished = furnish(google, clock.now())
    this.#http = new Agent({ connect: { ca: kubernetes.caCertificate } })
    this.operatorArgs = [
      'run',
      ...['accounts', 'oauth', 'api'].map((part) => `--google-${part}-url=${google.url}`),
      '--metrics-bind-address=127.0.0.1:0',
    ]
    this.operator = new OperatorProcess({
      program: join(root, 'dist/main.js'),
      args: this.operatorArgs,
      kubeconfig: this.kubeconfig,
      log: this.log,
    })
  }

  /** @param root the folder that holds `dist/` and `demo/manifests/`. */
  static async open(root: string): Promise<Stage> {
    const google = await startGoogle({ clock })
    const kubernetes = await startKubernetes({ clock, crds })
    const stage = new Stage(root, google, kubernetes)
    await rm(stage.folder, { recursive: true, force: true })
    await mkdir(stage.folder)
    await writeFile(stage.kubeconfig, kubernetes.kubeconfig({ namespace: NAMESPACE }), { mode: 0o600 })
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
    return texts
      .flatMap((text) => this.kubernetes.apply(text))
      .map(({ apiVersion, kind, metadata }) => {
        const group = apiVersion.includes('/') ? `.${dirname(apiVersion)}` : ''
        return `${kind.toLowerCase()}${group}/${metadata.name} created`
      })
  }

  applySecret({ name, values }: Secret): void {
    const metadata = { name, namespace: NAMESPACE }
    this.kubernetes.apply({ apiVersion: 'v1', kind: 'Secret', metadata, stringData: values })
  }

  /** What `kubectl get` gets: a Table, over HTTPS. `what` may end in a query. */
  async table(what: string, api = 'apis/calendar-operator.io/v1alpha1'): Promise<Table> {
    const { body, statusCode } = await request(`${this.kubernetes.url}/${api}/namespaces/${NAMESPACE}/${what}`, {
      dispatcher: this.#http,
      headers: {
        accept: 'application/json;as=Table;g=meta.k8s.io;v=v1',
        authorization: `Bearer ${this.kubernetes.token()}`,
      },
    })
    if (statusCode !== 200) throw new Error(`the table of ${what} was refused: ${await body.text()}`)
    return (await body.json()) as Table
  }

  object(kind: string, name: string): Looked | undefined {
    return this.kubernetes.get(kind, NAMESPACE, name)
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
    await Promise.all([this.google.close(), this.kubernetes.stop(), this.#http.destroy()])
    await rm(keepLog ? this.kubeconfig : this.folder, { recursive: true, force: true })
  }
}
