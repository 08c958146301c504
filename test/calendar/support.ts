import { busyOf, type BusyRules, type Reading } from '../../src/calendar/busy.ts'
import type { Detail } from '../../src/calendar/fact.ts'
import type { Interval } from '../../src/calendar/interval.ts'
import type { Picture } from '../../src/calendar/picture.ts'
import { SnapshotBuilder, type Applied, type ListingOptions } from '../../src/calendar/snapshot-builder.ts'
import type { SourceEvent } from '../../src/calendar/source.ts'
import { createZones } from '../../src/calendar/zones.ts'

export const zones = createZones()

type Nullable<T> = T extends object ? { [K in keyof T]?: Nullable<T[K]> | null } : T | null

/** An event as it may stand in an answer: Google leaves out what is empty, or writes null. */
export type RawEvent = Nullable<SourceEvent>

/** A whole listing of one page. */
export function applyListing(
  before: Picture | undefined,
  events: readonly unknown[],
  { timeZone, ...options }: ListingOptions & { timeZone: string },
): Applied {
  const builder = new SnapshotBuilder(before, options)
  builder.add(events, timeZone)
  return builder.finish(timeZone)
}

export const allBusy: BusyRules = { tentative: 'Busy', allDay: 'Busy' }

export const at = (text: string): number => Date.parse(text)

export const between = (start: string, end: string): Interval => ({ start: at(start), end: at(end) })

/** A month around the tests' usual day. */
export const november = between('2026-11-01T00:00:00Z', '2026-12-01T00:00:00Z')

/** An hour's meeting, with whatever is special about it. */
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
): Picture => applyListing(undefined, events, { full: true, timeZone, detail, zones, window }).picture

/** A delta in the setting that the picture was listed in. */
export const update = (picture: Picture, events: readonly unknown[]): Applied =>
  applyListing(picture, events, { full: false, timeZone: picture.timeZone, detail: picture.detail, zones })

export const read = (picture: Picture, window = november, rules = allBusy): Reading =>
  busyOf([picture], rules, window, zones)

/** Busy time as it is published, for tests that read like a calendar. */
export const busyTimes = (events: readonly unknown[], setting: Setting = {}, window = november): string[] =>
  read(list(events, setting), window).busy.map(spell)

export const spell = ({ start, end }: Interval): string =>
  `${new Date(start).toISOString().slice(0, 16)}/${new Date(end).toISOString().slice(0, 16)}`
