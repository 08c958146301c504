/** Answers from Google that once gave a wrong busy time, and similar ones. */
import { describe, expect, it } from 'vitest'
import { busyDocument, renderBusyJSON } from '../../src/calendar/busy-document.ts'
import { eventsDocument, listEvents, renderEventsJSON } from '../../src/calendar/events-document.ts'
import { renderBusyICalendar, renderEventsICalendar } from '../../src/calendar/icalendar.ts'
import type { CalendarSnapshot } from '../../src/calendar/calendar-snapshot.ts'
import { allBusy, between, list, read, spell, update, zones, type RawEvent } from './support.ts'

const window = between('2026-11-22T10:00:00Z', '2027-02-21T10:00:00Z')

const timed = (id: string, start: string, end: string, special: RawEvent = {}): RawEvent => ({
  id,
  status: 'confirmed',
  start: { dateTime: start },
  end: { dateTime: end },
  ...special,
})

const dates = (start: string, end: string): RawEvent => ({
  id: 'allday01',
  status: 'confirmed',
  start: { date: start },
  end: { date: end },
})

const cancelled = (id: string, special: RawEvent = {}): RawEvent => ({ id, status: 'cancelled', ...special })

interface Calendar {
  zone?: string
  listing: RawEvent[]
  delta?: RawEvent[]
}

function pictureOf({ zone = 'UTC', listing, delta }: Calendar): CalendarSnapshot {
  const first = list(listing, { timeZone: zone, window })
  return delta ? update(first, delta).snapshot : first
}

const busyIn = (calendar: Calendar): string[] => read(pictureOf(calendar), window).busy.map(spell)

describe('a tombstone proves nothing about a live event', () => {
  const single = timed('abc00001', '2026-12-01T10:00:00Z', '2026-12-01T11:00:00Z')
  const at = ['2026-12-01T10:00/2026-12-01T11:00']
  const instance = (day: string, special: RawEvent = {}): RawEvent =>
    timed(`abc00001_202612${day}T100000Z`, `2026-12-${day}T10:00:00Z`, `2026-12-${day}T11:00:00Z`, {
      recurringEventId: 'abc00001',
      originalStartTime: { dateTime: `2026-12-${day}T10:00:00Z` },
      ...special,
    })
  const gone = (day: string): RawEvent => instance(day, { status: 'cancelled', start: null, end: null })

  it('of an instance of an event that is single now', () => {
    expect(busyIn({ listing: [single], delta: [gone('03')] })).toEqual(at)
  })

  it('of an instance, in the delta that makes the recurring event a single one, in either order', () => {
    const listing = [instance('01'), instance('03')]
    for (const delta of [
      [single, gone('01'), gone('03')],
      [gone('03'), gone('01'), single],
    ])
      expect(busyIn({ listing, delta })).toEqual(at)
  })

  it('of the single event, in the delta that makes it recurring, in either order', () => {
    const both = ['2026-12-01T10:00/2026-12-01T11:00', '2026-12-03T10:00/2026-12-03T11:00']
    for (const delta of [
      [cancelled('abc00001'), instance('01'), instance('03')],
      [instance('03'), instance('01'), cancelled('abc00001')],
    ])
      expect(busyIn({ listing: [single], delta })).toEqual(both)
  })

  it('that is in the same delta, in either order', () => {
    const before = list([], { timeZone: 'UTC', window })
    const deltas = [
      [cancelled('abc00001'), single],
      [single, cancelled('abc00001')],
    ]
    const [anew, contradictory] = deltas.map((delta) => update(before, delta))
    for (const one of [anew, contradictory]) expect(one && read(one.snapshot, window).busy.map(spell)).toEqual(at)
    // An event that was created again after it was cancelled is clear; the other order needs a full listing.
    expect([anew?.doubtful, contradictory?.doubtful]).toEqual([false, true])
  })

  it('of a recurring event removes its instances, and a full listing has to confirm that', () => {
    const { snapshot, doubtful } = update(pictureOf({ listing: [instance('01'), instance('03')] }), [
      cancelled('abc00001'),
    ])
    expect(read(snapshot, window).busy).toEqual([])
    expect(doubtful).toBe(true)
  })

  it('of an id that a single event shares with a recurring one removes only the single event', () => {
    expect(busyIn({ listing: [single, instance('03')], delta: [cancelled('abc00001')] })).toEqual([
      '2026-12-03T10:00/2026-12-03T11:00',
    ])
  })

  it('of another exception', () => {
    const moved = instance('03', {
      start: { dateTime: '2026-12-04T10:00:00Z' },
      end: { dateTime: '2026-12-04T11:00:00Z' },
    })
    expect(busyIn({ listing: [instance('01'), moved], delta: [gone('01')] })).toEqual([
      '2026-12-04T10:00/2026-12-04T11:00',
    ])
  })
})

