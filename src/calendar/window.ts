/** Computes the windows that are published and requested from Google. Pure. */
import { DAY_MS, HOUR_MS } from '../platform/time-units.ts'
import type { Interval } from './interval.ts'

/** `spec.sync.window` of a CalendarIntegration. */
interface WindowDays {
  pastDays: number
  futureDays: number
}

/** The window that is published: from `pastDays` × 24 h before to `futureDays` × 24 h after the current full UTC hour. */
export function publishedWindow(now: number, { pastDays, futureDays }: WindowDays): Interval {
  const hour = Math.floor(now / HOUR_MS) * HOUR_MS
  return { start: hour - pastDays * DAY_MS, end: hour + futureDays * DAY_MS }
}

/**
 * The window that is requested from Google: a day more on both sides, so that the published window can move for a day before
 * another full listing is needed, and so that all-day events are included whether their time zone is ahead of UTC or behind it.
 */
export function listingWindow(now: number, days: WindowDays): Interval {
  const { start, end } = publishedWindow(now, days)
  return { start: start - DAY_MS, end: end + DAY_MS }
}

/** The parts of `window` that the listed one does not cover; none if it is not known what was listed. */
export const uncovered = (window: Interval, listed: Interval = window): Interval[] =>
  [
    { start: window.start, end: Math.min(listed.start, window.end) },
    { start: Math.max(listed.end, window.start), end: window.end },
  ].filter(({ start, end }) => start < end)
