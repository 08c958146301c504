import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { computeBusyTime } from '../../src/calendar/busy.ts'
import {
  withoutFreeTime,
  busyDocument,
  parseBusyJSON,
  renderBusyJSON,
  type BusyDocument,
} from '../../src/calendar/busy-document.ts'
import { eventsDocument, listEvents, renderEventsJSON } from '../../src/calendar/events-document.ts'
import type { CompactEvent } from '../../src/calendar/compact-event.ts'
import { parseBusyICalendar, renderBusyICalendar, renderEventsICalendar } from '../../src/calendar/icalendar.ts'
import { clip, mergeIntervals, type Interval } from '../../src/calendar/interval.ts'
import { decodeEvents, decodeTimes, encodeEvents } from '../../src/calendar/event-codec.ts'
import { snapshotEvents, type CalendarSnapshot } from '../../src/calendar/calendar-snapshot.ts'
import type { EventResource } from '../../src/calendar/event-resource.ts'
import { busyMinutes, localDates } from './oracle.ts'
import { applyListing, at, list, november, read, update, zones, type RawEvent } from './support.ts'
import { runs } from '../support/runs.ts'

const MINUTE = 60_000
const DAY = 86_400_000
const seeded = { seed: 20261123 }

const interval = fc
  .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: -2, max: 20 }))
  .map(([start, length]): Interval => ({ start, end: start + length }))

describe('merging', () => {
  it('gives the same result in any order, and a second time', () => {
    const property = fc.property(fc.array(interval), fc.array(interval), (some, others) => {
      const merged = mergeIntervals([...some, ...others])
      expect(mergeIntervals([...others].reverse().concat(some))).toEqual(merged)
      expect(mergeIntervals(merged)).toEqual(merged)
      expect(mergeIntervals([...mergeIntervals(some), ...others])).toEqual(merged)
    })
    fc.assert(property, seeded)
  })

  it('covers exactly the same moments, with gaps between the intervals', () => {
    const within = (all: Interval[], moment: number): boolean =>
      all.some(({ start, end }) => start <= moment && moment < end)
    const property = fc.property(fc.array(interval), interval, (all, window) => {
      const merged = mergeIntervals(all)
      const cut = clip(merged, window)
      for (let moment = -3; moment < 90; moment++) {
        expect(within(merged, moment)).toBe(within(all, moment))
        expect(within(cut, moment)).toBe(within(all, moment) && within([window], moment))
      }
      merged.slice(1).forEach((next, index) => expect(next.start).toBeGreaterThan(merged[index]!.end))
    })
    fc.assert(property, seeded)
  })
})

/** Places and days where the clocks change; the window is four days around them. */
const places: [zone: string, around: string][] = [
  ['UTC', '2026-11-23'],
  ['Europe/Paris', '2026-03-29'],
  ['Europe/Paris', '2026-10-25'],
  ['America/Sao_Paulo', '2018-11-04'],
  ['America/Sao_Paulo', '2018-02-18'],
  ['Asia/Beirut', '2026-03-29'],
  ['Africa/Cairo', '2026-10-30'],
  ['America/Havana', '2026-03-08'],
  ['America/Havana', '2026-11-01'],
  ['Pacific/Apia', '2011-12-30'],
  ['Australia/Lord_Howe', '2026-04-05'],
  ['Asia/Kathmandu', '2026-11-23'],
]

const offsets = fc.constantFrom('Z', '+01:00', '-03:30', '+13:45')

const rfc3339 = (instant: number, offset: string): string => {
  const [hours = 0, minutes = 0] = offset === 'Z' ? [] : offset.split(':').map(Number)
  const ahead = hours * 60 + (offset.startsWith('-') ? -minutes : minutes)
  return new Date(instant + ahead * MINUTE).toISOString().slice(0, 19) + offset
}
const date = (instant: number): string => new Date(instant).toISOString().slice(0, 10)

/** The time of an event, to the minute or by days, somewhere around the window. */
const times = (around: number): fc.Arbitrary<EventResource> =>
  fc.oneof(
    fc
      .tuple(fc.integer({ min: -4_000, max: 4_000 }), fc.integer({ min: 0, max: 2_000 }), offsets)
      .map(([from, length, offset]) => ({
        start: { dateTime: rfc3339(around + from * MINUTE, offset) },
        end: { dateTime: rfc3339(around + (from + length) * MINUTE, offset) },
      })),
    fc.tuple(fc.integer({ min: -4, max: 4 }), fc.integer({ min: 0, max: 3 })).map(([from, length]) => ({
      start: { date: date(around + from * DAY) },
      end: { date: date(around + (from + length) * DAY) },
    })),
  )

