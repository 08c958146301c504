/**
 * Decides whether anything has to be done for a Booking, without a request: from its spec, its status and the listing of its
 * calendar. Pure.
 */
import type { CalendarState } from '../calendars/state.ts'
import { eventIdOf } from './event-id.ts'
import { findCondition } from '../resources/conditions.ts'
import type { Booking, BookingStatus } from '../resources/types.ts'

/** What the listing of the calendar says about the event, compared with what the status was written from. */
export type ListedEvent =
  /** It is listed in the version that is known, or nothing newer is known. */
  | 'same'
  /** It is listed in another version. */
  | 'changed'
  /** Its time was listed, and it was not among the events. That alone does not prove that it is gone. */
  | 'missing'
  /** It lies outside of what is listed. */
  | 'outside'

/** What is decided on. */
export interface WorkFacts {
  booking: Booking
  /** The time of day, in ms since the epoch. */
  now: number
  listed: ListedEvent
  /** Somebody asked for a look. */
  isRequested: boolean
  /** An event outside of what is listed is due to be looked at. */
  isLookDue: boolean
  /** A pending conference is due to be looked at. */
  isPollDue: boolean
}

/**
 * What has to be done: nothing; book it, because there is no event at Google; look at the event and compare it with the spec.
 * Failures are reported only if somebody waits for the result.
 */
export type Work = { kind: 'none' } | { kind: 'book' | 'revise'; reportsFailures: boolean }

const NONE: Work = { kind: 'none' }

/** Decides what has to be done. */
export function workOf(facts: WorkFacts): Work {
  const { booking, isRequested, now } = facts
  if (isFinal(booking, now) && !isRequested) return workOfRefused(facts)
  if (isCancelled(booking) && !hasEvent(booking)) return workOfCancelled(facts)
  if (!hasEvent(booking)) return { kind: 'book', reportsFailures: true }
  if (!isSettled(booking)) return { kind: 'revise', reportsFailures: true }
  return isRequested ? { kind: 'revise', reportsFailures: false } : lookOf(facts)
}

/** It is not decided again. What stands, or what was cancelled and is restored, is followed. */
function workOfRefused(facts: WorkFacts): Work {
  if (hasEvent(facts.booking)) return lookOf(facts)
  return isRestored(facts) ? { kind: 'revise', reportsFailures: false } : NONE
}

const isRestored = ({ booking, listed }: WorkFacts): boolean => isCancelled(booking) && listed === 'changed'

/** An event that stands is looked at when something says that it may have changed. */
function lookOf({ booking, now, listed, isLookDue, isPollDue }: WorkFacts): Work {
  if (hasEnded(booking.status, now)) return NONE
  const isDue = listed === 'changed' || listed === 'missing' || (listed === 'outside' && isLookDue) || isPollDue
  return isDue ? { kind: 'revise', reportsFailures: false } : NONE
}

/** The event may have been restored at Google: it is looked at before another one is made. */
function workOfCancelled(facts: WorkFacts): Work {
  const reportsFailures = !staysCancelled(facts.booking)
  return reportsFailures || facts.isRequested || isRestored(facts) ? { kind: 'revise', reportsFailures } : NONE
}

/** The id of the event that was cancelled, under which it comes back if somebody restores it. */
export const cancelledId = (booking: Booking): string | undefined =>
  isCancelled(booking) ? eventIdOf(booking.metadata.uid ?? '', booking.status?.remade ?? 0) : undefined

/** Whether an event stands at Google, as far as the status says. */
export const hasEvent = ({ status }: Booking): boolean => status?.event?.id !== undefined

/** Whether the event has ended: nothing is looked at any more. */
export const hasEnded = (status: BookingStatus | undefined, now: number): boolean =>
  Date.parse(status?.event?.end ?? '') <= now

/** Whether the status describes this generation. */
const isObserved = ({ status, metadata }: Booking): boolean => status?.observedGeneration === metadata.generation

const reasonOf = ({ status }: Booking, type: string): string | undefined =>
  findCondition(status?.conditions, type)?.reason

/**
 * The answer stays until the spec changes or somebody asks for another look. What a clock that was wrong has called past is decided
 * again.
 * @param now the time of day; without it, what was called past is.
 */
export function isFinal(booking: Booking, now = Infinity): boolean {
  if (!isObserved(booking)) return false
  const reason = reasonOf(booking, 'Accepted')
  return reason === 'SlotTaken' || (reason === 'InThePast' && Date.parse(booking.spec.start) <= now)
}

