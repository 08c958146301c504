import type { Interval } from './interval.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

export interface WindowDays {
  pastDays: number
  futureDays: number
}

/** The window that is published: whole UTC hours, `pastDays` × 24 h back and `futureDays` × 24 h ahead of the current one. */
export function publishedWindow(now: number, { pastDays, futureDays }: WindowDays): Interval {
  const hour = Math.floor(now / HOUR) * HOUR
  return { start: hour - pastDays * DAY, end: hour + futureDays * DAY }
}

/**
 * The window that Google is asked for: a day more on both sides, so that what is published may move on for a day before
 * the calendar is listed anew, and so that all-day events are there whichever side of UTC their zone is on.
 */
export function listingWindow(now: number, days: WindowDays): Interval {
  const { start, end } = publishedWindow(now, days)
  return { start: start - DAY, end: end + DAY }
}

/** Whether nothing of `window` lies outside of what was asked for: time that nobody asked about isn't known to be free. */
export const covers = (asked: Interval, window: Interval): boolean =>
  asked.start <= window.start && window.end <= asked.end
