/** Facts and a spec's rules to busy time. */
import { ALL_DAY, NEVER_BUSY, NO_TIME, TENTATIVE, UNIDENTIFIED, type CompactTime } from './compact-event.ts'
import { clip, mergeIntervals, type Interval } from './interval.ts'
import { snapshotTimes, type CalendarSnapshot } from './calendar-snapshot.ts'
import { covers } from './window.ts'
import { DAY, type Zones } from './zones.ts'

/** `spec.busy` of an Agent. */
export interface BusyRules {
  tentative: 'Busy' | 'Free'
  allDay: 'Busy' | 'Free'
}

export interface Reading {
  /** Sorted, merged, within the window. */
  busy: Interval[]
  /** Events of which nobody can say when, or which, they are. */
  notUnderstood: number
  /** Every event was understood, and nothing of the window lies outside of what was asked for. */
  complete: boolean
}

/** What the calendars together say of a window. */
export function computeBusyTime(
  snapshots: Iterable<CalendarSnapshot>,
  rules: BusyRules,
  window: Interval,
  zones: Zones,
): Reading {
  const intervals: Interval[] = []
  let notUnderstood = 0
  let covered = true
  for (const snapshot of snapshots) {
    covered &&= !snapshot.asked || covers(snapshot.asked, window)
    for (const fact of snapshotTimes(snapshot)) {
      if (!isBusy(fact, rules)) continue
      if (fact.flags & (NO_TIME | UNIDENTIFIED)) notUnderstood += 1
      if (!(fact.flags & NO_TIME)) intervals.push(intervalOf(fact, snapshot.timeZone, zones))
    }
  }
  return { busy: mergeIntervals(clip(intervals, window)), notUnderstood, complete: covered && notUnderstood === 0 }
}

/** Whether an event takes time, by its facts and the spec's rules. */
export function isBusy({ flags }: CompactTime, rules: BusyRules): boolean {
  if (flags & NEVER_BUSY) return false
  if (flags & TENTATIVE && rules.tentative === 'Free') return false
  return !(flags & ALL_DAY && rules.allDay === 'Free')
}

/** The instants of an event, in ms. */
export function intervalOf({ start, end, flags }: CompactTime, timeZone: string, zones: Zones): Interval {
  if (!(flags & ALL_DAY)) return { start: start * 1000, end: end * 1000 }
  const day = DAY / 1000
  return {
    start: zones.startOfDay(start / day, timeZone, 'earlier'),
    end: zones.startOfDay(end / day, timeZone, 'later'),
  }
}
