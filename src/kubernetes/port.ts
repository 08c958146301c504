/**
 * What the rest of the program may ask of Kubernetes. Reconcilers see this file only; `cluster.ts` implements it over
 * HTTP. Reads of what is watched come from memory and cost nothing; everything that returns a promise is one request.
 */
import type { CustomObject, ObjectMeta, OwnerReference } from '../resources/types.ts'
import type { ObjectIn, StoreName } from './kinds.ts'
import { keyOf, type ConfigMap, type Key, type KubernetesObject, type Secret } from './objects.ts'

export { keyOf }
export type { ConfigMap, Key, KubernetesObject, ObjectMeta, OwnerReference, Secret }

/** A change that a store saw. `before` and `after` never differ in uid: a replaced object is deleted, then added. */
export interface WatchEvent<T> {
  before?: T
  after?: T
}

/** What one watch holds in memory: read-only, always as new as the last event or our own last write. */
export interface Store<T extends KubernetesObject> {
  get(key: Key): T | undefined
  list(): Iterable<T>
  /** The objects that the named index files under `value`. */
  byIndex(index: string, value: string): readonly T[]
  /** Calls back for every change from now on, and once for each object that is there already. Own writes are silent. */
  subscribe(listener: (change: WatchEvent<T>) => void): void
}

/** An Event about an object, sent on transitions only; repeats are aggregated. */
export interface EventRecord {
  regarding: KubernetesObject
  type: 'Normal' | 'Warning'
  /** A condition's reason. */
  reason: string
  /** What was being done, in the form of a verb: `Reconcile`, `Refresh`, `Revoke`. */
  action: string
  note: string
}

/** A store for each watched kind: `kinds.ts` says what each holds and how it is indexed. */
type Stores = { readonly [N in Exclude<StoreName, 'namespaces'>]: Store<ObjectIn<N>> }

export interface Cluster extends Stores {
  /** Undefined if the operator watches named namespaces only: then it may not read Namespaces. */
  readonly namespaces: Store<ObjectIn<'namespaces'>> | undefined

  /**
   * Watches one Secret by its name, wherever it is: metadata only. Calls back for every change, our own writes too, and once
   * if it is there already. Never fails; while it may not be watched nothing is told.
   */
  watchSecret(namespace: string, name: string, listener: (change: WatchEvent<KubernetesObject>) => void): void
  readSecret(namespace: string, name: string): Promise<Secret | undefined>
  readConfigMap(namespace: string, name: string): Promise<ConfigMap | undefined>
  /** Fails with `AlreadyExists`. */
  create<T extends KubernetesObject>(object: T): Promise<T>
  /**
   * A JSON merge patch (RFC 7386), for the version `object.metadata.resourceVersion` only, which is the one that it was
   * decided on. Fails with `Conflict` where that is no longer the current one, and with an `Error` where it is missing.
   */
  patch<T extends KubernetesObject>(object: T, patch: Record<string, unknown>): Promise<T>
  /**
   * Replaces the whole status, for that resourceVersion only, and answers it as it stands now. The caller compares first: this
   * always writes.
   */
  writeStatus(object: CustomObject, status: object): Promise<object | undefined>
  /** Deletes this very object (uid and resourceVersion are preconditions, the latter required). Already gone counts as done. */
  delete(object: KubernetesObject): Promise<void>
  /** Never fails and never waits: an Event is a courtesy. */
  recordEvent(event: EventRecord): void
}

/** Why the API server (or the way to it) refused, told apart by what a caller does about it. */
export type ApiFailure =
  'NotFound' | 'AlreadyExists' | 'Conflict' | 'Forbidden' | 'Invalid' | 'Gone' | 'TooLarge' | 'Unreachable' | 'Unknown'

/** A refused request. Its message is safe to log and to show: no body, no headers, no values. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly failure: ApiFailure
  readonly status: number | undefined
  readonly retryAfterMs: number | undefined
  /** One of many in an outage, which has its own line in the log. */
  isReported = false

  constructor(failure: ApiFailure, message: string, details: { status?: number; retryAfterMs?: number } = {}) {
    super(message)
    // It is expected, and its message says all: a trace of it in a log helps nobody.
    this.stack = undefined
    this.failure = failure
    this.status = details.status
    this.retryAfterMs = details.retryAfterMs
  }
}
