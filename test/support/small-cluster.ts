/**
 * A cluster in memory for tests of one module: objects with versions, conditional writes, and changes that a test makes between
 * a read and a write. It has no watches: a write is visible at once.
 */
import { isRecord } from '../../src/platform/json.ts'
import {
  ApiError,
  keyOf,
  type Cluster,
  type ConfigMap,
  type EventRecord,
  type KubernetesObject,
  type ObjectMeta,
  type Secret,
  type Store,
} from '../../src/kubernetes/port.ts'
import type { Agent, Booking, CalendarIntegration, CustomObject } from '../../src/resources/types.ts'

type Stored = Secret | ConfigMap

const base64 = (values: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Buffer.from(value).toString('base64')]))

export class SmallCluster {
  readonly objects = new Map<string, Stored>()
  readonly events: EventRecord[] = []
  /** Every write, as `patch Secret alice-google-grant`. */
  readonly writes: string[] = []
  /** Changes by others just before our next writes, once each. */
  meanwhile: (() => void)[] = []
  /** Refuses the next write of this object. */
  refuse: ((write: string) => ApiError | undefined) | undefined
  /** What a mutating admission webhook makes of each object that is written. */
  admit: ((object: Stored) => Stored) | undefined
  /** Refuses to read Secrets of this name. */
  refuseRead: ((name: string) => ApiError | undefined) | undefined
  agents: Agent[] = []
  integrations: CalendarIntegration[] = []
  bookings: Booking[] = []
  #version = 100

