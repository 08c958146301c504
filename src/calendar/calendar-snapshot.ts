/**
 * The calendar room turns events into busy time. It is pure: events, rules, zones and instants in, intervals and
 * documents out; it imports nothing of ours, keeps nothing between calls and knows neither Google nor Kubernetes.
 *
 * The way through it: the pages of a listing (`source.ts`) become facts (`fact.ts`, `span.ts`, `wording.ts`), the facts of
 * one calendar a snapshot (`snapshot-builder.ts`; here, packed by `pack.ts`); snapshots and a spec's rules become intervals
 * (`busy.ts`) or a list of events (`events.ts`), and these become what is published (`document.ts`, `icalendar.ts`).
 */
import type { Detail, CompactEvent, CompactTime } from './compact-event.ts'
import type { Interval } from './interval.ts'
import { encodeEvents, decodeEvents, decodeTimes } from './event-codec.ts'

/** What is remembered of one calendar. Nothing in it is ever changed: a listing makes a new one. */
export interface CalendarSnapshot {
  readonly packed: Uint8Array
  /** How many events it holds, the free ones too. */
  readonly events: number
  readonly timeZone: string
  readonly detail: Detail
  /** The window that the last full listing asked for: of what lies outside of it nothing is known, nor kept. */
  readonly asked: Interval | undefined
}

/** What is known of a calendar that was never read. */
export const emptySnapshot = (timeZone = 'UTC', detail: Detail = 'Busy'): CalendarSnapshot => ({
  packed: encodeEvents([]),
  events: 0,
  timeZone,
  detail,
  asked: undefined,
})

/** The facts of a snapshot, sorted by id. */
export const snapshotEvents = (snapshot: CalendarSnapshot): CompactEvent[] => decodeEvents(snapshot.packed)

/** Only when its events are, for a third of the cost. */
export const snapshotTimes = (snapshot: CalendarSnapshot): CompactTime[] => decodeTimes(snapshot.packed)
