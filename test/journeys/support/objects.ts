/** What a user does in a journey: applies, reads, patches and deletes objects over the API, as `kubectl` does. */
import type { SandboxKubernetes } from '../../../sandbox/kubernetes/server.ts'
import type { Body, Client } from '../../contract/client.ts'
import type { WatchDelivery, Written } from '../../support/watch-delivery.ts'

const PATHS: Record<string, { base: string; plural: string; namespaced: boolean }> = {
  Namespace: { base: '/api/v1', plural: 'namespaces', namespaced: false },
  Secret: { base: '/api/v1', plural: 'secrets', namespaced: true },
  ConfigMap: { base: '/api/v1', plural: 'configmaps', namespaced: true },
  Event: { base: '/apis/events.k8s.io/v1', plural: 'events', namespaced: true },
  Lease: { base: '/apis/coordination.k8s.io/v1', plural: 'leases', namespaced: true },
  Agent: { base: '/apis/calendar-operator.io/v1alpha1', plural: 'agents', namespaced: true },
  Booking: { base: '/apis/calendar-operator.io/v1alpha1', plural: 'bookings', namespaced: true },
  CalendarIntegration: {
    base: '/apis/calendar-operator.io/v1alpha1',
    plural: 'calendarintegrations',
    namespaced: true,
  },
}

/** A kind with its group, as the sandbox takes it without HTTP: two groups serve Events. */
function inGroup(kind: string): string {
  const [, , group = ''] = /^\/(apis\/([^/]+)|api)\//.exec(PATHS[kind]!.base) ?? []
  return group === '' ? kind : `${kind}.${group}`
}

interface Options {
  /** The server behind `api` if it runs in this process: reading its store costs less than a request over TLS. */
  sandbox?: Pick<SandboxKubernetes, 'get' | 'list'> | undefined
  /** The watches of this process: each write waits until they have delivered it. */
  delivery?: WatchDelivery | undefined
}

export class Objects {
  readonly #api: Client
  readonly #namespace: string
  readonly #sandbox: Options['sandbox']
  readonly #delivery: Options['delivery']
  /** The objects that were read since the last `delivered`, by their paths. */
  readonly #seen = new Map<string, Written>()

  constructor(api: Client, namespace: string, { sandbox, delivery }: Options = {}) {
    this.#api = api
    this.#namespace = namespace
    this.#sandbox = sandbox
    this.#delivery = delivery
  }

