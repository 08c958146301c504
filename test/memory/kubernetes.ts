/**
 * The API server in memory, behind the dispatcher that our client sends with: objects by path, versions, merge patches, the
 * status apart. Every status that is written is judged: by our CRD's own schema, and by the rules of kstatus.
 */
import { Ajv, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import type { Dispatcher } from 'undici'
import type { Connection } from '../../src/kubernetes/connection.ts'
import type { KubernetesObject } from '../../src/kubernetes/port.ts'
import { crds } from '../../src/resources/generated/crds.ts'
import { mergePatch } from '../../sandbox/kubernetes/storage/patches.ts'
import { statusProblems } from '../support/kstatus.ts'
import { MemoryDispatcher } from './network.ts'

export type Stored = KubernetesObject & { spec?: unknown; status?: unknown; data?: Record<string, string> }

const ORIGIN = 'http://kubernetes.memory'

export class MemoryKubernetes {
  readonly connection: Connection
  /** By path: `/api/v1/namespaces/booking/secrets/alice-grant`. */
  readonly objects = new Map<string, Stored>()
  readonly problems: string[] = []
  /** Answers instead of the API server, if it returns something. */
  refuse: (method: string, path: string) => [status: number, body: object] | undefined = () => undefined
  /** Statuses, Events and public objects, as text: what may not hold a secret. */
  readonly shown: string[] = []
  /** Bodies of Events, as text. */
  readonly events: string[] = []
  #version = 1

  constructor() {
    const dispatcher = new MemoryDispatcher(({ method, path, body }) => {
      const given = typeof body === 'string' ? (JSON.parse(body) as object) : {}
      return this.refuse(method, path) ?? this.#handle(method, path, given)
    })
    this.connection = {
      origin: ORIGIN,
      basePath: '',
      namespace: 'booking',
      access: async () => ({ dispatcher: dispatcher as unknown as Dispatcher, headers: {} }),
      renew: () => undefined,
      close: async () => undefined,
    }
  }

  /** By a user's hand. Answers the object as it is stored. */
  put(object: Stored): Stored {
    const path = pathOf(object)
    const known = this.objects.get(path)
    const uid = object.metadata.uid ?? `uid-${path}`
    const metadata = { ...object.metadata, uid: known?.metadata.uid ?? uid, generation: nextGeneration(known, object) }
    return this.#store(path, { ...object, status: known?.status ?? object.status, metadata })
  }

  remove(object: Stored): void {
    this.objects.delete(pathOf(object))
  }

  find(kind: string, name: string, namespace = 'booking'): Stored | undefined {
    return this.objects.get(pathOf({ apiVersion: VERSIONS[kind] ?? 'v1', kind, metadata: { name, namespace } }))
  }

  #store(path: string, object: Stored): Stored {
    const creationTimestamp = object.metadata.creationTimestamp ?? '2026-11-23T10:00:00Z'
    const metadata = { ...object.metadata, resourceVersion: String(++this.#version), creationTimestamp }
    const stored = { ...object, metadata } as Stored
    this.objects.set(path, stored)
    return stored
  }

  #handle(method: string, fullPath: string, body: object): [status: number, body: object] {
    const path = fullPath.split('?')[0] ?? ''
    if (path.includes('/events')) return this.#event(body)
    if (method === 'POST') return this.#create(path, body as Stored)
    const status = path.endsWith('/status')
    const object = status ? path.slice(0, -'/status'.length) : path
    const known = this.objects.get(object)
    if (!known && method === 'GET') return this.#list(object, fullPath)
    if (!known) return refusal(404, 'NotFound')
    if (method === 'GET') return [200, known]
    if (method === 'DELETE') {
      this.objects.delete(object)
      return [200, { kind: 'Status', metadata: {} }]
    }
    return this.#patch(object, { known, patch: body, status })
  }

  /** The collection of that path, or nothing. */
  #list(path: string, fullPath: string): [number, object] {
    if (!/(secrets|configmaps|agents|bookings|calendarintegrations|namespaces)$/.test(path))
      return refusal(404, 'NotFound')
    const [key, value] = (new URL(fullPath, ORIGIN).searchParams.get('labelSelector') ?? '').split('=')
    const below = [...this.objects].filter(([other]) => collectionOf(other).endsWith(path.slice(path.lastIndexOf('/'))))
    const items = below.map(([, object]) => object)
    const found = key ? items.filter(({ metadata }) => metadata.labels?.[key] === value) : items
    return [200, { kind: 'List', metadata: { resourceVersion: String(this.#version) }, items: found }]
  }

  #event(body: object): [number, object] {
    const text = JSON.stringify(body)
    this.events.push(text)
    this.shown.push(text)
    return [201, body]
  }

  #create(collection: string, object: Stored): [number, object] {
    const path = `${collection}/${object.metadata.name}`
    if (this.objects.has(path)) return refusal(409, 'AlreadyExists')
    const metadata = { ...object.metadata, uid: `uid-${path}`, generation: 1 }
    return [201, this.#show(this.#store(path, { ...object, metadata }))]
  }

  #patch(path: string, { known, patch, status }: { known: Stored; patch: object; status: boolean }): [number, object] {
    const version = (patch as Partial<Stored>).metadata?.resourceVersion
    if (version !== undefined && version !== known.metadata.resourceVersion) return refusal(409, 'Conflict')
    const merged = mergePatch(known, patch) as Stored
    merged.metadata.resourceVersion = known.metadata.resourceVersion
    const next = status ? { ...known, status: merged.status } : { ...merged, status: known.status }
    if (same(next, known)) return [200, known]
    if (status && !this.#judge(next)) return refusal(422, 'Invalid')
    const changed = !same(next.spec, known.spec)
    const metadata = { ...next.metadata, generation: (known.metadata.generation ?? 1) + (changed ? 1 : 0) }
    return [200, this.#show(this.#store(path, { ...next, metadata }))]
  }

  /** Whether the API server would take that status. */
  #judge(object: Stored): boolean {
    const { kind, metadata } = object
    const check = SCHEMAS[kind]
    const refused = check && !check(object.status)
    if (refused) {
      const first = check.errors?.[0]
      this.problems.push(
        `the schema refuses the status of ${kind} ${metadata.name}: ${first?.instancePath} ${first?.message}`,
      )
    }
    const broken = statusProblems(object as never)
    this.problems.push(...broken.map((problem) => `${kind} ${metadata.name}: ${problem}`))
    return !refused
  }

  #show(object: Stored): Stored {
    if (object.kind !== 'Secret') this.shown.push(JSON.stringify([object.status, object.data]))
    return object
  }
}

const VERSIONS: Record<string, string> = {
  Agent: 'calendar-operator.io/v1alpha1',
  CalendarIntegration: 'calendar-operator.io/v1alpha1',
}

export function pathOf({ apiVersion, kind, metadata }: KubernetesObject): string {
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  const place = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`
  return `${group}${place}/${kind.toLowerCase()}s/${metadata.name}`
}

/** A deletion that finalizers hold up is a generation of its own. */
const nextGeneration = (known: Stored | undefined, { metadata, spec }: Stored): number => {
  if (!known) return 1
  const isDeleted = metadata.deletionTimestamp !== undefined && known.metadata.deletionTimestamp === undefined
  return (known.metadata.generation ?? 0) + (same(known.spec, spec) ? 0 : 1) + (isDeleted ? 1 : 0)
}

const collectionOf = (path: string): string => path.slice(0, path.lastIndexOf('/'))

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)

export const refusal = (code: number, reason: string): [number, object] => [
  code,
  { kind: 'Status', metadata: {}, status: 'Failure', reason, code, message: reason },
]

interface Definition {
  spec: {
    names: { kind: string }
    versions: { schema: { openAPIV3Schema: { properties: { status: object } } } }[]
  }
}

const SCHEMAS: Record<string, ValidateFunction | undefined> = Object.fromEntries(
  (crds as readonly unknown[] as readonly Definition[]).map(({ spec }) => {
    const ajv = new Ajv({ strict: false, logger: false, validateFormats: true })
    addFormats.default(ajv)
    const schema = closed(spec.versions[0]!.schema.openAPIV3Schema.properties.status)
    return [spec.names.kind, ajv.compile(schema as object)]
  }),
)

/** What the schema does not name would be pruned: it must not be sent. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed)
  if (typeof schema !== 'object' || schema === null) return schema
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]))
  return 'properties' in copy && copy.type === 'object' ? { ...copy, additionalProperties: false } : copy
}
