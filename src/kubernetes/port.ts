/**
 * Kubernetes as the other rooms use it. Reconcilers import only this file; `cluster.ts` implements it. Stores are read from memory
 * without a request; every method that returns a promise sends one request.
 */
import type { CustomObject, ObjectMeta, OwnerReference } from '../resources/types.ts'
import type { ObjectIn, StoreName } from './kinds.ts'
import { keyOf, type ConfigMap, type Key, type KubernetesObject, type Secret } from './objects.ts'

export { keyOf }
export type { ConfigMap, Key, KubernetesObject, ObjectMeta, OwnerReference, Secret }

/** A change of a stored object. `before` and `after` have the same uid: an object that was replaced is two events. */
export interface WatchEvent<T> {
  before?: T
  after?: T
}

/** The objects of one kind in memory, as of the last watch event or our own last write. Read-only. */
export interface Store<T extends KubernetesObject> {
  get(key: Key): T | undefined
  list(): Iterable<T>
  /** The objects that the named index finds under `value`. */
  byIndex(index: string, value: string): readonly T[]
  /** Calls `listener` for each object that is present, then for every change. Our own writes are not reported. */
  subscribe(listener: (change: WatchEvent<T>) => void): void
}

/** An Event about an object. Record Events on transitions only; repetitions are aggregated into a series. */
export interface EventRecord {
  regarding: KubernetesObject
  type: 'Normal' | 'Warning'
  /** A condition's reason. */
  reason: string
  /** The action as a verb: `Reconcile`, `Refresh`, `Revoke`. */
  action: string
  note: string
}

/** A store for each watched kind: `kinds.ts` says what each contains and how it is indexed. */
type Stores = { readonly [N in Exclude<StoreName, 'namespaces'>]: Store<ObjectIn<N>> }

/** The Kubernetes API as the other rooms use it: cached reads, and writes. */
export interface Cluster extends Stores {
  /** Undefined if the operator watches only named namespaces, because then it may not read Namespaces. */
  readonly namespaces: Store<ObjectIn<'namespaces'>> | undefined

  /**
   * Watches the metadata of one Secret, in any namespace. Calls `listener` once if it exists, then for every change, also for
   * our own writes. Never fails: while the API server refuses the watch, nothing is reported.
   */
  watchSecret(namespace: string, name: string, listener: (change: WatchEvent<KubernetesObject>) => void): void
  /**
   * Reads a Secret with its data; undefined if there is none.
   *
   * @param seen the version in the store, if that version is good enough: at a start it may have been read already, with others.
   * @throws ApiError
   */
  readSecret(namespace: string, name: string, seen?: string): Promise<Secret | undefined>
  /** Reads a ConfigMap with its data, likewise. @throws ApiError */
  readConfigMap(namespace: string, name: string, seen?: string): Promise<ConfigMap | undefined>
  /** Creates an object. @throws ApiError `AlreadyExists` */
  create<T extends KubernetesObject>(object: T): Promise<T>
  /**
   * Applies a JSON merge patch (RFC 7386) to the version `object.metadata.resourceVersion`, on which the patch was decided.
   *
   * @throws ApiError `Conflict` if that version is no longer the current one.
   * @throws Error if the version is missing.
   */
  patch<T extends KubernetesObject>(object: T, patch: Record<string, unknown>): Promise<T>
  /**
   * Replaces the whole status of that version, and returns the status as the API server stored it. It always writes: the
   * caller compares first.
   */
  writeStatus(object: CustomObject, status: object): Promise<object | undefined>
  /** Deletes this object in this version (uid and resourceVersion are preconditions). Succeeds if it is already gone. */
  delete(object: KubernetesObject): Promise<void>
  /** Records an Event, which may be dropped. Never fails and never waits. */
  recordEvent(event: EventRecord): void
}

/** Why a request failed, distinguished by what a caller can do about it. */
export type ApiFailure =
  'NotFound' | 'AlreadyExists' | 'Conflict' | 'Forbidden' | 'Invalid' | 'Gone' | 'TooLarge' | 'Unreachable' | 'Unknown'

/** A request that failed. Its message can be logged and shown: it contains no body, no headers and no values. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly failure: ApiFailure
  readonly status: number | undefined
  readonly retryAfterMs: number | undefined
  /** The request failed because of an outage that has its own log line. */
  isReported = false

  constructor(failure: ApiFailure, message: string, details: { status?: number; retryAfterMs?: number } = {}) {
    super(message)
    // The error is expected, and its message is complete: a stack trace in the log would not help.
    this.stack = undefined
    this.failure = failure
    this.status = details.status
    this.retryAfterMs = details.retryAfterMs
  }
}

/** Whether another client has written the same object, so that the decision was based on an old version. */
export const isConflict = (error: unknown): boolean => error instanceof ApiError && error.failure === 'Conflict'