  #path(kind: string, name?: string, namespace = this.#namespace): string {
    const { base, plural, namespaced } = PATHS[kind]!
    return `${base}${namespaced ? `/namespaces/${namespace}` : ''}/${plural}${name === undefined ? '' : `/${name}`}`
  }

  /** Creates an object, or merges it into the existing one. @throws Error if the API refuses. */
  async apply(object: {
    apiVersion: string
    kind: string
    metadata: { name: string; namespace?: string }
  }): Promise<Body> {
    const { kind, metadata } = object
    const namespace = metadata.namespace ?? this.#namespace
    const created = await this.#api.request('POST', this.#path(kind, undefined, namespace), object)
    if (created.status < 300) return this.#written(kind, created.body)
    if (created.status !== 409) throw new Error(`${kind} ${metadata.name} was refused: ${created.text}`)
    return this.patch(kind, metadata.name, object, namespace)
  }

  async patch(kind: string, name: string, patch: object, namespace?: string): Promise<Body> {
    const headers = { 'content-type': 'application/merge-patch+json' }
    const answer = await this.#api.request('PATCH', this.#path(kind, name, namespace), patch, headers)
    if (answer.status >= 300) throw new Error(`the patch of ${kind} ${name} was refused: ${answer.text}`)
    return this.#written(kind, answer.body)
  }

  /** Reads an object. @throws Error if there is none. */
  async get(kind: string, name: string, namespace?: string): Promise<Body> {
    const found = await this.find(kind, name, namespace)
    if (!found) throw new Error(`there is no ${kind} ${name}`)
    return found
  }

  async find(kind: string, name: string, namespace?: string): Promise<Body | undefined> {
    if (this.#sandbox) return this.#sandbox.get(inGroup(kind), namespace ?? this.#namespace, name) as Body | undefined
    const answer = await this.#api.request('GET', this.#path(kind, name, namespace))
    if (answer.status === 404) return undefined
    if (answer.status >= 300) throw new Error(`reading ${kind} ${name} failed: ${answer.text}`)
    return this.#see(kind, answer.body)
  }

  async list(kind: string, namespace?: string): Promise<Body[]> {
    if (this.#sandbox) return this.#sandbox.list(inGroup(kind), namespace ?? this.#namespace) as unknown as Body[]
    const { body } = await this.#api.request('GET', this.#path(kind, undefined, namespace))
    return (body.items ?? []).map((object) => this.#see(kind, object))
  }

  /** Lists objects. @throws Error if the API server does not answer. */
  async listAll(kind: string, namespace?: string): Promise<Body[]> {
    const answer = await this.#api.request('GET', this.#path(kind, undefined, namespace))
    if (answer.status >= 300) throw new Error(`listing ${kind} failed: ${answer.text}`)
    return answer.body.items ?? []
  }

  /** The cells that `kubectl get -o wide` shows for an object, by column. */
  async columns(kind: string, name: string): Promise<Record<string, unknown>> {
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io'
    const { body } = await this.#api.request('GET', this.#path(kind, name), undefined, { accept })
    const cells = body.rows?.[0]?.cells ?? []
    return Object.fromEntries((body.columnDefinitions ?? []).map((column, index) => [column.name, cells[index]]))
  }

  async delete(kind: string, name: string, namespace?: string): Promise<void> {
    const untilDeleted = this.#delivery?.deleting(this.#path(kind, undefined, namespace), { name })
    const { status, body } = await this.#api.request('DELETE', this.#path(kind, name, namespace))
    if (status >= 300) return
    // An object with finalizers is changed, and not deleted yet.
    if (body.kind !== 'Status') await this.#written(kind, body)
    else if (body.details?.uid !== undefined) await untilDeleted?.(body.details.uid)
  }

  /** Resolves when the watches of this process have delivered every object that was read before, in that version. */
  async delivered(): Promise<void> {
    const seen = [...this.#seen.values()]
    this.#seen.clear()
    for (const object of seen) await this.#delivery?.written(object)
  }

  async #written(kind: string, object: Body): Promise<Body> {
    await this.#delivery?.written(this.#versionOf(kind, object))
    return object
  }

  #see(kind: string, object: Body): Body {
    const { namespace, name } = object.metadata
    if (this.#delivery) this.#seen.set(this.#path(kind, name, namespace), this.#versionOf(kind, object))
    return object
  }

  #versionOf(kind: string, { metadata }: Body): Written {
    return { collection: this.#path(kind, undefined, metadata.namespace), metadata }
  }

  /** Writes a Secret with these values as text. */
  secret(name: string, values: Record<string, string>, namespace?: string): Promise<Body> {
    const data = Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')])
    const metadata = { name, ...(namespace === undefined ? {} : { namespace }) }
    return this.apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata,
      data: Object.fromEntries(data) as Record<string, string>,
    } as never)
  }

  /** The values of a Secret, as text. */
  async secretText(name: string): Promise<Record<string, string>> {
    const { data = {} } = await this.get('Secret', name)
    return Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]),
    )
  }

  /** Deletes what a journey left behind, despite finalizers. */
  async deleteAll(namespace?: string): Promise<void> {
    for (const kind of ['Booking', 'Agent', 'CalendarIntegration']) {
      for (const { metadata } of await this.list(kind, namespace)) {
        if (metadata.finalizers) await this.patch(kind, metadata.name, { metadata: { finalizers: null } }, namespace)
        await this.delete(kind, metadata.name, namespace)
      }
    }
  }
}
