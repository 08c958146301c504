/** Facts and a spec's rules to busy time. */
import { ALL_DAY, NEVER_BUSY, NO_TIME, TENTATIVE, UNSURE, type TimeFact } from './fact.ts'
import { clip, mergeIntervals, type Interval } from './interval.ts'
import { timesOf, type Picture } from './picture.ts'
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
export function busyOf(pictures: Iterable<Picture>, rules: BusyRules, window: Interval, zones: Zones): Reading {
  const intervals: Interval[] = []
  let notUnderstood = 0
  let covered = true
  for (const picture of pictures) {
    covered &&= !picture.asked || covers(picture.asked, window)
    for (const fact of timesOf(picture)) {
      if (!isBusy(fact, rules)) continue
      if (fact.flags & (NO_TIME | UNSURE)) notUnderstood += 1
      if (!(fact.flags & NO_TIME)) intervals.push(intervalOf(fact, picture.timeZone, zones))
    }
  }
  return { busy: mergeIntervals(clip(intervals, window)), notUnderstood, complete: covered && notUnderstood === 0 }
}

/** Whether an event takes time, by its facts and the spec's rules. */
export function isBusy({ flags }: TimeFact, rules: BusyRules): boolean {
  if (flags & NEVER_BUSY) return false
  if (flags & TENTATIVE && rules.tentative === 'Free') return false
  return !(flags & ALL_DAY && rules.allDay === 'Free')
}

/** The instants of an event, in ms. */
export function intervalOf({ start, end, flags }: TimeFact, timeZone: string, zones: Zones): Interval {
  if (!(flags & ALL_DAY)) return { start: start * 1000, end: end * 1000 }
  const day = DAY / 1000
  return {
    start: zones.startOfDay(start / day, timeZone, 'earlier'),
    end: zones.startOfDay(end / day, timeZone, 'later'),
  }
}
