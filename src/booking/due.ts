/** When a Booking is due although nothing changes: a conference is pending, its event is far away, or it has long been over. */
import { keyOf } from '../kubernetes/port.ts'
import { EVENT_FINALIZER } from '../resources/names.ts'
import { durationMs } from '../resources/durations.ts'
import type { Booking } from '../resources/types.ts'
import { hasEnded, hasEvent, listedEvent } from './decide.ts'
import { calendarOf, lookEveryMs, pollDueAt } from './observe.ts'
import type { BookingState } from './state.ts'
import type { BookingRun } from './steps.ts'

/** In how many ms the Booking is due; undefined if only when something changes. */
export function nextDue(run: BookingRun, state: BookingState): number | undefined {
  const { deps, booking } = run
  const now = deps.clock.monotonic()
  const isOpen = hasEvent(booking) && !hasEnded(booking.status, deps.clock.now())
  const lookEvery = isOpen && listedEvent(booking, calendarOf(run), state) === 'outside' ? lookEveryMs(run) : undefined
  const lookAt = lookEvery === undefined ? undefined : (state.lookedAt ?? state.firstSeen) + lookEvery
  const due = [isOpen ? pollDueAt(booking, state) : undefined, lookAt].filter((at) => at !== undefined)
  const pauses = due.map((at) => Math.max(at - now, 0))
  const expiry = expiresAt(booking)
  if (expiry !== undefined) pauses.push(Math.max(expiry - deps.clock.now(), 0))
  return pauses.length > 0 ? Math.min(...pauses) : undefined
}

/** When the Booking is deleted, by the time of day. */
function expiresAt({ spec, status }: Booking): number | undefined {
  if (spec.ttlAfterEnd === undefined) return undefined
  return Date.parse(status?.event?.end ?? spec.end) + durationMs(spec.ttlAfterEnd)
}

/**
 * Deletes a Booking that has long been over, but never its event: the finalizer is taken off before. Returns whether it did.
 * @throws ApiError
 */
export async function expire({ deps, booking }: BookingRun): Promise<boolean> {
  const at = expiresAt(booking)
  if (at === undefined || at > deps.clock.now()) return false
  const { finalizers = [] } = booking.metadata
  const others = finalizers.filter((one) => one !== EVENT_FINALIZER)
  const bare =
    others.length === finalizers.length
      ? booking
      : await deps.cluster.patch(booking, { metadata: { finalizers: others } })
  await deps.cluster.delete(bare)
  deps.log.info({ booking: keyOf(booking) }, 'a Booking was deleted after spec.ttlAfterEnd')
  return true
}
