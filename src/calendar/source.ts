/**
 * An event as it comes from Google, reduced to the fields that this room looks at. It is declared here, and not taken
 * from the google room, because this room depends on nothing of ours; the shapes are the same.
 */

/** `date` for all-day events (an end is exclusive), else `dateTime`, RFC 3339; without an offset it needs `timeZone`. */
export interface SourceTime {
  date?: string | null
  dateTime?: string | null
  timeZone?: string | null
}

export interface SourceAttendee {
  self?: boolean | null
  responseStatus?: string | null
  email?: string | null
  displayName?: string | null
}

/** Of a cancelled event only `id` is certain; of a cancelled instance also `recurringEventId` and `originalStartTime`. */
export interface SourceEvent {
  id?: string | null
  status?: string | null
  transparency?: string | null
  eventType?: string | null
  recurringEventId?: string | null
  start?: SourceTime
  end?: SourceTime
  originalStartTime?: SourceTime
  attendees?: SourceAttendee[]
  summary?: string | null
  description?: string | null
  location?: string | null
}
