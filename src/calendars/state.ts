/**
 * The state of one Agent's calendars between two reconciles, as immutable values. Each function below is a transition: it
 * returns a new value and changes nothing. Instants are those of the monotonic clock unless stated otherwise. Nothing is stored
 * outside of the process: after a restart, every calendar is listed once.
 */
import { emptySnapshot, type CalendarSnapshot } from '../calendar/calendar-snapshot.ts'
import type { StepFailure } from '../failures/step-failure.ts'
import type { Clock } from '../platform/clock.ts'
import { MIN_STEP_MS, offsetOf } from '../platform/clock-steps.ts'
import type { BookedEvents, ListedVersions } from './booked-events.ts'

/** The state of one calendar. */
export interface CalendarState {
  /** As of the last successful read; empty before the first. */
  readonly snapshot: CalendarSnapshot
  /** The events of Bookings in it; undefined unless Bookings are written to it. */
  readonly booked?: BookedEvents
  /** The versions of such events in the last listing. */
  readonly versions?: ListedVersions
  /** The number of the last write of ours that the snapshot contains, besides what was listed. */
  readonly writes?: number
  /** Where the next incremental read starts; undefined if it has to be a full listing. */
  readonly syncToken?: string
  /** When the last successful read began; undefined before the first. */
  readonly lastRead?: number
  /** When the last successful full listing began. */
  readonly lastFull?: number
  /** When the last successful incremental read began that found a change. */
  readonly changedAt?: number
  /** How many consecutive full listings were not fully understood. */
  readonly doubtfulListings: number
  /** The window of the last full listing, and when it was made. */
  readonly listedFor?: ListedFor
  /** When the calendar is due. */
  readonly dueAt: number
  /** The sync interval that `dueAt` was computed with, in ms. */
  readonly interval?: number
  /** Why the last read failed, if this calendar was the cause. */
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
  /** Whether Google refused the calendar, or it is too large, so that a person has to act. */
  readonly refused: boolean
  /** How many consecutive reads have failed. */
  readonly attempts: number
  /** What Google answered, for the status. */
  readonly error: string
}

/** The calendars of one Agent. */
export interface CalendarsState {
  /** By id at Google; the key of `primary` is the e-mail address of the account. */
  readonly byId: ReadonlyMap<string, CalendarState>
  /** How far the time of day was ahead of the monotonic clock when the instants were last aligned with it, in ms. */
  readonly timeOfDayOffset?: number
}

/** The state of an Agent whose calendars have not been read yet. */
export const newCalendarsState = (): CalendarsState => ({ byId: new Map() })

/** One value for all calendars: to encode an empty snapshot for each costs a fiftieth of a restart. */
const NEW_CALENDAR: CalendarState = { snapshot: emptySnapshot(), doubtfulListings: 0, dueAt: -Infinity }

/** The state of a calendar that has not been read yet, and is due. */
export const newCalendar = (): CalendarState => NEW_CALENDAR

/** The result of a successful read. */
export interface Listed {
  snapshot: CalendarSnapshot
  booked: BookedEvents | undefined
  /** The versions of events of Bookings that the listing contained. */
  versions?: ListedVersions
  syncToken: string | undefined
  /** Whether part of the listing was not understood. */
  doubtful: boolean
  /** How many events were listed, except for those that repeat our own writes. */
  found: number
  /** The setting of a full listing; undefined for an incremental one. */
  full: ListedFor | undefined
  /** When the request was sent. Later changes may be missing. */
  startedAt: number
  interval: number
  dueAt: number
}

/** The calendar after a successful read. */
export const listed = (calendar: CalendarState, found: Listed): CalendarState => ({
  snapshot: found.snapshot,
  booked: found.booked,
  versions: found.versions,
  writes: calendar.writes,
  syncToken: found.syncToken,
  lastRead: found.startedAt,
  interval: found.interval,
  dueAt: found.dueAt,
  changedAt: found.full || found.found === 0 ? calendar.changedAt : found.startedAt,
  lastFull: found.full ? found.startedAt : calendar.lastFull,
  listedFor: found.full ?? calendar.listedFor,
  doubtfulListings: found.full ? afterFull(calendar, found) : calendar.doubtfulListings,
})

