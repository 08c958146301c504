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
export interface RequestState {
  /** The last request that was served. */
  readonly handledRequest?: string
  /** When a request was last served, by the monotonic clock. */
  readonly servedAt?: number
}

/** The request that is to be served now, or in how many ms a waiting request is due. Empty if there is no request. */
export interface DueRequest {
  readonly request?: string
  readonly waitMs?: number
}

/** The request that is due, and the next state. */
interface RequestStep {
  readonly due: DueRequest
  readonly state: RequestState
}

type Requested = { metadata: Pick<ObjectMeta, 'annotations'>; status?: { lastHandledReconcileAt?: string } }

/** Takes the request of an object, if it is due. It counts as served from now on. */
export function takeRequest(clock: Clock, object: Requested, state: RequestState): RequestStep {
  if (!isRequested(object, state.handledRequest)) return { due: {}, state }
  const dueAt = (state.servedAt ?? -Infinity) + MIN_INTERVAL_MS
  if (!hasCome(clock, dueAt)) return { due: { waitMs: dueAt - clock.monotonic() }, state }
  return { due: { request: requestedAt(object) }, state: { ...state, servedAt: clock.monotonic() } }
}

/**
 * Returns what remains of a request after its reconcile. If its bypass has to wait for the client's next one, the request is served
 * again then.
 *
 * @param bypass the bypass of the reconcile; undefined if no request was served.
 * @param due what `takeRequest` returned.
 */
export function remainingRequest(
  bypass: { readonly retryInMs: number | undefined } | undefined,
  due: DueRequest,
  state: RequestState,
): RequestStep {
  const waitMs = bypass?.retryInMs
  return waitMs === undefined ? { due, state } : { due: { waitMs }, state: { ...state, servedAt: undefined } }
}

/** The request was served to the end: the status shows it from now on. */
export const withHandled = (state: RequestState, { request }: DueRequest): RequestState =>
  request === undefined ? state : { ...state, handledRequest: request }

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
