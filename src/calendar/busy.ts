/** Computes busy time from snapshots and the busy rules of a spec. */
import { DAY_MS } from '../platform/time-units.ts'
import { snapshotTimes, type CalendarSnapshot } from './calendar-snapshot.ts'
import { ALL_DAY, NEVER_BUSY, NO_TIME, TENTATIVE, UNIDENTIFIED, type CompactTime } from './compact-event.ts'
import { clip, mergeIntervals, type Interval } from './interval.ts'
import { uncovered } from './window.ts'
import type { Zones } from './zones.ts'

/** `spec.busy` of an Agent. */
export interface BusyRules {
  tentative: 'Busy' | 'Free'
  allDay: 'Busy' | 'Free'
}

/** The busy time of one or more calendars. */
export interface BusyTime {
  /** Sorted, merged, clipped to the window; in ms since the epoch. */
  busy: Interval[]
  /** The number of busy events whose time or id could not be read. */
  notUnderstood: number
  /** Whether every event was understood, and the whole window was listed. */
  complete: boolean
}

/** Computes the busy time of all calendars together within a window. What was not listed counts as busy. */
export function computeBusyTime(
  snapshots: Iterable<CalendarSnapshot>,
  rules: BusyRules,
  window: Interval,
  zones: Zones,
): BusyTime {
  const intervals: Interval[] = []
  let notUnderstood = 0
  let covered = true
  for (const snapshot of snapshots) {
    const notListed = uncovered(window, snapshot.listedWindow)
    covered &&= notListed.length === 0
    intervals.push(...notListed)
    for (const time of snapshotTimes(snapshot)) {
      if (!isBusy(time, rules)) continue
      if (time.flags & (NO_TIME | UNIDENTIFIED)) notUnderstood += 1
      if (!(time.flags & NO_TIME)) intervals.push(toInterval(time, snapshot.timeZone, zones))
    }
  }
  return { busy: mergeIntervals(clip(intervals, window)), notUnderstood, complete: covered && notUnderstood === 0 }
}

/** Whether an event counts as busy under the rules of a spec. */
export function isBusy({ flags }: CompactTime, rules: BusyRules): boolean {
  if (flags & NEVER_BUSY) return false
  if (flags & TENTATIVE && rules.tentative === 'Free') return false
  return !(flags & ALL_DAY && rules.allDay === 'Free')
}

/** The interval of an event, in ms since the epoch; an all-day event lasts from midnight to midnight in `timeZone`. */
export function toInterval({ start, end, flags }: CompactTime, timeZone: string, zones: Zones): Interval {
  if (!(flags & ALL_DAY)) return { start: start * 1000, end: end * 1000 }
  const day = DAY_MS / 1000
  return {
    start: zones.startOfDay(start / day, timeZone, 'earlier'),
    end: zones.startOfDay(end / day, timeZone, 'later'),
  }
}
