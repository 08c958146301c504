/**
 * The demo's client of Kubernetes. It uses HTTPS only, so that the steps are the same on the sandbox and on a real
 * kube-apiserver. What differs between them (the kubeconfig, and the record of requests) is a `Backend`.
 */
import { Agent, request } from 'undici'
import { parse, parseAllDocuments } from 'yaml'
import type { AgentStatus, BookingStatus, CalendarIntegrationStatus, ObjectMeta } from '../src/resources/types.ts'
import type { Table } from './table.ts'

/** How many requests of one verb and resource there were. */
export interface RequestCount {
  /** The verb, as RBAC names it. */
  verb: string
  resource: string
  count: number
}

/** A Kubernetes API that the demo can run on. */
export interface Backend {
  /** The name in the demo's text: "a small Kubernetes API". */
  readonly name: string
  /** The text of a kubeconfig of an administrator. */
  kubeconfig(): Promise<string>
  /** The requests of this program since the last reset. */
  requests(userAgent: string): RequestCount[]
  resetRequests(): void
  stop(): Promise<void>
}

/** The parts of an object that the demo reads. */
export interface ObservedObject {
  kind?: string
  metadata: ObjectMeta
  status?: AgentStatus | CalendarIntegrationStatus | BookingStatus
  data?: Record<string, string>
}

interface Manifest {
  apiVersion: string
  kind: string
  metadata: { name: string; namespace?: string }
}

/** What `kubectl` prints for an object that was applied. */
export type Applied = 'created' | 'configured'

interface Answer {
  status: number
  body: unknown
}

interface Kubeconfig {
  clusters: { cluster: { server: string; 'certificate-authority-data': string } }[]
  users: { user: { token?: string; 'client-certificate-data'?: string; 'client-key-data'?: string } }[]
}

const OURS = 'apis/calendar-operator.io/v1alpha1'
const PLACES: Record<string, string> = {
  Namespace: 'api/v1/namespaces',
  Secret: 'secrets',
  ConfigMap: 'configmaps',
  CalendarIntegration: 'calendarintegrations',
  Agent: 'agents',
  Booking: 'bookings',
}
const OUR_KINDS = ['CalendarIntegration', 'Agent', 'Booking']
/** Agents and Bookings last: after a new status, everything that was written before it can be read. */
const MIRRORED = ['Secret', 'ConfigMap', 'CalendarIntegration', 'Agent', 'Booking']
const TABLE = 'application/json;as=Table;g=meta.k8s.io;v=v1'

/** The demo's client of Kubernetes. */
export class Kubernetes {
  readonly #server: string
  readonly #http: Agent
  readonly #token: string | undefined
  readonly #authority: string
  readonly #namespace: string
  #seen = new Map<string, ObservedObject>()

  constructor(kubeconfig: string, namespace: string) {
    const { clusters, users } = parse(kubeconfig) as Kubeconfig
    const [{ cluster }, { user }] = [clusters[0], users[0]] as [Kubeconfig['clusters'][0], Kubeconfig['users'][0]]
    const text = (base64?: string) => (base64 === undefined ? undefined : Buffer.from(base64, 'base64').toString())
    this.#server = cluster.server
    this.#token = user.token
    this.#namespace = namespace
    const [ca, cert, key] = [
      cluster['certificate-authority-data'],
      user['client-certificate-data'],
      user['client-key-data'],
    ].map(text)
    this.#authority = ca ?? ''
    this.#http = new Agent({ connect: { ca, cert, key } })
  }

  /** What a program in the cluster gets of this API; undefined where the kubeconfig has no token. */
  get access(): { server: string; authority: string; token: string } | undefined {
    if (this.#token === undefined) return undefined
    return { server: this.#server, authority: this.#authority, token: this.#token }
  }

  /** Creates or changes the objects of a YAML text; returns what `kubectl` would print. */
  async apply(text: string): Promise<string[]> {
    const lines: string[] = []
    for (const manifest of manifestsIn(text)) lines.push(`${nameOf(manifest)} ${await this.applyObject(manifest)}`)
    return lines
  }

  /** Deletes the objects of a YAML text; returns what `kubectl` would print. */
  async delete(text: string): Promise<string[]> {
    const lines: string[] = []
    for (const manifest of manifestsIn(text)) {
      const { kind, metadata } = manifest
      const answer = await this.#send('DELETE', `${this.#path(kind)}/${metadata.name}`)
      if (answer.status >= 300) throw new Error(`${kind} ${metadata.name} was not deleted: ${messageOf(answer)}`)
      lines.push(`${nameOf(manifest).replace('/', ' "')}" deleted`)
    }
    return lines
  }

  async applyObject(manifest: Manifest & object): Promise<Applied> {
    const path = this.#path(manifest.kind)
    const created = await this.#send('POST', path, { body: manifest })
    if (created.status === 201) return 'created'
    const { kind, metadata } = manifest
    if (created.status !== 409) throw new Error(`${kind} ${metadata.name} was refused: ${messageOf(created)}`)
    const patched = await this.#send('PATCH', `${path}/${metadata.name}`, { body: manifest })
    if (patched.status !== 200) throw new Error(`${kind} ${metadata.name} was refused: ${messageOf(patched)}`)
    return 'configured'
  }

  /** The table that `kubectl get` shows. `what` may end in a query. */
  async table(what: string, api = OURS): Promise<Table> {
    const answer = await this.#send('GET', `${api}/namespaces/${this.#namespace}/${what}`, { accept: TABLE })
    if (answer.status !== 200) throw new Error(`the table of ${what} was refused: ${messageOf(answer)}`)
    return answer.body as Table
  }

  /** Reads all objects of the demo's kinds. `object` returns what was read last. */
  async refresh(): Promise<void> {
    const seen = new Map<string, ObservedObject>()
    for (const kind of MIRRORED) {
      const { status, body } = await this.#send('GET', this.#path(kind))
      if (status !== 200) continue
      for (const item of (body as { items: ObservedObject[] }).items) seen.set(`${kind}/${item.metadata.name}`, item)
    }
    this.#seen = seen
  }

  object(kind: string, name: string): ObservedObject | undefined {
    return this.#seen.get(`${kind}/${name}`)
  }

  async close(): Promise<void> {
    await this.#http.destroy()
  }

  #path(kind: string): string {
    const place = PLACES[kind] ?? ''
    if (place.includes('/')) return place
    const api = OUR_KINDS.includes(kind) ? OURS : 'api/v1'
    return `${api}/namespaces/${this.#namespace}/${place}`
  }

  async #send(
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    options: { body?: object; accept?: string } = {},
  ) {
    const { statusCode, body } = await request(`${this.#server}/${path}`, {
      dispatcher: this.#http,
      method,
      headers: {
        accept: options.accept ?? 'application/json',
        'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
        ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
      },
      body: options.body && JSON.stringify(options.body),
    })
    return { status: statusCode, body: await body.json() } satisfies Answer
  }
}

const manifestsIn = (text: string): Manifest[] => parseAllDocuments(text).map((document) => document.toJS() as Manifest)

/** As `kubectl` names an object: `agent.calendar-operator.io/alice`. */
function nameOf({ apiVersion, kind, metadata }: Manifest): string {
  const group = apiVersion.includes('/') ? `.${apiVersion.split('/')[0] ?? ''}` : ''
  return `${kind.toLowerCase()}${group}/${metadata.name}`
}

const messageOf = ({ status, body }: Answer): string =>
  `${status} ${(body as { message?: string } | null)?.message ?? ''}`
