/**
 * Parses the fields of Google's Events resource that this room uses. Whatever an answer contains, the result has the types below. A
 * field with another type is left out, and the event is marked as malformed.
 *
 * Source: https://developers.google.com/workspace/calendar/api/v3/reference/events
 */
import { isRecord } from '../platform/json.ts'

/** `date` for all-day events (an end is exclusive), otherwise `dateTime` in RFC 3339; without an offset it needs `timeZone`. */
export interface EventDateTime {
  date?: string
  dateTime?: string
  timeZone?: string
}

/** An attendee of an event; `self` marks the person whose calendar this is. */
export interface EventAttendee {
  self?: boolean
  responseStatus?: string
  email?: string
  displayName?: string
}

/** An event. A cancelled event has only `id`; a cancelled instance also has `recurringEventId` and `originalStartTime`. */
export interface EventResource {
  id?: string
  status?: string
  transparency?: string
  eventType?: string
  recurringEventId?: string
  start?: EventDateTime
  end?: EventDateTime
  originalStartTime?: EventDateTime
  attendees?: EventAttendee[]
  summary?: string
  description?: string
  location?: string
  /** The uid of the Booking that the event was written for. */
  booking?: string
}

/** The private extended property that names a Booking's uid. */
export const BOOKING_PROPERTY = 'calendarOperatorBooking'

/** An event, and whether it had the documented shape. */
export interface ParsedEvent {
  event: EventResource
  /** Whether a field did not have its documented type. */
  malformed: boolean
}

/** Parses one of the `items` of an answer; undefined if it is not an object. */
export function parseEventResource(item: unknown): ParsedEvent | undefined {
  if (!isRecord(item)) return undefined
  const reader = new FieldReader()
  const event: EventResource = {
    id: reader.text(item.id),
    status: reader.text(item.status),
    transparency: reader.text(item.transparency),
    eventType: reader.text(item.eventType),
    recurringEventId: reader.text(item.recurringEventId),
    start: reader.time(item.start),
    end: reader.time(item.end),
    originalStartTime: reader.time(item.originalStartTime),
    attendees: reader.attendees(item.attendees),
    summary: reader.text(item.summary),
    description: reader.text(item.description),
    location: reader.text(item.location),
    booking: bookingOf(item.extendedProperties),
  }
  return { event, malformed: reader.malformed }
}

/** Any program may set extended properties: one of another type says nothing about the event. */
function bookingOf(properties: unknown): string | undefined {
  if (properties === undefined) return undefined
  const own = isRecord(properties) && isRecord(properties.private) ? properties.private[BOOKING_PROPERTY] : undefined
  return typeof own === 'string' && own !== '' ? own : undefined
}

/** Reads the fields of one item, and remembers whether any had the wrong type. */
class FieldReader {
  malformed = false

  /** Google leaves out empty fields; null and an empty text are treated as missing, too. */
  text(value: unknown): string | undefined {
    if (value === undefined || value === '') return undefined
    return typeof value === 'string' ? value : this.#absent(value)
  }

  time(value: unknown): EventDateTime | undefined {
    if (value === undefined) return undefined
    if (!isRecord(value)) return this.#absent(value)
    const { date, dateTime, timeZone } = value
    return { date: this.text(date), dateTime: this.text(dateTime), timeZone: this.text(timeZone) }
  }

  attendees(value: unknown): EventAttendee[] | undefined {
    if (value === undefined) return undefined
    if (!Array.isArray(value)) return this.#absent(value)
    return (value as unknown[]).map((one) => this.#attendee(one)).filter((one) => one !== undefined)
  }

  #attendee(value: unknown): EventAttendee | undefined {
    if (!isRecord(value)) {
      this.malformed = true
      return undefined
    }
    return {
      self: typeof value.self === 'boolean' ? value.self : this.#absent(value.self),
      responseStatus: this.text(value.responseStatus),
      email: this.text(value.email),
      displayName: this.text(value.displayName),
    }
  }

  #absent(value: unknown): undefined {
    this.malformed ||= value !== undefined && value !== null
    return undefined
  }
}
