/**
 * The state of one Agent's calendars between two reconciles, as immutable values. Each function below is a transition: it
 * returns a new value and changes nothing. Instants are the monotonic clock's, unless something else is said. Nothing is stored
 * outside of the process: after a restart, every calendar is listed once.
 */
import { emptySnapshot, type CalendarSnapshot } from '../calendar/calendar-snapshot.ts'
import type { StepFailure } from '../failures/step-failure.ts'
import type { Clock } from '../platform/clock.ts'
import { MIN_STEP_MS, offsetOf } from '../platform/clock-steps.ts'

/** One calendar. */
export interface CalendarState {
  /** As of the last successful reading; empty before the first. */
  readonly snapshot: CalendarSnapshot
  /** Where the next incremental reading starts; without it a full listing is made. */
  readonly syncToken?: string
  /** When the last successful reading began; undefined before the first. */
  readonly lastRead?: number
  /** When the last successful full listing began. */
  readonly lastFull?: number
  /** How many full listings in a row were not fully understood. */
  readonly doubtfulListings: number
  /** The window that the last full listing was made for, and when, by the time of day. */
  readonly listedFor?: ListedFor
  /** When the calendar is to be read next. */
  readonly dueAt: number
  /** The sync interval that `dueAt` was computed with, in ms. */
  readonly interval?: number
  /** What the last reading failed with, if this calendar was the cause. */
  readonly failure?: CalendarFailure
}

/** The setting of a full listing. */
interface ListedFor {
  readonly pastDays: number
  readonly futureDays: number
  /** ms since the epoch. */
  readonly at: number
}

/** A failure that concerns one calendar only. */
export interface CalendarFailure {
  readonly stepFailure: StepFailure
  /** When the failures began. */
  readonly since: number
  /** Google refused the calendar, or it is too large: a person has to act. */
  readonly refused: boolean
  /** How many readings have failed in a row. */
  readonly attempts: number
  /** What Google answered, for the status. */
  readonly error: string
}

/** The calendars of one Agent. */
export interface CalendarsState {
  /** By their ids at Google: `primary` stands under the e-mail address of the account. */
  readonly byId: ReadonlyMap<string, CalendarState>
  /** How far the time of day was ahead of the monotonic clock when the instants were last aligned with it, in ms. */
  readonly timeOfDayOffset?: number
}

/** The state of an Agent whose calendars were not read yet. */
export const newCalendarsState = (): CalendarsState => ({ byId: new Map() })

/** The state of a calendar that was not read yet: it is due. */
export const newCalendar = (): CalendarState => ({ snapshot: emptySnapshot(), doubtfulListings: 0, dueAt: -Infinity })

/** What a successful reading found. */
export interface Listed {
  snapshot: CalendarSnapshot
  syncToken: string | undefined
  /** Part of the listing was not understood. */
  doubtful: boolean
  /** The setting of a full listing; undefined for an incremental one. */
  full: ListedFor | undefined
  /** When the request was sent. A change that Google accepted since then may be missing. */
  startedAt: number
  interval: number
  dueAt: number
}

/** The calendar was read. */
export const listed = (calendar: CalendarState, found: Listed): CalendarState => ({
  snapshot: found.snapshot,
  syncToken: found.syncToken,
  lastRead: found.startedAt,
  interval: found.interval,
  dueAt: found.dueAt,
  ...(found.full
    ? {
        lastFull: found.startedAt,
        listedFor: found.full,
        doubtfulListings: found.doubtful ? calendar.doubtfulListings + 1 : 0,
      }
    : { lastFull: calendar.lastFull, listedFor: calendar.listedFor, doubtfulListings: calendar.doubtfulListings }),
})

/** Reading failed because of this calendar: it is read again at `dueAt`. */
export function failed(
  calendar: CalendarState,
  failure: Pick<CalendarFailure, 'stepFailure' | 'error' | 'since' | 'refused'>,
  dueAt: number,
): CalendarState {
  const attempts = (calendar.failure?.attempts ?? 0) + 1
  // Twice in a row: the answers to this sync token may be the cause, and a full listing may work.
  const syncToken = failure.refused || attempts > 1 ? undefined : calendar.syncToken
  return { ...calendar, failure: { ...failure, attempts }, syncToken, dueAt }
}

/** Reading failed for a reason that concerns all calendars: this one is due as soon as Google is asked again. */
export const postponed = (calendar: CalendarState, now: number): CalendarState => ({
  ...calendar,
  dueAt: Math.min(calendar.dueAt, now),
})

/** Google no longer accepts the sync token. */
export const withoutSyncToken = (calendar: CalendarState): CalendarState => ({ ...calendar, syncToken: undefined })

/** A changed sync interval counts from the last reading on. After a failure `dueAt` is a backoff, which stays. */
export function withInterval(calendar: CalendarState, interval: number): CalendarState {
  if (calendar.interval === interval || calendar.lastRead === undefined || calendar.failure) return calendar
  return { ...calendar, interval, dueAt: calendar.lastRead + interval }
}

/** Replaces one calendar. */
export const withCalendar = (state: CalendarsState, id: string, calendar: CalendarState): CalendarsState => ({
  ...state,
  byId: new Map(state.byId).set(id, calendar),
})

/** Forgets the calendars that are not wanted any more. */
export function onlyWanted(state: CalendarsState, wanted: ReadonlyMap<string, unknown>): CalendarsState {
  const known = [...state.byId].filter(([id]) => wanted.has(id))
  return known.length === state.byId.size ? state : { ...state, byId: new Map(known) }
}

/** Another grant is used: every calendar is due, with a full listing, because another account may see other events. */
export const withAnotherGrant = (state: CalendarsState): CalendarsState =>
  mapCalendars(state, (calendar) => ({ ...calendar, dueAt: -Infinity, syncToken: undefined, failure: undefined }))

/**
 * Aligns the instants with the time of day, which may have been set since they were noted.
 *
 * After a leap forward nobody can tell whether the clock was corrected or the process was suspended. So the time is taken to
 * have passed: what was read is older, and what would have been due is due. That costs one reading at most; the opposite would
 * publish old calendars as fresh. A leap back changes nothing. Steps below `MIN_STEP_MS` add up until they count.
 */
export function alignedWithTimeOfDay(state: CalendarsState, clock: Pick<Clock, 'now' | 'monotonic'>): CalendarsState {
  const timeOfDayOffset = offsetOf(clock)
  const leap = timeOfDayOffset - (state.timeOfDayOffset ?? timeOfDayOffset)
  if (state.timeOfDayOffset !== undefined && Math.abs(leap) < MIN_STEP_MS) return state
  const aligned = leap > 0 ? mapCalendars(state, (calendar) => aged(calendar, leap)) : state
  return { ...aligned, timeOfDayOffset }
}

function aged(calendar: CalendarState, ms: number): CalendarState {
  const earlier = (instant: number | undefined): number | undefined =>
    instant === undefined ? undefined : instant - ms
  return {
    ...calendar,
    lastRead: earlier(calendar.lastRead),
    lastFull: earlier(calendar.lastFull),
    // After a failure it is a backoff, which lasts for real time.
    dueAt: calendar.failure ? calendar.dueAt : calendar.dueAt - ms,
  }
}

const mapCalendars = (state: CalendarsState, map: (calendar: CalendarState) => CalendarState): CalendarsState => ({
  ...state,
  byId: new Map([...state.byId].map(([id, calendar]) => [id, map(calendar)])),
})
