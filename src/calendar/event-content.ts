/** What people wrote in an event, for `detail: Full` only, cut to lengths that no calendar can exceed (docs/formats.md). */
import type { EventAttendee, EventResource } from './event-resource.ts'

/** Absent keys are what Google left out. */
export interface EventContent {
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

/** In characters (UTF-16 code units), the `…` of what was cut included; `attendees` is a number of guests. */
export const LONGEST = {
  title: 1024,
  location: 1024,
  description: 8192,
  name: 128,
  email: 320,
  word: 64,
  attendees: 100,
}

/** @param answer the person's own, where it is known. */
export function eventContent(event: EventResource, answer: string | undefined): EventContent {
  const attendees = event.attendees?.slice(0, LONGEST.attendees).map(attendeeOf)
  return present({
    title: cut(event.summary, LONGEST.title),
    location: cut(event.location, LONGEST.location),
    description: cut(event.description, LONGEST.description),
    type: event.eventType === 'default' ? undefined : cut(event.eventType, LONGEST.word),
    tentative: event.status === 'tentative' ? (true as const) : undefined,
    response: cut(answer, LONGEST.word),
    attendees: attendees?.length ? attendees : undefined,
  })
}

function attendeeOf({ email, displayName, responseStatus }: EventAttendee): {
  email?: string
  name?: string
  response?: string
} {
  return present({
    email: cut(email, LONGEST.email),
    // Some programs put the address there, too: it says nothing twice.
    name: displayName === email ? undefined : cut(displayName, LONGEST.name),
    response: cut(responseStatus, LONGEST.word),
  })
}

function cut(text: string | undefined, longest: number): string | undefined {
  if (text === undefined || text.length <= longest) return text
  // Never between the two halves of one character.
  return `${text.slice(0, longest - 1).replace(/[\uD800-\uDBFF]$/, '')}…`
}

type Present<T> = { [K in keyof T]?: NonNullable<T[K]> }

/** Without the keys that have nothing to say. */
function present<T extends object>(record: T): Present<T> {
  return Object.fromEntries(
    Object.entries(record).filter(([, value]) => value !== undefined && value !== ''),
  ) as Present<T>
}
