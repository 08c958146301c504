/**
 * Reconciles that somebody requests by annotation. A request is served at once, unless the object has served one recently; then it
 * waits. However often the annotation is written, an object serves one request in ten seconds.
 */
import { hasCome, type Clock } from '../platform/clock.ts'
import { clean } from '../platform/scrub.ts'
import { FLUX_REQUESTED_AT, REQUESTED_AT } from './names.ts'
import type { ObjectMeta } from './types.ts'

const MIN_INTERVAL_MS = 10_000

/** The requests of one object that were served. */
export interface RequestMemory {
  /** The last request that was served. */
  handledRequest?: string
  /** When a request was last served, by the monotonic clock. */
  servedAt?: number
}

/** The request that is to be served now, or in how many ms a waiting request is due. Empty if there is no request. */
export interface DueRequest {
  request?: string
  waitMs?: number
}

type Requested = { metadata: Pick<ObjectMeta, 'annotations'>; status?: { lastHandledReconcileAt?: string } }

/** Takes the request of an object, if it is due, and records that it is served. */
export function takeRequest(clock: Clock, object: Requested, memory: RequestMemory): DueRequest {
  if (!isRequested(object, memory.handledRequest)) return {}
  const dueAt = (memory.servedAt ?? -Infinity) + MIN_INTERVAL_MS
  if (!hasCome(clock, dueAt)) return { waitMs: dueAt - clock.monotonic() }
  memory.servedAt = clock.monotonic()
  return { request: requestedAt(object) }
}

/**
 * Returns what remains of a request after its reconcile. If its bypass has to wait for the client's next one, the request is served
 * again then.
 *
 * @param bypass the bypass of the reconcile.
 * @param request what `takeRequest` returned.
 * @param memory forgets in that case that the request was served.
 */
export function remainingRequest(
  bypass: { readonly retryInMs: number | undefined },
  request: DueRequest,
  memory: RequestMemory,
): DueRequest {
  const waitMs = bypass.retryInMs
  if (waitMs === undefined) return request
  memory.servedAt = undefined
  return { waitMs }
}

/**
 * Whether somebody requested a reconcile that has not been served yet.
 *
 * @param handled the request that was served last, because the status may not show it yet.
 */
export function isRequested(object: Requested, handled: string | undefined): boolean {
  const request = requestedAt(object)
  const answered = truncated(object.status?.lastHandledReconcileAt)
  return request !== undefined && request !== answered && request !== handled
}

/**
 * The value of the annotation that requests a reconcile, ours or Flux's. If both are set, the later one counts (by time if both are
 * times, otherwise as text), so that the result is stable. It is cleaned and truncated, because it is copied into the status.
 */
export function requestedAt(object: { metadata: Pick<ObjectMeta, 'annotations'> }): string | undefined {
  return truncated(laterRequest(object))
}

/** Requests are truncated to 64 characters before they are compared or written into the status. */
const truncated = (value: string | undefined): string | undefined =>
  value === undefined ? undefined : clean(value, 64, '')

function laterRequest(object: { metadata: Pick<ObjectMeta, 'annotations'> }): string | undefined {
  const ours = object.metadata.annotations?.[REQUESTED_AT]
  const theirs = object.metadata.annotations?.[FLUX_REQUESTED_AT]
  if (!ours || !theirs) return [ours, theirs].find(Boolean)
  const [one, other] = [Date.parse(ours), Date.parse(theirs)]
  const oursIsLater = Number.isNaN(one) || Number.isNaN(other) || one === other ? ours >= theirs : one > other
  return oursIsLater ? ours : theirs
}
