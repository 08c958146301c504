/** When a calendar is read, and whether incrementally or by a full listing. Pure: the clock is only read. */
import type { Detail } from '../calendar/compact-event.ts'
import { hasCome, type Clock } from '../platform/clock.ts'
import { HOUR_MS } from '../platform/time-units.ts'
import type { CalendarsState, CalendarState } from './state.ts'

/**
 * How long incremental readings may follow a full listing before its window is anchored again. The listing covers a day more
 * than what is published, so the published window may move for a day.
 */
const MAX_WINDOW_AGE_MS = 23 * HOUR_MS

/** What the spec of the integration and of the Agent ask for, with durations in ms. */
export interface SyncSettings {
  interval: number
  fullSyncInterval: number
  window: { pastDays: number; futureDays: number }
  detail: Detail
}

type Now = Pick<Clock, 'now' | 'monotonic'>

/** Whether the calendar is to be read now. */
export const isDue = (calendar: CalendarState, settings: SyncSettings, clock: Now): boolean =>
  hasCome(clock, calendar.dueAt) || (!calendar.failure && isOutdated(calendar, settings, clock))

/** The sync token that the next reading starts from; undefined if it has to be a full listing. */
export function syncTokenToUse(calendar: CalendarState, settings: SyncSettings, clock: Now): string | undefined {
  const { lastFull } = calendar
  const fullEvery = Math.min(settings.fullSyncInterval, MAX_WINDOW_AGE_MS, pauseAfterDoubt(calendar, settings))
  const needsFull = lastFull === undefined || hasCome(clock, lastFull + fullEvery)
  return needsFull || isOutdated(calendar, settings, clock) ? undefined : calendar.syncToken
}

/** When the next calendar is due, by the monotonic clock; undefined before any was read. */
export function nextReading({ byId }: CalendarsState): number | undefined {
  const due = [...byId.values()].map((calendar) => calendar.dueAt)
  return due.length > 0 ? Math.min(...due) : undefined
}

/** Agents that started together drift apart: each interval is up to a tenth shorter or longer. */
export const spread = (interval: number, chance: number): number => interval * (0.9 + chance / 5)

/** A full listing that was not understood is repeated soon, and less and less often while that does not help. */
const pauseAfterDoubt = ({ doubtfulListings }: CalendarState, { interval }: SyncSettings): number =>
  doubtfulListings > 0 ? interval * 2 ** doubtfulListings : Infinity

/** Whether the last full listing was made for other settings, or for a time of day that is no longer near. */
function isOutdated({ listedFor, snapshot }: CalendarState, { window, detail }: SyncSettings, clock: Now): boolean {
  if (!listedFor) return false
  const sameWindow = listedFor.pastDays === window.pastDays && listedFor.futureDays === window.futureDays
  // The time of day may have been set, either way: the published window must not reach past what was listed.
  const isFar = Math.abs(clock.now() - listedFor.at) > MAX_WINDOW_AGE_MS + HOUR_MS
  return !sameWindow || isFar || snapshot.detail !== detail
}