const often = <T>(usual: T, ...others: T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(usual) }, { weight: 2, arbitrary: fc.constantFrom(...others) })

const answers = fc.array(
  fc.record({
    self: often<boolean | undefined>(undefined, false),
    responseStatus: fc.constantFrom('accepted', 'declined', 'tentative', 'needsAction'),
  }),
  { maxLength: 2 },
)

const meaning: fc.Arbitrary<EventResource> = fc.record({
  status: often<string | undefined>('confirmed', 'tentative', 'cancelled', undefined),
  transparency: often<string | undefined>(undefined, 'opaque', 'transparent'),
  eventType: often('default', 'focusTime', 'outOfOffice', 'fromGmail', 'workingLocation', 'birthday'),
  attendees: fc
    .tuple(answers, often<string | undefined>(undefined, 'accepted', 'declined', 'tentative', 'needsAction'))
    .map(([others, own]) => (own ? [...others, { self: true, responseStatus: own }] : others)),
})

const eventsAround = (around: number, ids = 12): fc.Arbitrary<EventResource[]> =>
  fc.uniqueArray(
    fc
      .tuple(fc.integer({ min: 1, max: ids }), meaning, times(around))
      .map(([id, what, when]) => ({ id: `event${id}`, ...what, ...when })),
    { selector: ({ id }) => id, maxLength: 8 },
  )

const choice = fc.constantFrom('Busy' as const, 'Free' as const)
const rules = fc.record({ tentative: choice, allDay: choice })

it.each(places)(
  'busy time in %s around %s is the same as that of the simple model, minute by minute',
  (timeZone, around) => {
    const noon = at(`${around}T12:00:00Z`)
    const window = { start: noon - 2 * DAY, end: noon + 2 * DAY }
    const dateOf = localDates(timeZone)
    const property = fc.property(eventsAround(noon), rules, (events, chosen) => {
      const { busy } = computeBusyTime([list(events, { timeZone })], chosen, window, zones)
      const minutes = busyMinutes(events, chosen, window, dateOf)
      const found = minutes.map((_, index) => {
        const minute = window.start + index * MINUTE
        return busy.some(({ start, end }) => start <= minute && minute < end)
      })
      expect(found.indexOf(true)).toBe(minutes.indexOf(true))
      expect(found.findIndex((one, index) => one !== minutes[index])).toBe(-1)
    })
    fc.assert(property, { ...seeded, numRuns: runs(25) })
  },
)

describe('applying listings', () => {
  const noon = at('2026-11-23T12:00:00Z')

  /** What the calendar contains after all of these: the last version of each id. */
  const standing = (deltas: EventResource[][]): EventResource[] => {
    const last = new Map(deltas.flat().map((event) => [event.id, event]))
    return [...last.values()].filter(({ status }) => status !== 'cancelled')
  }
  const tombstone = (event: EventResource): EventResource =>
    event.status === 'cancelled' ? { id: event.id, status: 'cancelled' } : event

  it('one after the other gives the same bytes as one full listing', () => {
    const property = fc.property(fc.array(eventsAround(noon), { minLength: 1, maxLength: 5 }), (deltas) => {
      const empty = list([], { window: november })
      const grown = deltas.reduce((snapshot, delta) => update(snapshot, delta.map(tombstone)).snapshot, empty)
      expect(grown).toEqual(list(standing(deltas), { window: november }))
    })
    fc.assert(property, seeded)
  })

  it('gives the same result in any order of the events', () => {
    const property = fc.property(eventsAround(noon), eventsAround(noon), (known, delta) => {
      const before = list(known)
      expect(update(before, [...delta].reverse())).toEqual(update(before, delta))
    })
    fc.assert(property, seeded)
  })

  it('twice changes nothing the second time', () => {
    const property = fc.property(eventsAround(noon), eventsAround(noon), (known, delta) => {
      const once = update(list(known), delta).snapshot
      const twice = update(once, delta)
      expect(twice.changed).toBe(false)
      expect(twice.snapshot).toEqual(once)
    })
    fc.assert(property, seeded)
  })

  it('never returns "unchanged" if the busy time differs', () => {
    const property = fc.property(eventsAround(noon), eventsAround(noon), rules, (known, delta, chosen) => {
      const before = list(known)
      const { snapshot, changed } = update(before, delta)
      if (!changed) expect(read(snapshot, november, chosen)).toEqual(read(before, november, chosen))
    })
    fc.assert(property, seeded)
  })
})