describe('an event with the id of a recurring event', () => {
  const instances = ['01', '03'].map((day) =>
    timed(`weekly_202612${day}T100000Z`, `2026-12-${day}T10:00:00Z`, `2026-12-${day}T11:00:00Z`, {
      recurringEventId: 'weekly',
    }),
  )

  it('replaces its instances, though Google does not mention them', () => {
    const delta = [timed('weekly', '2026-12-08T10:00:00Z', '2026-12-08T11:00:00Z')]
    expect(busyIn({ listing: instances, delta })).toEqual(['2026-12-08T10:00/2026-12-08T11:00'])
  })

  it('replaces nothing if it was not understood', () => {
    const delta = [timed('weekly', 'some time', 'later')]
    const snapshot = pictureOf({ listing: instances, delta })
    expect(read(snapshot, window)).toMatchObject({ complete: false })
    expect(read(snapshot, window).busy).toHaveLength(2)
  })

  it('is kept next to the instances in the same listing', () => {
    const delta = [timed('weekly', '2026-12-08T10:00:00Z', '2026-12-08T11:00:00Z'), ...instances.slice(1)]
    expect(busyIn({ listing: instances, delta })).toEqual([
      '2026-12-03T10:00/2026-12-03T11:00',
      '2026-12-08T10:00/2026-12-08T11:00',
    ])
  })
})

describe('an all-day event', () => {
  const rows: [what: string, zone: string, start: string, end: string, busy: string][] = [
    ['that ends on the day it begins', 'Europe/Paris', '2026-12-02', '2026-12-02', '2026-12-01T23:00/2026-12-02T23:00'],
    ['that ends before it begins', 'Europe/Paris', '2026-12-02', '2026-11-30', '2026-12-01T23:00/2026-12-02T23:00'],
    ['that ends in the year 10000', 'Europe/Paris', '2026-12-02', '10000-01-01', '2026-12-01T23:00/2027-02-21T10:00'],
    ['that ends in the year 99999', 'UTC', '2026-12-02', '99999-12-31', '2026-12-02T00:00/2027-02-21T10:00'],
    ['that ends on the last day there is', 'UTC', '2026-12-02', '9999-12-31', '2026-12-02T00:00/2027-02-21T10:00'],
    ['that began in the year 0', 'UTC', '0000-01-01', '2026-12-02', '2026-11-22T10:00/2026-12-02T00:00'],
    ['behind UTC, by GMT-05:00', 'GMT-05:00', '2026-12-02', '2026-12-03', '2026-12-02T05:00/2026-12-03T05:00'],
    ['ahead of UTC, by UTC+3', 'UTC+3', '2026-12-02', '2026-12-03', '2026-12-01T21:00/2026-12-02T21:00'],
    ['by GMT+0530', 'GMT+0530', '2026-12-02', '2026-12-03', '2026-12-01T18:30/2026-12-02T18:30'],
    ['by -08:00', '-08:00', '2026-12-02', '2026-12-03', '2026-12-02T08:00/2026-12-03T08:00'],
    [
      'by Etc/GMT+5, where the sign is the other way round',
      'Etc/GMT+5',
      '2026-12-02',
      '2026-12-03',
      '2026-12-02T05:00/2026-12-03T05:00',
    ],
    ['in a zone nobody knows', 'Mars/Olympus', '2026-12-02', '2026-12-03', '2026-12-01T10:00/2026-12-03T12:00'],
  ]
  it.each(rows)('%s (%s): %s to %s', (...[, zone, start, end, busy]) => {
    expect(busyIn({ zone, listing: [dates(start, end)] })).toEqual([busy])
  })

  it('is read in its own time zone if that is a fixed offset', () => {
    const local = { dateTime: '2026-12-02T10:00:00', timeZone: 'GMT-05:00' }
    const event = timed('a', '', '', { start: local, end: { ...local, dateTime: '2026-12-02T11:00:00' } })
    expect(busyIn({ zone: 'Europe/Paris', listing: [event] })).toEqual(['2026-12-02T15:00/2026-12-02T16:00'])
  })
})

