/**
 * The calendar room turns events into busy time. It is pure: events, rules, time zones and instants go in, intervals and documents
 * come out. It imports only the platform room's helpers, keeps no state between calls (except for the cache in `zones.ts`), and
 * knows neither Google nor Kubernetes.
 *
 * The data flows as follows: the items of a listing (`event-resource.ts`) become compact events (`compact-event.ts`,
 * `event-time.ts`, `event-content.ts`); `snapshot-builder.ts` merges the compact events of one calendar into a snapshot (this
 * file), which `event-codec.ts` encodes; snapshots and the rules of a spec become busy time (`busy.ts`) or a list of events
 * (`events-document.ts`); and these become the published texts (`busy-document.ts`, `events-document.ts`, `icalendar.ts`).
 */
import type { CompactEvent, CompactTime, Detail } from './compact-event.ts'
import { decodeEvents, decodeTimes, encodeEvents } from './event-codec.ts'
import type { Interval } from './interval.ts'

/** The state of one calendar as of its last listing. It is immutable: the next listing makes a new snapshot. */
export interface CalendarSnapshot {
  /** The compact events, as `event-codec.ts` stores them. */
  readonly encoded: Uint8Array
  /** How many events it contains, including free ones. */
  readonly events: number
  /** The calendar's own time zone, as Google names it. */
  readonly timeZone: string
  readonly detail: Detail
  /** Only the events of Bookings are kept: nothing else of this calendar counts. */
  readonly onlyBookings?: boolean
  /** The window of the last full listing, in ms since the epoch; nothing is known about the time outside of it. */
  readonly listedWindow: Interval | undefined
}

/** The snapshot of a calendar that was never listed. */
export const emptySnapshot = (timeZone = 'UTC', detail: Detail = 'Busy'): CalendarSnapshot => ({
  encoded: encodeEvents(new Map()),
  events: 0,
  timeZone,
  detail,
  listedWindow: undefined,
})

/** The events of a snapshot, sorted by key. */
export const snapshotEvents = (snapshot: CalendarSnapshot): CompactEvent[] => decodeEvents(snapshot.encoded)

/** The times of a snapshot's events, at a third of the cost of the events. */
export const snapshotTimes = (snapshot: CalendarSnapshot): CompactTime[] => decodeTimes(snapshot.encoded)