describe('any answer', () => {
  const anyTime = fc.oneof(
    fc.constant(undefined),
    fc.record({
      date: fc.oneof(
        fc.string(),
        fc.constantFrom(undefined, null, '2026-11-23', '2026-02-31', '0000-01-01', '9999-12-31'),
      ),
      dateTime: fc.oneof(
        fc.string(),
        fc.constantFrom(undefined, null, '2026-11-23T10:00:00Z', '9999-12-31T23:59:60+14:00', '2026-11-23T10:00:00'),
      ),
      timeZone: fc.oneof(fc.string(), fc.constantFrom(undefined, null, 'Europe/Paris', 'Nowhere/At-All')),
    }),
  )
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(undefined, null, 'meeting', 'meeting_20261123T100000Z'),
  )
  const anything: fc.Arbitrary<RawEvent> = fc.record({
    id: text,
    status: fc.oneof(text, fc.constantFrom('confirmed', 'cancelled')),
    recurringEventId: text,
    start: anyTime,
    end: anyTime,
    originalStartTime: anyTime,
    summary: text,
    description: text,
    location: text,
    attendees: fc.array(fc.record({ self: fc.boolean(), email: text, displayName: text, responseStatus: text }), {
      maxLength: 2,
    }),
  })
  const zone = fc.constantFrom('Europe/Paris', 'Atlantis/Capital', '')

  it('is listed, computed and rendered in every format without an error', () => {
    const property = fc.property(fc.array(anything, { maxLength: 5 }), zone, rules, (events, timeZone, chosen) => {
      const options = { timeZone, detail: 'Full', zones, window: november } as const
      const { snapshot } = applyListing(undefined, events, { ...options, full: true })
      const again: CalendarSnapshot = applyListing(snapshot, events, { ...options, full: false }).snapshot
      expect(snapshotEvents(again)).toEqual(snapshotEvents(snapshot))
      const frame = {
        agent: 'a/b',
        timeZone,
        window: november,
        syncedAt: noonOf(0),
        freshUntil: noonOf(1),
        complete: true,
      }
      const document = busyDocument(frame, computeBusyTime([snapshot], chosen, november, zones))
      const listed = eventsDocument(document, listEvents([{ calendar: 'c', snapshot }], chosen, november, zones))
      expect(JSON.parse(renderEventsJSON(listed))).toHaveProperty('events')
      expect(
        renderEventsICalendar(listed)
          .split('\r\n')
          .every((line) => !/[^\P{Cc}\t]/u.test(line)),
      ).toBe(true)
    })
    fc.assert(property, seeded)
  })
})

const noonOf = (day: number): number => at('2026-11-23T12:00:00Z') + day * DAY