const afterFull = ({ doubtfulListings }: CalendarState, { doubtful }: Listed): number =>
  doubtful ? doubtfulListings + 1 : 0

/** The calendar after a read that failed because of this calendar. It is read again at `dueAt`. */
export function failed(
  calendar: CalendarState,
  failure: Pick<CalendarFailure, 'stepFailure' | 'error' | 'since' | 'refused'>,
  dueAt: number,
): CalendarState {
  const attempts = (calendar.failure?.attempts ?? 0) + 1
  // After two failures in a row, the sync token may be the cause, and a full listing may work.
  const syncToken = failure.refused || attempts > 1 ? undefined : calendar.syncToken
  return { ...calendar, failure: { ...failure, attempts }, syncToken, dueAt }
}

/** The calendar after a read that failed for a reason that concerns all calendars. It is due as soon as Google is asked again. */
export const postponed = (calendar: CalendarState, now: number): CalendarState => ({
  ...calendar,
  dueAt: Math.min(calendar.dueAt, now),
})

/** The calendar after Google has rejected its sync token. */
export const withoutSyncToken = (calendar: CalendarState): CalendarState => ({ ...calendar, syncToken: undefined })

/** Applies a changed sync interval, counted from the last read. After a failure, `dueAt` is a backoff and stays. */
export function withInterval(calendar: CalendarState, interval: number): CalendarState {
  if (calendar.interval === interval || calendar.lastRead === undefined || calendar.failure) return calendar
  return { ...calendar, interval, dueAt: calendar.lastRead + interval }
}

/** Replaces one calendar. */
export const withCalendar = (state: CalendarsState, id: string, calendar: CalendarState): CalendarsState => ({
  ...state,
  byId: new Map(state.byId).set(id, calendar),
})

/** Discards the calendars that the spec no longer names. */
export function withOnly(state: CalendarsState, wanted: ReadonlyMap<string, unknown>): CalendarsState {
  const known = [...state.byId].filter(([id]) => wanted.has(id))
  return known.length === state.byId.size ? state : { ...state, byId: new Map(known) }
}

/** The state after another grant came into use: every calendar is due for a full listing, because another account may see other events. */
export const withAnotherGrant = (state: CalendarsState): CalendarsState =>
  mapCalendars(state, (calendar) => ({ ...calendar, dueAt: -Infinity, syncToken: undefined, failure: undefined }))

/**
 * Aligns the instants with the time of day, which may have been set since they were recorded.
 *
 * After a step forward it is unknown whether the clock was corrected or the process was suspended. So the time is assumed to have
 * passed: reads are older, and what would have been due is due. That costs at most one read; the opposite would publish old
 * calendars as fresh. A step back changes nothing. Steps below `MIN_STEP_MS` add up.
 */
export function alignedWithTimeOfDay(state: CalendarsState, clock: Pick<Clock, 'now' | 'monotonic'>): CalendarsState {
  const timeOfDayOffset = offsetOf(clock)
  const stepMs = timeOfDayOffset - (state.timeOfDayOffset ?? timeOfDayOffset)
  if (state.timeOfDayOffset !== undefined && Math.abs(stepMs) < MIN_STEP_MS) return state
  const aligned = stepMs > 0 ? mapCalendars(state, (calendar) => withAge(calendar, stepMs)) : state
  return { ...aligned, timeOfDayOffset }
}

function withAge(calendar: CalendarState, ms: number): CalendarState {
  const earlier = (instant: number | undefined): number | undefined =>
    instant === undefined ? undefined : instant - ms
  return {
    ...calendar,
    lastRead: earlier(calendar.lastRead),
    lastFull: earlier(calendar.lastFull),
    changedAt: undefined,
    // After a failure it is a backoff, which is measured in real time.
    dueAt: calendar.failure ? calendar.dueAt : calendar.dueAt - ms,
  }
}

const mapCalendars = (state: CalendarsState, map: (calendar: CalendarState) => CalendarState): CalendarsState => ({
  ...state,
  byId: new Map([...state.byId].map(([id, calendar]) => [id, map(calendar)])),
})
