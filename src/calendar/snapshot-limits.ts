/** How large a snapshot may be (docs/decisions/0111-limits-for-one-calendar.md). */
import type { CompactEvent } from './compact-event.ts'

/** The largest snapshot of one calendar that is kept. */
export interface SnapshotLimits {
  events: number
  /** Characters of all event content, and of the part of ids that is longer than usual. */
  characters: number
}

export const DEFAULT_LIMITS: SnapshotLimits = { events: 20_000, characters: 4_000_000 }

/** A calendar is larger than what is kept of one. Its message is half a sentence that names the limit. */
export class CalendarTooLargeError extends Error {
  override readonly name = 'CalendarTooLargeError'
}

/** Compares the size of a snapshot with the limits. @throws {CalendarTooLargeError} */
export function checkSize(limits: SnapshotLimits, { events, characters }: SnapshotLimits): void {
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
