/**
 * Reconciles that somebody requests by annotation. A request is served at once, unless the same object had one just before; then it
 * waits. However often the annotation is written, an object gets one such reconcile in ten seconds.
 */
import { hasCome, type Clock } from '../platform/clock.ts'
import { clean } from '../platform/scrub.ts'
import { FLUX_REQUESTED_AT, REQUESTED_AT } from './names.ts'
import type { ObjectMeta } from './types.ts'

const MIN_INTERVAL_MS = 10_000

/** The state of an object's requests. */
export interface RequestMemory {
  /** The last request that was served. */
  handledRequest?: string
  /** When a request was last served; monotonic. */
  servedAt?: number
}

/** Whether a request is to be served now, or in how many ms a waiting one is due. */
export interface DueRequest {
  request?: string
  waitMs?: number
}

type Requested = { metadata: Pick<ObjectMeta, 'annotations'>; status?: { lastHandledReconcileAt?: string } }

/** Serves the request, if it is due. */
export function takeRequest(clock: Clock, object: Requested, memory: RequestMemory): DueRequest {
  if (!isRequested(object, memory.handledRequest)) return {}
  const turnAt = (memory.servedAt ?? -Infinity) + MIN_INTERVAL_MS
  if (!hasCome(clock, turnAt)) return { waitMs: turnAt - clock.monotonic() }
  memory.servedAt = clock.monotonic()
  return { request: requestedAt(object) }
}

/**
 * What remains of a request after its reconcile: it is still to be served if its bypass has to wait for the client's next one.
 *
 * @param turn as `takeRequest` returned it.
 * @param memory forgets the request in that case.
 */
export function remainingRequest(
  { retryInMs: waitMs }: { readonly retryInMs: number | undefined },
  turn: DueRequest,
  memory: RequestMemory,
): DueRequest {
  if (waitMs === undefined) return turn
  memory.servedAt = undefined
  return { waitMs }
}

/**
 * Whether somebody requested a reconcile that was not served yet.
 *
 * @param handled the request that was served last, because the status may not show it yet.
 */
export function isRequested(object: Requested, handled: string | undefined): boolean {
  const request = requestedAt(object)
  const answered = cutRequest(object.status?.lastHandledReconcileAt)
  return request !== undefined && request !== answered && request !== handled
}

/**
 * The value of the request to reconcile now, ours or Flux's: the later one where both are set (by time where both are
 * times, else as text), so that the answer does not swing between them. Cut and cleaned, since it goes back into the status.
 */
export function requestedAt(object: { metadata: Pick<ObjectMeta, 'annotations'> }): string | undefined {
  return cutRequest(laterRequest(object))
}

/** Requests are compared, and answered, as cut to 64 characters. */
const cutRequest = (value: string | undefined): string | undefined =>
  value === undefined ? undefined : clean(value, 64, '')

function laterRequest(object: { metadata: Pick<ObjectMeta, 'annotations'> }): string | undefined {
  const ours = object.metadata.annotations?.[REQUESTED_AT]
  const theirs = object.metadata.annotations?.[FLUX_REQUESTED_AT]
  if (!ours || !theirs) return [ours, theirs].find(Boolean)
  const [one, other] = [Date.parse(ours), Date.parse(theirs)]
  const oursIsLater = Number.isNaN(one) || Number.isNaN(other) || one === other ? ours >= theirs : one > other
  return oursIsLater ? ours : theirs
}
