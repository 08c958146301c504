/**
 * An event as it comes from Google, reduced to the fields that this room looks at, and checked: whatever stands in an
 * answer, what leaves here has the types below. What had another type is left out, and the event is called malformed.
 */

/** `date` for all-day events (an end is exclusive), else `dateTime`, RFC 3339; without an offset it needs `timeZone`. */
export interface EventDateTime {
  date?: string
  dateTime?: string
  timeZone?: string
}

export interface EventAttendee {
  self?: boolean
  responseStatus?: string
  email?: string
  displayName?: string
}

/** Of a cancelled event only `id` is certain; of a cancelled instance also `recurringEventId` and `originalStartTime`. */
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
}

export interface ParsedEvent {
  event: EventResource
  /** Something in it had not the type that it has at Google. */
  malformed: boolean
}

type Fields = Record<string, unknown>

/** Reads one of the `items` of an answer; undefined for what is no event at all. */
export function parseEventResource(item: unknown): ParsedEvent | undefined {
  if (!isFields(item)) return undefined
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
  }
  return { event, malformed: reader.malformed }
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

class FieldReader {
  malformed = false

  /** Google leaves out what is empty: null and empty text are read in the same way. */
  text(value: unknown): string | undefined {
    if (typeof value === 'string') return value === '' ? undefined : value
    return this.#leftOut(value)
  }

  time(value: unknown): EventDateTime | undefined {
    if (!isFields(value)) return this.#leftOut(value)
    const { date, dateTime, timeZone } = value
    return { date: this.text(date), dateTime: this.text(dateTime), timeZone: this.text(timeZone) }
  }

  attendees(value: unknown): EventAttendee[] | undefined {
    if (!Array.isArray(value)) return this.#leftOut(value)
    return (value as unknown[]).map((one) => this.#attendee(one)).filter((one) => one !== undefined)
  }

  #attendee(value: unknown): EventAttendee | undefined {
    if (!isFields(value)) {
      this.malformed = true
      return undefined
    }
    return {
      self: typeof value.self === 'boolean' ? value.self : this.#leftOut(value.self),
      responseStatus: this.text(value.responseStatus),
      email: this.text(value.email),
      displayName: this.text(value.displayName),
    }
  }

  #leftOut(value: unknown): undefined {
    this.malformed ||= value !== undefined && value !== null
    return undefined
  }
}
