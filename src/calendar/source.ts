/**
 * An event as it comes from Google, reduced to the fields that this room looks at, and checked: whatever stands in an
 * answer, what leaves here has the types below. What had another type is left out, and the event is called garbled.
 */

/** `date` for all-day events (an end is exclusive), else `dateTime`, RFC 3339; without an offset it needs `timeZone`. */
export interface SourceTime {
  date?: string
  dateTime?: string
  timeZone?: string
}

export interface SourceAttendee {
  self?: boolean
  responseStatus?: string
  email?: string
  displayName?: string
}

/** Of a cancelled event only `id` is certain; of a cancelled instance also `recurringEventId` and `originalStartTime`. */
export interface SourceEvent {
  id?: string
  status?: string
  transparency?: string
  eventType?: string
  recurringEventId?: string
  start?: SourceTime
  end?: SourceTime
  originalStartTime?: SourceTime
  attendees?: SourceAttendee[]
  summary?: string
  description?: string
  location?: string
}

export interface ReadEvent {
  event: SourceEvent
  /** Something in it had not the type that it has at Google. */
  garbled: boolean
}

type Fields = Record<string, unknown>

/** Reads one of the `items` of an answer; undefined for what is no event at all. */
export function readEvent(item: unknown): ReadEvent | undefined {
  if (!isFields(item)) return undefined
  const reader = new FieldReader()
  const event: SourceEvent = {
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
  return { event, garbled: reader.garbled }
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

class FieldReader {
  garbled = false

  /** Google leaves out what is empty: null and empty text are read in the same way. */
  text(value: unknown): string | undefined {
    if (typeof value === 'string') return value === '' ? undefined : value
    return this.#leftOut(value)
  }

  time(value: unknown): SourceTime | undefined {
    if (!isFields(value)) return this.#leftOut(value)
    const { date, dateTime, timeZone } = value
    return { date: this.text(date), dateTime: this.text(dateTime), timeZone: this.text(timeZone) }
  }

  attendees(value: unknown): SourceAttendee[] | undefined {
    if (!Array.isArray(value)) return this.#leftOut(value)
    return (value as unknown[]).map((one) => this.#attendee(one)).filter((one) => one !== undefined)
  }

  #attendee(value: unknown): SourceAttendee | undefined {
    if (!isFields(value)) {
      this.garbled = true
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
    this.garbled ||= value !== undefined && value !== null
    return undefined
  }
}
