/**
 * Reduces events to what is stored of them. Whatever the busy rules of a spec can affect is stored as a flag and decided when busy
 * time is computed (`busy.ts`), so that a changed rule needs no new listing.
 */
import { eventContent } from './event-content.ts'
import type { EventAttendee, EventResource, ParsedEvent } from './event-resource.ts'
import { resolveTime, type ResolvedTime, type TimeContext } from './event-time.ts'
import { clampInstant } from './instant.ts'

/** `publish.calendar.detail` of an Agent: whether titles, places and guests are stored (`Full`) or only times (`Busy`). */
export type Detail = 'Busy' | 'Full'

/** A bit of `CompactTime.flags`: the event has dates instead of instants. */
export const ALL_DAY = 1
/** A bit of `CompactTime.flags`: the event or the person's answer is tentative. */
export const TENTATIVE = 2
/** A bit of `CompactTime.flags`: the event is never busy, whatever the rules of a spec say. */
export const NEVER_BUSY = 4
/** A bit of `CompactTime.flags`: the event has no readable time. */
export const NO_TIME = 8
/** A bit of `CompactTime.flags`: the event has no usable id, so it may be any event; the published calendar is incomplete. */
export const UNIDENTIFIED = 16

/** A bit of `CompactTime.flags`: the event was written for a Booking. */
export const BOOKED = 32

/**
 * When an event takes place. `start` and `end` are seconds since the epoch. With `ALL_DAY` they are the midnights of its dates
 * as if these were in UTC: the real instants depend on the calendar's time zone, which its owner may change at any time.
 */
export interface CompactTime {
  start: number
  end: number
  /** A combination of the bits above. */
  flags: number
}

/** One event of a snapshot. */
export interface CompactEvent extends CompactTime {
  /** The event's id at Google, or another key as `event-keys.ts` describes. */
  id: string
  /** The recurring event that this is an instance of; empty for a single event. */
  recurringEventId: string
  /** An `EventContent` in JSON, as it is compared and stored; empty with detail Busy. */
  content: string
}

/** What the compaction of an event depends on besides the event itself. */
export interface CompactionContext extends TimeContext {
  detail: Detail
}

/** A compacted event, and whether it was understood. */
interface CompactionResult {
  compact: CompactEvent
  /** Whether part of the event was not understood, so that its previous version may still be true. */
  doubtful: boolean
}

const NEVER_BUSY_TYPES = new Set(['workingLocation', 'birthday'])

/**
 * Compacts an event that is not cancelled. It never throws: an event that cannot be understood is marked as doubtful, or counted as
 * longer than it may be (docs/decisions/0020-unclear-events-count-as-busy.md).
 */
export function compactEvent(
  { event, malformed }: ParsedEvent,
  id: string,
  context: CompactionContext,
): CompactionResult {
  const time = resolveTime(event, context)
  const answer = event.attendees && ownAnswer(event.attendees)
  const compact = {
    id,
    recurringEventId: event.recurringEventId ?? '',
    // Rounded outwards: what is published has a resolution of one second, and busy time is never shortened.
    start: Math.floor(clampInstant(time?.start ?? 0) / 1000),
    end: Math.ceil(clampInstant(time?.end ?? 0) / 1000),
    flags: timeFlags(time) | busyFlags(event, answer),
    content: context.detail === 'Full' ? JSON.stringify(eventContent(event, answer)) : '',
  }
  return { compact, doubtful: malformed || time === undefined || time.doubtful }
}

/** Represents an item of a listing that could not be read at all. */
export const unreadableEvent = (id: string): CompactEvent => ({
  id,
  recurringEventId: '',
  start: 0,
  end: 0,
  flags: NO_TIME,
  content: '',
})

/** The person's own answer. Of several answers, which contradict each other, the one that makes the person busiest counts. */
const ownAnswer = (attendees: readonly EventAttendee[]): string | undefined =>
  attendees
    .filter(({ self }) => self === true)
    .map(({ responseStatus }) => responseStatus)
    .reduce<string | undefined>((a, b, at) => (at === 0 || freedom(b) < freedom(a) ? b : a), undefined)

const freedom = (answer: string | undefined): number => ['tentative', 'declined'].indexOf(answer ?? '')

function timeFlags(time: ResolvedTime | undefined): number {
  if (!time) return NO_TIME
  return (time.allDay ? ALL_DAY : 0) | (time.start === time.end ? NEVER_BUSY : 0)
}

function busyFlags(event: EventResource, answer: string | undefined): number {
  const tentative = event.status === 'tentative' || answer === 'tentative'
  const free =
    event.transparency === 'transparent' || answer === 'declined' || NEVER_BUSY_TYPES.has(event.eventType ?? '')
  const booked = event.booking !== undefined
  return (tentative ? TENTATIVE : 0) | (free ? NEVER_BUSY : 0) | (booked ? BOOKED : 0)
}