  /** Writes a whole Secret as somebody else. */
  secret(name: string, values: Record<string, string>, metadata: Partial<ObjectMeta> = {}): Secret {
    const secret: Secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: this.#metadata(name, metadata),
      data: base64(values),
    }
    this.objects.set(`Secret/booking/${name}`, secret)
    return secret
  }

  configMap(name: string, data: Record<string, string>, metadata: Partial<ObjectMeta> = {}): ConfigMap {
    const configMap: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: this.#metadata(name, metadata), data }
    this.objects.set(`ConfigMap/booking/${name}`, configMap)
    return configMap
  }

  get(kind: Stored['kind'], name: string): Stored | undefined {
    return this.objects.get(`${kind}/booking/${name}`)
  }

  /** The values of a Secret, as text. */
  text(name: string): Record<string, string> {
    const data = this.get('Secret', name)?.data ?? {}
    return Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]),
    )
  }

  #metadata(name: string, metadata: Partial<ObjectMeta>): ObjectMeta {
    return { namespace: 'booking', name, uid: `uid-of-${name}`, ...metadata, resourceVersion: this.#next() }
  }

  #next(): string {
    return String(++this.#version)
  }

  /** The port that a reconciler gets. */
  get cluster(): Cluster {
    return {
      agents: this.#specs(() => this.agents),
      integrations: this.#specs(() => this.integrations),
      bookings: this.#specs(() => this.bookings),
      secrets: this.#store('Secret'),
      configMaps: this.#store('ConfigMap'),
      namespaces: undefined,
      watchSecret: () => undefined,
      readSecret: (namespace, name) => this.#read<Secret>(`Secret/${namespace}/${name}`),
      readConfigMap: (namespace, name) => this.#read<ConfigMap>(`ConfigMap/${namespace}/${name}`),
      create: (object) => this.#create(object),
      patch: (object, patch) => this.#patch(object, patch),
      writeStatus: () => Promise.resolve(undefined),
      delete: (object) => this.#delete(object),
      recordEvent: (event: EventRecord) => void this.events.push(event),
    }
  }

  async #read<T extends Stored>(key: string): Promise<T | undefined> {
    const refusal = this.refuseRead?.(key.slice(key.lastIndexOf('/') + 1))
    if (refusal) throw refusal
    return Promise.resolve(structuredClone(this.objects.get(key) as T | undefined))
  }

  /** An object as the watches show it: metadata only, and ConfigMaps only with our label. */
  #store(kind: Stored['kind']): Store<KubernetesObject> {
    const seen = (): KubernetesObject[] =>
      [...this.objects.values()]
        .filter((object) => object.kind === kind)
        .filter(({ metadata }) => kind === 'Secret' || metadata.labels?.['app.kubernetes.io/managed-by'] !== undefined)
        .map(({ apiVersion, metadata }) => ({ apiVersion, kind, metadata: structuredClone(metadata) }))
    return {
      get: (key) => seen().find((object) => keyOf(object) === key),
      list: seen,
      byIndex: (_, key) =>
        seen().filter(({ metadata: { namespace = '', ownerReferences = [] } }) =>
          ownerReferences.some(({ controller, uid }) => controller && `${namespace}/${uid}` === key),
        ),
      subscribe: () => undefined,
    }
  }

  /** Of the operator's own kinds: `by` answers all that mention the name of the key anywhere in their specs. */
  #specs<T extends CustomObject>(list: () => T[]): Store<T> {
    const names = (object: T, key: string): boolean => {
      const [namespace, name = ''] = key.split('/')
      const mentioned = JSON.stringify(object.spec).includes(JSON.stringify(name))
      return object.metadata.namespace === namespace && (mentioned || `${object.metadata.name}-google-grant` === name)
    }
    return {
      get: (key) => list().find((object) => keyOf(object) === key),
      list,
      byIndex: (_, key) => list().filter((object) => names(object, key)),
      subscribe: () => undefined,
    }
  }

  #before(write: string): void {
    this.meanwhile.shift()?.()
    const refusal = this.refuse?.(write)
    if (refusal) throw refusal
    this.writes.push(write)
  }

  async #create<T extends KubernetesObject>(object: T): Promise<T> {
    await Promise.resolve()
    const { kind, metadata } = object
    this.#before(`create ${kind} ${metadata.name}`)
    const key = `${kind}/${keyOf(object)}`
    if (this.objects.has(key)) throw new ApiError('AlreadyExists', 'AlreadyExists')
    const created = structuredClone(object) as unknown as Stored
    created.metadata = { ...created.metadata, uid: `uid-of-${metadata.name}`, resourceVersion: this.#next() }
    const admitted = this.admit?.(created) ?? created
    this.objects.set(key, admitted)
    return structuredClone(admitted) as unknown as T
  }

  async #patch<T extends KubernetesObject>(object: T, patch: Record<string, unknown>): Promise<T> {
    await Promise.resolve()
    const { kind, metadata } = object
    if (!metadata.resourceVersion) throw new Error('a write names no resourceVersion')
    this.#before(`patch ${kind} ${metadata.name}`)
    const key = `${kind}/${keyOf(object)}`
    const known = this.objects.get(key)
    if (!known) throw new ApiError('NotFound', 'NotFound')
    if (known.metadata.resourceVersion !== metadata.resourceVersion) throw new ApiError('Conflict', 'Conflict')
    const patched = merge(known, patch) as Stored
    const merged = this.admit?.(patched) ?? patched
    refuseDoubleKeys(merged)
    merged.metadata.resourceVersion = this.#next()
    this.objects.set(key, merged)
    return structuredClone(merged) as unknown as T
  }

  async #delete(object: KubernetesObject): Promise<void> {
    await Promise.resolve()
    this.#before(`delete ${object.kind} ${object.metadata.name}`)
    this.objects.delete(`${object.kind}/${keyOf(object)}`)
  }
}

/** As the API server does it. */
function refuseDoubleKeys(object: Stored): void {
  const texts = Object.keys(object.data ?? {})
  const double = texts.find((key) => 'binaryData' in object && key in (object.binaryData ?? {}))
  if (double !== undefined)
    throw new ApiError('Invalid', `data[${double}]: Invalid value: duplicate of key present in binaryData`)
}

/** RFC 7386. */
function merge(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch
  const merged = isRecord(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(merged, key)
    else if (value !== undefined) merged[key] = merge(merged[key], value)
  }
  return merged
}
