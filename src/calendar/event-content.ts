/** Extracts what people wrote in an event, for `detail: Full`, truncated to maximum lengths (docs/formats.md). */
import type { EventAttendee, EventResource } from './event-resource.ts'

/** The content of one event. A key is absent if Google leaves it out. */
export interface EventContent {
  title?: string
  location?: string
  description?: string
  /** Google's `eventType`, unless it is `default`. */
  type?: string
  /** The event's own status is tentative. */
  tentative?: true
  /** The person's own `responseStatus`. */
  response?: string
  attendees?: { email?: string; name?: string; response?: string }[]
}

/** Maximum lengths in UTF-16 code units, including the `…` of a truncated text; `attendees` is a number of attendees. */
export const MAX_LENGTHS = {
  title: 1024,
  location: 1024,
  description: 8192,
  name: 128,
  email: 320,
  word: 64,
  attendees: 100,
}

/** The content of an event. @param answer the person's own `responseStatus`, if known. */
export function eventContent(event: EventResource, answer: string | undefined): EventContent {
  const attendees = event.attendees?.slice(0, MAX_LENGTHS.attendees).map(attendeeContent)
  return withoutEmpty({
    title: truncate(event.summary, MAX_LENGTHS.title),
    location: truncate(event.location, MAX_LENGTHS.location),
    description: truncate(event.description, MAX_LENGTHS.description),
    type: event.eventType === 'default' ? undefined : truncate(event.eventType, MAX_LENGTHS.word),
    tentative: event.status === 'tentative' ? (true as const) : undefined,
    response: truncate(answer, MAX_LENGTHS.word),
    attendees: attendees?.length ? attendees : undefined,
  })
}

function attendeeContent({ email, displayName, responseStatus }: EventAttendee): {
  email?: string
  name?: string
  response?: string
} {
  return withoutEmpty({
    email: truncate(email, MAX_LENGTHS.email),
    // Some programs repeat the address as the name.
    name: displayName === email ? undefined : truncate(displayName, MAX_LENGTHS.name),
    response: truncate(responseStatus, MAX_LENGTHS.word),
  })
}

function truncate(text: string | undefined, length: number): string | undefined {
  if (text === undefined || text.length <= length) return text
  // Never splits a surrogate pair.
  return `${text.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, '')}…`
}

type WithoutEmpty<T> = { [K in keyof T]?: NonNullable<T[K]> }

function withoutEmpty<T extends object>(record: T): WithoutEmpty<T> {
  return Object.fromEntries(
    Object.entries(record).filter(([, value]) => value !== undefined && value !== ''),
  ) as WithoutEmpty<T>
}
