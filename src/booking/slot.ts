/** Judges whether a slot is free, from what was read of an Agent's calendars. Pure. */
import { isBusy, toInterval, type BusyRules } from '../calendar/busy.ts'
import { snapshotEvents, type CalendarSnapshot } from '../calendar/calendar-snapshot.ts'
import { NO_TIME, UNIDENTIFIED, type CompactEvent } from '../calendar/compact-event.ts'
import { googleIdOf } from '../calendar/event-keys.ts'
import type { Interval } from '../calendar/interval.ts'
import { uncovered } from '../calendar/window.ts'
import type { Zones } from '../calendar/zones.ts'

/** A slot, and whose it may be. */
export interface SlotQuestion {
  slot: Interval
  rules: BusyRules
  zones: Zones
  /** The Booking's own event, which does not keep it from its slot. */
  ownId: string
}

/** `beyond`: the slot reaches past what was listed. `doubtful`: an event that was not understood may be in it. */
export type SlotAnswer = 'free' | 'taken' | 'doubtful' | 'beyond'

/** Whether the slot is free in all of the calendars. What is certain comes before what is not known. */
export function judgeSlot(snapshots: readonly CalendarSnapshot[], question: SlotQuestion): SlotAnswer {
  const { slot } = question
  const answers = snapshots.flatMap((snapshot) => eventAnswers(snapshot, question))
  if (answers.includes('taken')) return 'taken'
  const isCovered = snapshots.every(
    ({ listedWindow }) => listedWindow !== undefined && uncovered(slot, listedWindow).length === 0,
  )
  if (!isCovered) return 'beyond'
  return answers.includes('doubtful') ? 'doubtful' : 'free'
}

function eventAnswers(snapshot: CalendarSnapshot, { slot, rules, zones, ownId }: SlotQuestion): SlotAnswer[] {
  const counts = (event: CompactEvent): boolean => googleIdOf(event.id) !== ownId && isBusy(event, rules)
  return snapshotEvents(snapshot)
    .filter(counts)
    .flatMap((event): SlotAnswer[] => {
      if (event.flags & (NO_TIME | UNIDENTIFIED)) return ['doubtful']
      const { start, end } = toInterval(event, snapshot.timeZone, zones)
      return start < slot.end && end > slot.start ? ['taken'] : []
    })
}
