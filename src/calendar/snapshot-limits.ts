/** Limits the size of a snapshot (docs/decisions/0111-limits-for-one-calendar.md). */
import type { CompactEvent } from './compact-event.ts'

/** The maximum size of the snapshot of one calendar. */
export interface SnapshotLimits {
  events: number
  /** Characters of all event content, and of ids as far as they are longer than usual. */
  characters: number
}

/** The limits of every calendar. */
export const DEFAULT_LIMITS: SnapshotLimits = { events: 20_000, characters: 4_000_000 }

/** A calendar exceeds the limits. The message is half a sentence that names the limit. */
export class CalendarTooLargeError extends Error {
  override readonly name = 'CalendarTooLargeError'
}

/** Checks the size of a snapshot. @throws CalendarTooLargeError if it exceeds the limits. */
export function checkSize(limits: SnapshotLimits, events: number, characters: number): void {
  if (events > limits.events) {
    throw new CalendarTooLargeError(`it has more than ${limits.events.toLocaleString('en')} events in the window`)
  }
  if (characters > limits.characters) {
    const limit = limits.characters.toLocaleString('en')
    throw new CalendarTooLargeError(`the texts and ids of its events have more than ${limit} characters in all`)
  }
}

/** Google's own ids have about seventy characters, the recurring one included; imported events may have longer ones. */
const USUAL_ID_LENGTH = 128

/** The characters of one event that count towards `SnapshotLimits.characters`. */
export const charactersOf = ({ id, recurringEventId, content }: CompactEvent): number =>
  content.length + Math.max(id.length + recurringEventId.length - USUAL_ID_LENGTH, 0)