describe('the stored form', () => {
  const stamp = (start: number): string => new Date(start * 1000).toISOString().replace(/[-:]|\.000/g, '')
  const event: fc.Arbitrary<CompactEvent> = fc
    .record({
      id: fc.string({ unit: 'binary' }),
      recurringEventId: fc.oneof(
        fc.constant(''),
        fc.constantFrom('weekly', 'weekly_R20261129T080000', '12:34'),
        fc.string(),
      ),
      start: fc.integer({ min: 1_700_000_000, max: 1_900_000_000 }),
      end: fc.integer({ min: 1_700_000_000, max: 1_900_000_000 }),
      flags: fc.integer({ min: 0, max: 15 }),
      content: fc.constantFrom('', '{}', '{"title":"\\n"}'),
    })
    .chain((made) => fc.constantFrom(made, { ...made, id: `${made.recurringEventId}_${stamp(made.start)}` }))

  const simple = { recurringEventId: '', end: 1_795_914_000, flags: 0, content: '' }

  /** As Google's own events are: their ids need six bits for each character. */
  const plain = fc
    .record({
      id: fc.stringMatching(/^\w{0,30}$/),
      recurringEventId: fc.constantFrom('', 'weekly', 'weekly_R20261129T080000', '12_34', '7'),
      start: fc.integer({ min: 1_700_000_000, max: 1_900_000_000 }),
      end: fc.integer({ min: 1_700_000_000, max: 1_900_000_000 }),
      flags: fc.integer({ min: 0, max: 63 }),
    })
    .map((made): CompactEvent => ({ ...made, content: '' }))
    .chain((made) =>
      fc.constantFrom(
        made,
        made,
        { ...made, id: `${made.recurringEventId}_${stamp(made.start)}` },
        { ...made, id: '-' },
      ),
    )

  const encode = (events: readonly CompactEvent[]): Uint8Array =>
    encodeEvents(new Map(events.map((event) => [event.id, event])))

  it('decodes to the same events, sorted by id, and has the same bytes for the same events', () => {
    const listOf = (one: typeof event): fc.Arbitrary<CompactEvent[]> =>
      fc.uniqueArray(one, { selector: ({ id }) => id, maxLength: 20 })
    const property = fc.property(fc.oneof(listOf(event), listOf(plain)), (events) => {
      const encoded = encode(events)
      const sorted = [...events].sort((a, b) => (a.id < b.id ? -1 : 1))
      expect(decodeEvents(encoded)).toEqual(sorted)
      expect(decodeTimes(encoded)).toEqual(sorted.map(({ start, end, flags }) => ({ start, end, flags })))
      expect(encode([...events].reverse())).toEqual(encoded)
    })
    fc.assert(property, { ...seeded, numRuns: runs(500) })
  })

  it('takes less than 28 bytes for a single event, and is compressed where there are many', () => {
    const ids = Array.from({ length: 1000 }, (_, n) => (n * 2_654_435_761).toString(32).padStart(26, '0u7v'))
    const events = ids.map((id, n) => ({ ...simple, id, start: 1_795_910_400 + ((n * 7) % 50) * 5400 }))
    for (const count of [1, 50, 1000]) {
      const encoded = encode(events.slice(0, count))
      expect(encoded.length / count).toBeLessThan(count === 1 ? 35 : 28)
      expect(decodeEvents(encoded)).toHaveLength(count)
    }
  })
})

describe('documents', () => {
  const document: fc.Arbitrary<BusyDocument> = fc
    .record({
      agent: fc.constantFrom(
        'booking/alice',
        'a/b',
        'default/agent-with-a-very-long-name-that-will-be-folded-somewhere',
      ),
      timeZone: fc.constantFrom('Europe/Paris', 'UTC', 'America/Argentina/ComodRivadavia'),
      syncedAt: fc.integer({ min: 0, max: 4_000_000_000 }),
      freshFor: fc.integer({ min: 0, max: 100_000 }),
      complete: fc.boolean(),
      busy: fc.array(interval),
    })
    .map(({ syncedAt, freshFor, busy, ...rest }) => {
      const window = { start: syncedAt * 1000, end: syncedAt * 1000 + 60 * 3_600_000 }
      const stamps = { window, syncedAt: syncedAt * 1000, freshUntil: (syncedAt + freshFor) * 1000 }
      const placed = busy.map(({ start, end }) => ({
        start: window.start + start * 3_599_999,
        end: window.start + end * 3_600_001,
      }))
      return busyDocument({ ...rest, ...stamps }, { busy: placed, notUnderstood: 0, complete: true })
    })

  it('can be parsed as they were rendered, from JSON and from iCalendar', () => {
    const property = fc.property(document, (one) => {
      expect(parseBusyJSON(renderBusyJSON(one))).toEqual(one)
      expect(parseBusyICalendar(renderBusyICalendar(one))).toEqual(one)
      expect(parseBusyJSON(renderBusyJSON(withoutFreeTime(one)))?.busy).toEqual([one.window])
    })
    fc.assert(property, seeded)
  })

  it('contain nothing about a person but the name of the Agent', () => {
    const property = fc.property(document, (one) => {
      const allowed =
        /^(BEGIN|END|TZ[A-Z]+|PRODID|VERSION|CALSCALE|X-WR-TIMEZONE|X-CALENDAR-OPERATOR-[A-Z-]+|UID|DTSTAMP|DTSTART|DTEND|SUMMARY:Busy|TRANSP)/
      for (const line of renderBusyICalendar(one).trimEnd().split('\r\n'))
        expect(line).toMatch(/^ /.test(line) ? /^ / : allowed)
    })
    fc.assert(property, seeded)
  })
})
