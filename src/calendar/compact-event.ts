/**
 * What is remembered of one event. Whatever the busy rules of a spec can change is kept as a fact, and decided only when
 * somebody asks (`busy.ts`): a changed rule needs no new listing.
 */
import { clampInstant } from './instant.ts'
import type { Interval } from './interval.ts'
import type { ParsedEvent, EventResource } from './event-resource.ts'
import { resolveTime, type ResolvedTime, type TimeContext } from './event-time.ts'
import { eventContent } from './event-content.ts'

export type Detail = 'Busy' | 'Full'

/** Bits of `CompactEvent.flags`. */
export const ALL_DAY = 1
export const TENTATIVE = 2
/** Takes no time of anybody's, whatever a spec says. */
export const NEVER_BUSY = 4
/** It says nowhere when it is. */
export const NO_TIME = 8
/** It may be more, or another event, than what is known of it: what is published is not complete. */
export const UNIDENTIFIED = 16

/**
 * When an event is. `start` and `end` are seconds since the epoch; with ALL_DAY they are the local midnights of its dates,
 * read as if they were UTC, since the instants depend on the calendar's zone, which its owner may change at any time.
 */
export interface CompactTime {
  start: number
  end: number
  flags: number
}

export interface CompactEvent extends CompactTime {
  id: string
  /** The recurring event that this is an instance of, else empty. */
  series: string
  /** A `EventContent` in JSON, which is how it is compared and kept; empty with detail Busy. */
  wording: string
}

export interface CompactionContext extends TimeContext {
  detail: Detail
}

export interface CompactionResult {
  fact: CompactEvent
  /** Not everything about the event was understood: what was known of it before may still be true. */
  doubtful: boolean
}

const NEVER_BUSY_TYPES = new Set(['workingLocation', 'birthday'])

/** Reads an event that is not cancelled. It never throws: what can't be understood is marked, or counted as longer. */
export function compactEvent(
  { event, malformed }: ParsedEvent,
  id: string,
  context: CompactionContext,
): CompactionResult {
  const span = resolveTime(event, context)
  const answer = ownAnswer(event)
  const fact = {
    id,
    series: event.recurringEventId ?? '',
    ...seconds(span ?? { start: 0, end: 0 }),
    flags: timeFlags(span) | meaningFlags(event, answer),
    wording: context.detail === 'Full' ? JSON.stringify(eventContent(event, answer)) : '',
  }
  return { fact, doubtful: malformed || span === undefined || span.doubtful }
}

/** What stands for an item of which nothing could be read. */
export const unreadableEvent = (id: string): CompactEvent => ({
  id,
  series: '',
  start: 0,
  end: 0,
  flags: NO_TIME,
  wording: '',
})

const ownAnswer = ({ attendees }: EventResource): string | undefined =>
  attendees?.find((attendee) => attendee.self === true)?.responseStatus

/** Outwards to the second, which is what gets published. */
const seconds = ({ start, end }: Interval): Interval => ({
  start: Math.floor(clampInstant(start) / 1000),
  end: Math.ceil(clampInstant(end) / 1000),
})

function timeFlags(span: ResolvedTime | undefined): number {
  if (!span) return NO_TIME
  return (span.allDay ? ALL_DAY : 0) | (span.start === span.end ? NEVER_BUSY : 0)
}

function meaningFlags(event: EventResource, answer: string | undefined): number {
  const tentative = event.status === 'tentative' || answer === 'tentative'
  const free =
    event.transparency === 'transparent' || answer === 'declined' || NEVER_BUSY_TYPES.has(event.eventType ?? '')
  return (tentative ? TENTATIVE : 0) | (free ? NEVER_BUSY : 0)
}
