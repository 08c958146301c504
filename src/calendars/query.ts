/**
 * The port through which other rooms ask what is known about a person's calendars. Each query is a pure function of the state and
 * sends no request. A caller that needs calendars that are newer than `asOf` has them read first. Publishing renders from the
 * snapshots (`publishing/render.ts`), and Bookings judge slots from them (`booking/slot.ts`).
 */
import type { CalendarSnapshot } from '../calendar/calendar-snapshot.ts'
import type { Agent } from '../resources/types.ts'
import type { BookedEvents } from './booked-events.ts'
import type { CalendarFailure, CalendarsState } from './state.ts'
import { isSameCalendar, wantedCalendars } from './wanted-calendars.ts'

/** What is known about one calendar that the spec names. */
export interface KnownCalendar {
  /** The calendar's id at Google. */
  id: string
  /** The calendar, as the spec names it. */
  name: string
  /** Undefined until it has been read. */
  snapshot: CalendarSnapshot | undefined
  /** When the last successful read began, by the monotonic clock; undefined until it has been read. */
  lastRead: number | undefined
  /** When the last successful full listing began, by the monotonic clock. */
  lastFull: number | undefined
  /** When the last incremental read began that found a change, by the monotonic clock. */
  changedAt: number | undefined
  /** The events of Bookings in it; undefined unless Bookings are written to it, and until it has been read. */
  booked: BookedEvents | undefined
  /** Why the last read failed, if this calendar was the cause. If the calendar was refused, nothing newer will become known. */
  failure: CalendarFailure | undefined
}

/** What is known about the calendars that the spec names, in its order. @param account the account of the grant, if known. */
export const knownCalendars = (state: CalendarsState, agent: Agent, account: string | undefined): KnownCalendar[] =>
  [...wantedCalendars(agent, account)].map(([id, name]) => {
    const { snapshot, lastRead, lastFull, changedAt, booked, failure } = state.byId.get(id) ?? {}
    const read = lastRead === undefined ? undefined : snapshot
    return { id, name, snapshot: read, lastRead, lastFull, changedAt, booked, failure }
  })

/** Whether a calendar has not been read successfully, so that nothing can be concluded from what it does not contain. */
export function hasCalendarFailed(state: CalendarsState | undefined, id: string): boolean {
  const calendar = [...(state?.byId ?? [])].find(([known]) => isSameCalendar(known, id))?.[1]
  return calendar?.lastRead === undefined || calendar.failure !== undefined
}

/** When the least recently read calendar was read, by the monotonic clock; undefined if one has never been read. */
export function asOf(calendars: Iterable<{ lastRead?: number | undefined }>): number | undefined {
  let oldest = Infinity
  for (const { lastRead } of calendars) {
    if (lastRead === undefined) return undefined
    if (lastRead < oldest) oldest = lastRead
  }
  return oldest === Infinity ? undefined : oldest
}
