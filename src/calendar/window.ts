/** The windows of time that are published, and that are requested from Google. */
import type { Interval } from './interval.ts'
import { DAY, HOUR } from './zones.ts'

/** `spec.sync.window` of a CalendarIntegration. */
export interface WindowDays {
  pastDays: number
  futureDays: number
}

/** The window that is published: from `pastDays` × 24 h before to `futureDays` × 24 h after the current full UTC hour. */
export function publishedWindow(now: number, { pastDays, futureDays }: WindowDays): Interval {
  const hour = Math.floor(now / HOUR) * HOUR
  return { start: hour - pastDays * DAY, end: hour + futureDays * DAY }
}

/**
 * The window that is requested from Google: a day more on both sides, so that the published window can move for a day before
 * another full listing is needed, and so that all-day events are included on whichever side of UTC their time zone is.
 */
export function listingWindow(now: number, days: WindowDays): Interval {
  const { start, end } = publishedWindow(now, days)
  return { start: start - DAY, end: end + DAY }
}

/** Whether a listing of `listed` covers all of `window`: time that was not listed is not known to be free. */
export const covers = (listed: Interval, window: Interval): boolean =>
  listed.start <= window.start && window.end <= listed.end
