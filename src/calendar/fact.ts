/**
 * What is remembered of one event. Whatever the busy rules of a spec can change is kept as a fact, and decided only when
 * somebody asks (`busy.ts`): a changed rule needs no new listing.
 */
import type { Interval } from './interval.ts'
import type { SourceEvent } from './source.ts'
import { spanOf, type Span, type SpanContext } from './span.ts'

export type Detail = 'Busy' | 'Full'

/** Bits of `Fact.flags`. */
export const ALL_DAY = 1
export const TENTATIVE = 2
/** Takes no time of anybody's, whatever a spec says. */
export const NEVER_BUSY = 4
/** It says nowhere when it is. */
export const NO_TIME = 8

/** Only with detail Full: what people read, and the answers behind `flags`. Absent keys are what Google left out. */
export interface Wording {
  title?: string
  location?: string
  description?: string
  /** Google's eventType, unless it is `default`. */
  type?: string
  /** The event's own status is tentative. */
  tentative?: true
  /** The person's own answer. */
  response?: string
  attendees?: { email?: string; name?: string; response?: string }[]
}

/**
 * When an event is. `start` and `end` are seconds since the epoch; with ALL_DAY they are the local midnights of its dates,
 * read as if they were UTC, since the instants depend on the calendar's zone, which its owner may change at any time.
 */
export interface TimeFact {
  start: number
  end: number
  flags: number
}

export interface Fact extends TimeFact {
  id: string
  /** The recurring event that this is an instance of, else empty. */
  series: string
  /** A `Wording` in JSON, which is how it is compared and kept; empty with detail Busy. */
  wording: string
}

export interface FactContext extends SpanContext {
  detail: Detail
}

const NEVER_BUSY_TYPES = new Set(['workingLocation', 'birthday'])

/** Reads an event that is not cancelled. It never throws: what can't be understood is marked, or counted as longer. */
export function factOf(event: SourceEvent, context: FactContext): Fact {
  const span = spanOf(event, context)
  const answer = ownAnswer(event)
  return {
    id: event.id ?? anonymousId(event),
    series: event.recurringEventId ?? '',
    ...seconds(span ?? { start: 0, end: 0 }),
    flags: timeFlags(span) | meaningFlags(event, answer),
    wording: context.detail === 'Full' ? JSON.stringify(wordingOf(event, answer)) : '',
  }
}

const ownAnswer = ({ attendees }: SourceEvent): string | undefined =>
  attendees?.find((attendee) => attendee.self === true)?.responseStatus ?? undefined

/** Outwards to the second, which is what gets published. */
const seconds = ({ start, end }: Interval): Interval => ({
  start: Math.floor(start / 1000),
  end: Math.ceil(end / 1000),
})

/** An event without an id is kept under what it says of itself: no delta will name it, the next full listing drops it. */
const anonymousId = ({ start, end, recurringEventId }: SourceEvent): string =>
  `?${JSON.stringify([recurringEventId, start, end])}`

function timeFlags(span: Span | undefined): number {
  if (!span) return NO_TIME
  return (span.allDay ? ALL_DAY : 0) | (span.start === span.end ? NEVER_BUSY : 0)
}

function meaningFlags(event: SourceEvent, answer: string | undefined): number {
  const tentative = event.status === 'tentative' || answer === 'tentative'
  const free =
    event.transparency === 'transparent' || answer === 'declined' || NEVER_BUSY_TYPES.has(event.eventType ?? '')
  return (tentative ? TENTATIVE : 0) | (free ? NEVER_BUSY : 0)
}

function wordingOf(event: SourceEvent, answer: string | undefined): Wording {
  const attendees = event.attendees?.map(({ email, displayName, responseStatus }) =>
    present({ email, name: displayName, response: responseStatus }),
  )
  return present({
    title: event.summary,
    location: event.location,
    description: event.description,
    type: event.eventType === 'default' ? undefined : event.eventType,
    tentative: event.status === 'tentative' ? (true as const) : undefined,
    response: answer,
    attendees: attendees?.length ? attendees : undefined,
  })
}

type Present<T> = { [K in keyof T]?: NonNullable<T[K]> }

/** Without the keys that have nothing to say. */
function present<T extends object>(record: T): Present<T> {
  return Object.fromEntries(
    Object.entries(record).filter(([, value]) => value !== undefined && value !== null && value !== ''),
  ) as Present<T>
}