/** These wait for the Agent. Whatever else failed has a pause of its own. */
const WAITING: readonly (string | undefined)[] = ['AgentNotReady', 'AgentNotFound', 'NotYetKnown', undefined]

/** Whether the Booking can go on once its Agent can be used. */
export const waitsForAgent = (booking: Booking): boolean =>
  !isObserved(booking) || WAITING.includes(reasonOf(booking, 'Accepted'))

/** The event was cancelled at Google, and that is how it stays. */
export const isCancelled = (booking: Booking): boolean => reasonOf(booking, 'Booked') === 'CancelledAtGoogle'

/** Another event has its id, or somebody has made a series of it. */
export const isInConflict = (booking: Booking): boolean => reasonOf(booking, 'Booked') === 'EventConflict'

/** Nothing stands at Google, and that is how it stays. */
const staysCancelled = (booking: Booking): boolean =>
  isCancelled(booking) && !isNewTime(booking) && booking.spec.onExternalChange === 'Reflect'

/** Whether the spec is written as it is now. */
const isSettled = (booking: Booking): boolean =>
  isObserved(booking) &&
  reasonOf(booking, 'Accepted') === 'Accepted' &&
  findCondition(booking.status?.conditions, 'Booked')?.status === 'True'

/** Whether the spec names other times than those that were last written. */
export function isNewTime({ spec, status }: Booking): boolean {
  const { start = '', end = '' } = status?.applied ?? {}
  return Date.parse(spec.start) !== Date.parse(start) || Date.parse(spec.end) !== Date.parse(end)
}

/**
 * Whether the Booking waits for its time to be decided: it takes part in the order of its calendar.
 */
export function isUndecided(booking: Booking): boolean {
  if (booking.spec.suspend || booking.metadata.deletionTimestamp !== undefined || isFinal(booking)) return false
  if (hasEvent(booking)) return !isObserved(booking) && isNewTime(booking)
  return !staysCancelled(booking)
}

/** The place of a Booking among those of its calendar, as a text: by creation time, namespace, name. */
export const placeOf = ({ metadata: { creationTimestamp = '', namespace = '', name } }: Booking): string =>
  [creationTimestamp, namespace, name].join(' ')

/** Whether a Booking has its place before another one. Thousands are compared: most were created at different times. */
export function comesBefore(one: Booking, other: Booking): boolean {
  const { creationTimestamp: created = '' } = one.metadata
  const { creationTimestamp: otherCreated = '' } = other.metadata
  return created === otherCreated ? placeOf(one) < placeOf(other) : created < otherCreated
}

/** What is known of the last look at an event, to compare a listing with. */
interface LastLook {
  /** The listed version that was looked at. */
  seenEtag?: string
  /** When the calendar was read that did not list the event, although it stood at Google. */
  unlistedAt?: number
}

/** What the listing of a calendar says about a Booking's event. */
export function listedEvent(booking: Booking, calendar: CalendarState | undefined, look: LastLook): ListedEvent {
  const { event, observedETag } = booking.status ?? {}
  const etag = calendar?.booked?.get(idOf(booking))
  if (etag !== undefined) return [look.seenEtag, observedETag].includes(etag) ? 'same' : 'changed'
  if (!event) return 'same'
  // The Agent no longer writes to the calendar that the event is in, or has not read it yet.
  return calendar?.booked ? unlisted(event, calendar, look) : 'outside'
}

/** The id of the event that stands, or that was cancelled. */
const idOf = (booking: Booking): string => booking.status?.event?.id ?? cancelledId(booking) ?? ''

function unlisted(event: Times, calendar: CalendarState, look: LastLook): ListedEvent {
  if (!wasListed(event, calendar)) return 'outside'
  return wasDoubted(calendar, look) ? 'same' : 'missing'
}

interface Times {
  start?: string
  end?: string
}

/** The same listing was doubted before, and the event stood. */
const wasDoubted = ({ lastRead = -Infinity }: CalendarState, { unlistedAt = -Infinity }: LastLook): boolean =>
  unlistedAt >= lastRead

/** Whether the time of the event was listed. */
function wasListed({ start = '', end = '' }: Times, { snapshot }: CalendarState): boolean {
  const { listedWindow: listed } = snapshot
  return listed !== undefined && Date.parse(start) < listed.end && Date.parse(end) > listed.start
}
