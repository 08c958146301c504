/** Decides when a calendar is read, and whether incrementally or with a full listing. Pure, except that it reads the clock. */
import type { Detail } from '../calendar/compact-event.ts'
import { hasCome, type Clock } from '../platform/clock.ts'
import { HOUR_MS } from '../platform/time-units.ts'
import type { CalendarsState, CalendarState } from './state.ts'

/**
 * How long a full listing may be followed by incremental ones before its window is moved. The listing covers a day more than the
 * published window, which can therefore move for a day.
 */
const MAX_WINDOW_AGE_MS = 23 * HOUR_MS

/** The settings in the specs of the integration and the Agent, with durations in ms. */
export interface SyncSettings {
  interval: number
  fullSyncInterval: number
  window: { pastDays: number; futureDays: number }
  detail: Detail
  /** Bookings are written to it. */
  isWritten: boolean
  /** Only the events of Bookings count. */
  onlyBookings: boolean
}

type Now = Pick<Clock, 'now' | 'monotonic'>

/** Whether the calendar is due. */
export const isDue = (calendar: CalendarState, settings: SyncSettings, clock: Now): boolean =>
  hasCome(clock, calendar.dueAt) || (!calendar.failure && isOutdated(calendar, settings, clock))

/** The sync token from which the next read continues; undefined if it has to be a full listing. */
export function syncTokenToUse(calendar: CalendarState, settings: SyncSettings, clock: Now): string | undefined {
  const { lastFull } = calendar
  const fullEvery = Math.min(settings.fullSyncInterval, MAX_WINDOW_AGE_MS, pauseAfterDoubt(calendar, settings))
  const needsFull = lastFull === undefined || hasCome(clock, lastFull + fullEvery)
  return needsFull || isOutdated(calendar, settings, clock) ? undefined : calendar.syncToken
}

/** When the next calendar is due, by the monotonic clock; undefined before the first read. */
export function nextReading({ byId }: CalendarsState): number | undefined {
  let next: number | undefined
  for (const { dueAt } of byId.values()) if (next === undefined || dueAt < next) next = dueAt
  return next
}

/** The longest tick, in ms. */
const MAX_TICK_MS = 1_024
/** An interval has at least as many ticks, so that they are much shorter than its jitter. */
const TICKS_PER_INTERVAL = 60

/**
 * When a calendar is read again that was read at `startedAt`: an interval later, up to a tenth earlier or later by chance, so that
 * Agents that started together spread out. It is always on a tick of the monotonic clock. Reads that are due within one tick are
 * therefore done together, and the process sleeps in between (docs/decisions/0224). Ticks are powers of two, so that those of a
 * shorter interval include those of a longer one.
 */
export function nextDueAt(startedAt: number, interval: number, chance: number): number {
  const tick = tickOf(interval)
  const earliest = startedAt + interval * 0.9
  return Math.ceil((earliest + chance * (interval / 5 - tick)) / tick) * tick
}

const tickOf = (interval: number): number =>
  Math.min(2 ** Math.floor(Math.log2(interval / TICKS_PER_INTERVAL)), MAX_TICK_MS)

/**
 * A full listing that was not fully understood is repeated soon, and then less and less often: after two, four, eight intervals. Half
 * an interval less is counted, because the read that is meant may come early.
 */
const pauseAfterDoubt = ({ doubtfulListings }: CalendarState, { interval }: SyncSettings): number =>
  doubtfulListings > 0 ? interval * (2 ** doubtfulListings - 0.5) : Infinity

/** Whether the last full listing was made for other settings, or at a time of day that is far from the current one. */
function isOutdated({ listedFor, snapshot, booked }: CalendarState, settings: SyncSettings, clock: Now): boolean {
  if (!listedFor) return false
  const { window, detail, onlyBookings, isWritten } = settings
  const sameWindow = listedFor.pastDays === window.pastDays && listedFor.futureDays === window.futureDays
  // The time of day may have been set forward or back, and the published window must not exceed what was listed.
  const isFar = Math.abs(clock.now() - listedFor.at) > MAX_WINDOW_AGE_MS + HOUR_MS
  const sameContent = snapshot.detail === detail && (snapshot.onlyBookings ?? false) === onlyBookings
  return !sameWindow || isFar || !sameContent || (isWritten && booked === undefined)
}
