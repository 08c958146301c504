import { busyOf, type BusyRules, type Reading } from '../../src/calendar/busy.ts'
import type { Detail } from '../../src/calendar/fact.ts'
import type { Interval } from '../../src/calendar/interval.ts'
import { applyListing, type Applied, type Picture } from '../../src/calendar/picture.ts'
import type { SourceEvent } from '../../src/calendar/source.ts'
import { createZones } from '../../src/calendar/zones.ts'

export const zones = createZones()

export const allBusy: BusyRules = { tentative: 'Busy', allDay: 'Busy' }

export const at = (text: string): number => Date.parse(text)

export const between = (start: string, end: string): Interval => ({ start: at(start), end: at(end) })

/** A month around the tests' usual day. */
export const november = between('2026-11-01T00:00:00Z', '2026-12-01T00:00:00Z')

/** An hour's meeting, with whatever is special about it. */
export const meeting = (special: Partial<SourceEvent> = {}): SourceEvent => ({
  id: 'meeting',
  status: 'confirmed',
  start: { dateTime: '2026-11-23T14:00:00+01:00', timeZone: 'Europe/Paris' },
  end: { dateTime: '2026-11-23T15:00:00+01:00', timeZone: 'Europe/Paris' },
  ...special,
})

export const allDay = (start: string, end: string, special: Partial<SourceEvent> = {}): SourceEvent =>
  meeting({ id: `day ${start}`, start: { date: start }, end: { date: end }, ...special })

export interface Setting {
  timeZone?: string
  detail?: Detail
  window?: Interval
}

export const list = (
  events: SourceEvent[],
  { timeZone = 'Europe/Paris', detail = 'Busy', window }: Setting = {},
): Picture => applyListing(undefined, events, { full: true, timeZone, detail, zones, window }).picture

/** A delta in the setting that the picture was listed in. */
export const update = (picture: Picture, events: SourceEvent[]): Applied =>
  applyListing(picture, events, { full: false, timeZone: picture.timeZone, detail: picture.detail, zones })

export const read = (picture: Picture, window = november, rules = allBusy): Reading =>
  busyOf([picture], rules, window, zones)

/** Busy time as it is published, for tests that read like a calendar. */
export const busyTimes = (events: SourceEvent[], setting: Setting = {}, window = november): string[] =>
  read(list(events, setting), window).busy.map(spell)

export const spell = ({ start, end }: Interval): string =>
  `${new Date(start).toISOString().slice(0, 16)}/${new Date(end).toISOString().slice(0, 16)}`