describe('the name of a time zone', () => {
  const rows: [zone: string, published: string][] = [
    ['Europe/Paris', 'Europe/Paris'],
    ['GMT-05:00', 'Etc/GMT+5'],
    ['UTC+3', 'Etc/GMT-3'],
    ['+14:00', 'Etc/GMT-14'],
    ['GMT-12', 'Etc/GMT+12'],
    ['GMT+05:30', 'Asia/Kolkata'],
    ['GMT-00:44', 'UTC'],
    ['UTC', 'UTC'],
    ['Etc/GMT+5', 'Etc/GMT+5'],
    ['GMT+23', 'UTC'],
    ['GMT+24', 'UTC'],
    ['W. Europe Standard Time', 'UTC'],
    ['Mars/Olympus', 'UTC'],
    ['', 'UTC'],
    ['x'.repeat(100_000), 'UTC'],
  ]
  it.each(rows)('%.20s is published as %s, which Intl accepts', (zone, published) => {
    expect(zones.nameOf(zone)).toBe(published)
    expect(() => new Intl.DateTimeFormat('en', { timeZone: published })).not.toThrow()
  })

  const kept = ['GMT+05:30', 'GMT+03:30', '+0430', 'UTC+5:45', '+06:30', '+08:45', '+09:30', '-09:30', '+7', '-11']
  it.each(kept)('with a fixed offset, %s, has that offset all year round', (zone) => {
    for (const month of ['01', '03', '07', '10']) {
      const day = Date.parse(`2026-${month}-15T00:00:00Z`) / 86_400_000
      const name = zones.nameOf(zone)
      expect(zones.startOfDay(day, name, 'earlier')).toBe(zones.startOfDay(day, zone, 'earlier'))
    }
  })
})

describe('a time after the year 9999', () => {
  const frame = { agent: 'a/b', timeZone: 'UTC', window, syncedAt: 0, freshUntil: 1, complete: true }
  const published = (event: RawEvent): { json: string; ics: string; busy: string } => {
    const snapshot = list([event], { timeZone: 'America/Los_Angeles', detail: 'Full' })
    const document = busyDocument(frame, read(snapshot, window))
    const events = eventsDocument(document, listEvents([{ calendar: 'c', snapshot }], allBusy, window, zones))
    const busy = renderBusyJSON(document) + renderBusyICalendar(document)
    return { json: renderEventsJSON(events), ics: renderEventsICalendar(events), busy }
  }

  it.each([
    ['an end that is in the year 10000 by UTC only', '9999-12-31T23:59:59-08:00'],
    ['an end in the year 10000', '10000-01-01T00:00:00Z'],
    ['a local end in the year 12345', '12345-01-01T00:00:00'],
  ])('counts as the last second of that year: %s', (_what, end) => {
    const { json, ics, busy } = published(timed('forever1', '2026-12-02T08:00:00-08:00', end))
    expect(json).toContain('"start":"2026-12-02T16:00:00Z","end":"9999-12-31T23:59:59Z"')
    expect(ics).toContain('DTEND:99991231T235959Z')
    expect(busy).toContain('"start":"2026-12-02T16:00:00Z","end":"2027-02-21T10:00:00Z"')
  })

  it('counts as the last day if it is a date', () => {
    const { json, ics } = published(dates('2026-12-02', '10000-01-01'))
    expect(json).toContain('"start":"2026-12-02","end":"9999-12-31"')
    expect(ics).toContain('DTEND;VALUE=DATE:99991231')
  })

  it('and before the year 1 counts likewise', () => {
    const { json, ics } = published(timed('old', '0000-01-01T00:00:00Z', '2026-12-02T08:00:00Z'))
    expect(json).toContain('"start":"0001-01-01T00:00:00Z"')
    expect(ics).toContain('DTSTART:00010101T000000Z')
  })

  it('makes no event without length', () => {
    const { busy } = published(timed('a', '2026-12-02T08:00:00Z', '2026-12-02T08:00:00Z'))
    expect(busy).toContain('"busy":[]')
  })
})
