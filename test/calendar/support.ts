import { computeBusyTime, type BusyRules, type BusyTime } from '../../src/calendar/busy.ts'
import type { Detail } from '../../src/calendar/compact-event.ts'
import type { Interval } from '../../src/calendar/interval.ts'
import type { CalendarSnapshot } from '../../src/calendar/calendar-snapshot.ts'
import { SnapshotBuilder, type ListingResult, type ListingOptions } from '../../src/calendar/snapshot-builder.ts'
import type { EventResource } from '../../src/calendar/event-resource.ts'
import { createZones } from '../../src/calendar/zones.ts'

export const zones = createZones()

type Nullable<T> = T extends object ? { [K in keyof T]?: Nullable<T[K]> | null } : T | null

/** An event as an answer may contain it: Google leaves out empty fields, or writes null. */
export type RawEvent = Nullable<EventResource>

/** Applies a listing of one page. */
export function applyListing(
  before: CalendarSnapshot | undefined,
  events: readonly unknown[],
  { timeZone, ...options }: ListingOptions & { timeZone: string },
): ListingResult {
  const builder = new SnapshotBuilder(before, options)
  builder.add(events, timeZone)
  return builder.finish(timeZone)
}

export const allBusy: BusyRules = { tentative: 'Busy', allDay: 'Busy' }

export const at = (text: string): number => Date.parse(text)

export const between = (start: string, end: string): Interval => ({ start: at(start), end: at(end) })

/** The month of the day that most tests use. */
export const november = between('2026-11-01T00:00:00Z', '2026-12-01T00:00:00Z')

/** A meeting of one hour, with special fields. */
export const meeting = (special: RawEvent = {}): RawEvent => ({
  id: 'meeting',
  status: 'confirmed',
  start: { dateTime: '2026-11-23T14:00:00+01:00', timeZone: 'Europe/Paris' },
  end: { dateTime: '2026-11-23T15:00:00+01:00', timeZone: 'Europe/Paris' },
  ...special,
})

export const allDay = (start: string, end: string, special: RawEvent = {}): RawEvent =>
  meeting({ id: `day ${start}`, start: { date: start }, end: { date: end }, ...special })

export interface Setting {
  timeZone?: string
  detail?: Detail
  window?: Interval
}

export const list = (
  events: readonly unknown[],
  { timeZone = 'Europe/Paris', detail = 'Busy', window }: Setting = {},
): CalendarSnapshot => applyListing(undefined, events, { full: true, timeZone, detail, zones, window }).snapshot

/** Applies a delta with the settings of the snapshot. */
export const update = (snapshot: CalendarSnapshot, events: readonly unknown[]): ListingResult =>
  applyListing(snapshot, events, { full: false, timeZone: snapshot.timeZone, detail: snapshot.detail, zones })

export const read = (snapshot: CalendarSnapshot, window = november, rules = allBusy): BusyTime =>
  computeBusyTime([snapshot], rules, window, zones)

/** Busy time as it is published, for tests that read like a calendar. */
export const busyTimes = (events: readonly unknown[], setting: Setting = {}, window = november): string[] =>
  read(list(events, setting), window).busy.map(spell)

export const spell = ({ start, end }: Interval): string =>
  `${new Date(start).toISOString().slice(0, 16)}/${new Date(end).toISOString().slice(0, 16)}`
