/**
 * The state of one Booking between two reconciles, as a value. All of it may be lost: what matters is in the status, in the
 * event at Google, and in the listing of its calendar.
 */
import type { BookingStatus } from '../resources/types.ts'
import type { RequestState } from '../resources/reconcile-request.ts'

/** What is remembered of one Booking. Instants are the monotonic clock's. */
export interface BookingState {
  readonly firstSeen: number
  readonly requests: RequestState
  /** The status that the API server returned for our last write. */
  readonly writtenStatus?: BookingStatus
  /** When it asked for its Agent's calendars to be read; undefined unless it waits for them. */
  readonly askedAt?: number
  /** An event may stand that the status does not show. */
  readonly mayExist: boolean
  /** The calendar that the event was written to, or may have been. The Agent may name another one by now. */
  readonly sentTo?: string
  /** The version of the event that a listing last contained and that was looked at. */
  readonly seenEtag?: string
  /** When the event was last asked for by its id. */
  readonly lookedAt?: number
  /** When its calendar was read that did not list the event, although it stood at Google. */
  readonly unlistedAt?: number
  /** How often a pending conference was asked for. */
  readonly polls: number
  /** Since when a person has to act, and for which generation. */
  readonly stuck?: { readonly generation: number | undefined; readonly since: number }
  /** It cannot be decided now, whatever its turn: others go first. */
  readonly isParked: boolean
  /** When its deletion was first seen. */
  readonly deletingSince?: number
}

/** The state of a Booking that was not reconciled yet. */
export const newBookingState = (now: number): BookingState => ({
  firstSeen: now,
  requests: {},
  mayExist: false,
  polls: 0,
  isParked: false,
})
