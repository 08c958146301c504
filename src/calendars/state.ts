/** What is known of an agent's calendars between two reconciles. */
import type { CalendarSnapshot } from '../calendar/calendar-snapshot.ts'
import type { StepFailure } from '../failures/step-failure.ts'

/** One calendar, under its real id. Its instants are the monotonic clock's: `timeOfDay` tells them to others. */
export interface CalendarState {
  snapshot: CalendarSnapshot
  timeZone: string
  detail: 'Busy' | 'Full'
  syncToken?: string
  /** Undefined until it was read once. */
  lastRead?: number
  lastFull?: number
  /** How many full listings in a row were not fully understood. */
  doubts?: number
  /** What the last full listing asked for: another wish means another full listing. */
  asked?: { pastDays: number; futureDays: number; /** By the time of day. */ at: number }
  nextAt: number
  /** The interval that `nextAt` was reckoned with, in ms. */
  interval?: number
  /** What the last attempt ended with, if not well. */
  trouble?: Trouble
}

export interface Trouble {
  stepFailure: StepFailure
  /** By the monotonic clock. */
  since: number
  /** Google refused the calendar for a reason that will not pass by itself. */
  refused: boolean
  /** How often in a row. */
  attempts: number
  /** What Google answered, for the status. */
  error: string
}

/** The calendars of one agent, under their real ids. */
export interface CalendarsState {
  byId: Map<string, CalendarState>
}

/** The state of an agent whose calendars were not read yet. */
export const newCalendarsState = (): CalendarsState => ({ byId: new Map() })

/** Another grant is in use: everything is read at once, and whole, because another account may see other things. */
export function resetSyncState({ byId }: CalendarsState): void {
  for (const calendar of byId.values()) {
    Object.assign(calendar, { nextAt: -Infinity, syncToken: undefined, trouble: undefined })
  }
}

/** The instant at which the next calendar is due, by the monotonic clock; undefined before any was read. */
export function nextReading({ byId }: CalendarsState): number | undefined {
  const due = [...byId.values()].map((calendar) => calendar.nextAt)
  return due.length > 0 ? Math.min(...due) : undefined
}
