import { Temporal } from 'temporal-polyfill'
import { describe, expect, it, vi } from 'vitest'
import { createZones } from '../../src/calendar/zones.ts'
import { applyListing, allDay, at, between, busyTimes, list, meeting, read, spell, update, zones } from './support.ts'

const always = between('2000-01-01T00:00:00Z', '2040-01-01T00:00:00Z')

describe('an all-day event lasts from midnight to midnight in the time zone of the calendar', () => {
  const rows: [zone: string, why: string, dates: string, span: string[]][] = [
    ['UTC', 'nothing happens', '2026-11-23/2026-11-24', ['2026-11-23T00:00/2026-11-24T00:00']],
    ['Europe/Paris', 'winter', '2026-11-23/2026-11-24', ['2026-11-22T23:00/2026-11-23T23:00']],
    ['Europe/Paris', 'a day of 23 hours', '2026-03-29/2026-03-30', ['2026-03-28T23:00/2026-03-29T22:00']],
    ['Europe/Paris', 'a day of 25 hours', '2026-10-25/2026-10-26', ['2026-10-24T22:00/2026-10-25T23:00']],
    ['America/Sao_Paulo', 'it begins at 01:00', '2018-11-04/2018-11-05', ['2018-11-04T03:00/2018-11-05T02:00']],
    ['America/Sao_Paulo', 'its last hour comes twice', '2018-02-17/2018-02-18', ['2018-02-17T02:00/2018-02-18T03:00']],
    ['Asia/Beirut', 'it begins at 01:00', '2026-03-29/2026-03-30', ['2026-03-28T22:00/2026-03-29T21:00']],
    ['Africa/Cairo', 'it begins at 01:00', '2026-04-24/2026-04-25', ['2026-04-23T22:00/2026-04-24T21:00']],
    ['Africa/Cairo', 'its last hour comes twice', '2026-10-29/2026-10-30', ['2026-10-28T21:00/2026-10-29T22:00']],
    ['America/Havana', 'it begins at 01:00', '2026-03-08/2026-03-09', ['2026-03-08T05:00/2026-03-09T04:00']],
    ['America/Havana', 'its midnight comes twice', '2026-11-01/2026-11-02', ['2026-11-01T04:00/2026-11-02T05:00']],
    ['Pacific/Apia', 'the day before the skipped one', '2011-12-29/2011-12-30', ['2011-12-29T10:00/2011-12-30T10:00']],
    ['Pacific/Apia', 'the skipped day, which never was', '2011-12-30/2011-12-31', []],
    ['Pacific/Apia', 'two days, one of them skipped', '2011-12-30/2012-01-01', ['2011-12-30T10:00/2011-12-31T10:00']],
    ['Pacific/Kiritimati', 'as far ahead as it gets', '2026-11-23/2026-11-24', ['2026-11-22T10:00/2026-11-23T10:00']],
    ['Australia/Lord_Howe', 'half an hour of summer', '2026-10-04/2026-10-05', ['2026-10-03T13:30/2026-10-04T13:00']],
    ['Asia/Kathmandu', 'three quarters', '2026-11-23/2026-11-25', ['2026-11-22T18:15/2026-11-24T18:15']],
  ]
  it.each(rows)('%s: %s', (timeZone, _why, dates, span) => {
    const [first = '', last = ''] = dates.split('/')
    expect(busyTimes([allDay(first, last)], { timeZone }, always)).toEqual(span)
  })

  it('and moves if the calendar changes its time zone, though Google sends no event for that', () => {
    const paris = list([allDay('2026-11-23', '2026-11-24')])
    const options = { full: false, timeZone: 'Asia/Tokyo', detail: 'Busy', zones } as const
    const { snapshot, changed } = applyListing(paris, [], options)
    expect(changed).toBe(true)
    expect(read(snapshot).busy.map(spell)).toEqual(['2026-11-22T15:00/2026-11-23T15:00'])
  })
})

describe('a time with an offset', () => {
  it('is read by its offset, whatever its time zone', () => {
    const event = meeting({
      start: { dateTime: '2026-11-23T10:00:00-03:30', timeZone: 'Europe/Paris' },
      end: { dateTime: '2026-11-23T13:30:00.000Z', timeZone: 'Nowhere/Land' },
    })
    expect(busyTimes([event])).toEqual([])
    const longer = { ...event, end: { dateTime: '2026-11-23T14:30:00z' } }
    expect(busyTimes([longer])).toEqual(['2026-11-23T13:30/2026-11-23T14:30'])
  })

  it('may cross a change of the clocks', () => {
    const night = meeting({
      start: { dateTime: '2026-10-25T02:30:00+02:00' },
      end: { dateTime: '2026-10-25T02:30:00+01:00' },
    })
    expect(busyTimes([night], {}, always)).toEqual(['2026-10-25T00:30/2026-10-25T01:30'])
  })
})

describe('a time without an offset', () => {
  const local = (start: string, end: string, timeZone?: string): string[] =>
    busyTimes([meeting({ start: { dateTime: start, timeZone }, end: { dateTime: end, timeZone } })], {}, always)

  it('is local to its own time zone', () => {
    expect(local('2026-11-23T14:00:00', '2026-11-23T15:00:00', 'America/New_York')).toEqual([
      '2026-11-23T19:00/2026-11-23T20:00',
    ])
  })

  it('is local to the time zone of the calendar if it has none', () => {
    expect(local('2026-11-23T14:00:00', '2026-11-23T15:00:00')).toEqual(['2026-11-23T13:00/2026-11-23T14:00'])
  })

  it('that occurs twice counts both times', () => {
    expect(local('2026-10-25T02:15:00', '2026-10-25T02:45:00')).toEqual(['2026-10-25T00:15/2026-10-25T01:45'])
  })

  it('that never occurs counts on both sides of the gap', () => {
    expect(local('2026-03-29T02:15:00', '2026-03-29T02:45:00')).toEqual(['2026-03-29T00:15/2026-03-29T01:45'])
  })
})

describe('a time zone that Node does not know', () => {
  it('makes a day as long as it can be anywhere on earth, and is no error', () => {
    const snapshot = list([allDay('2026-11-23', '2026-11-24')], { timeZone: 'Atlantis/Capital' })
    const reading = read(snapshot)
    expect(reading.busy.map(spell)).toEqual(['2026-11-22T10:00/2026-11-24T12:00'])
    expect(reading.complete).toBe(true)
  })

  it('makes an event at local times as long as it can be', () => {
    const start = { dateTime: '2026-11-23T14:00:00', timeZone: 'W. Europe Standard Time' }
    expect(busyTimes([meeting({ start, end: { ...start, dateTime: '2026-11-23T15:00:00' } })])).toEqual([
      '2026-11-23T00:00/2026-11-24T03:00',
    ])
  })
})

it('the cache of time zones never changes an answer, even when it is full', () => {
  const cached = createZones()
  const days = Array.from({ length: 4_000 }, (_, index) => 15_000 + index)
  const ask = (from: typeof cached): number[] => days.map((day) => from.startOfDay(day, 'America/Sao_Paulo', 'earlier'))
  const first = ask(cached)
  expect(ask(cached)).toEqual(first)
  expect(first.slice(-1)).toEqual([createZones().startOfDay(18_999, 'America/Sao_Paulo', 'later')])
  for (let index = 0; index < 1_500; index++) cached.startOfDay(0, `Unknown/${index}`, 'earlier')
  expect(ask(cached)).toEqual(first)
})

describe('a time with an offset', () => {
  const parse = (time: string): number | undefined => Date.parse(time) || undefined
  const timeAt = (index: number): string => new Date(index * 60_000 + 1).toISOString()

  it('is parsed once, whichever calendar it is in', () => {
    const cached = createZones()
    const parsed = vi.fn(parse)
    const times = [cached, cached.forListing(), cached.forListing()].map((zones) => zones.remembered(timeAt(1), parsed))
    expect([times, parsed.mock.calls]).toEqual([[60_001, 60_001, 60_001], [[timeAt(1)]]])
  })

  it('is the same after any number of others, of which 10,000 are remembered', () => {
    const cached = createZones()
    const parsed = vi.fn(parse)
    const askEach = (from: number, to: number): void => {
      for (let at = from; at < to; at++) expect(cached.remembered(timeAt(at), parsed)).toBe(at * 60_000 + 1)
    }
    askEach(0, 10_001)
    askEach(10_000, 10_001)
    expect(parsed).toHaveBeenCalledTimes(10_001)
    askEach(0, 1)
    expect(parsed).toHaveBeenCalledTimes(10_002)
  })

  it('is not remembered if it is longer than any that Google writes, or cannot be parsed', () => {
    const cached = createZones()
    const parsed = vi.fn(parse)
    for (const time of [`2026-11-23T09:00:00.${'0'.repeat(99)}Z`, 'never']) {
      parsed.mockClear()
      expect(cached.remembered(time, parsed)).toBe(cached.remembered(time, parsed))
      expect(parsed).toHaveBeenCalledTimes(2)
    }
  })
})

describe('the name of a time zone in another letter case', () => {
  it.each([
    ['europe/PARIS', 'Europe/Paris'],
    ['AMERICA/port-au-prince', 'America/Port-au-Prince'],
    ['us/eastern', 'US/Eastern'],
    ['gmt-05:00', 'Etc/GMT+5'],
  ])('%s is published as %s, whichever was seen first', (written, name) => {
    const cached = createZones()
    expect([cached.nameOf(written), cached.nameOf(name)]).toEqual([name, name])
    expect(createZones().nameOf(name)).toBe(name)
  })

  it('is looked up once, and never costs another calendar what is cached', () => {
    const cached = createZones()
    cached.startOfDay(20_000, 'Europe/Paris', 'earlier')
    const lookups = vi.spyOn(Temporal.Instant, 'fromEpochMilliseconds')
    const days = vi.spyOn(Temporal.PlainDate, 'from')
    for (const zone of caseVariants('europe/paris', 2_000)) cached.startOfDay(20_000, zone, 'earlier')
    for (let index = 0; index < 2_000; index++) cached.nameOf(`Unknown/${index}`)
    cached.startOfDay(20_000, 'Europe/Paris', 'earlier')
    expect(days).not.toHaveBeenCalled()
    expect(lookups).toHaveBeenCalledTimes(2_000)
    vi.restoreAllMocks()
  })

  it('counts no letter outside of ASCII as one of ASCII', () => {
    const kelvin = 'Asia/Hong_\u212Aong'
    const cached = createZones()
    expect([cached.nameOf('Asia/Hong_Kong'), cached.nameOf(kelvin)]).toEqual(['Asia/Hong_Kong', 'UTC'])
  })
})

describe('a listing in which each event names another time zone that does not exist', () => {
  const local = (id: string, timeZone: string): object => ({
    ...meeting({ id }),
    start: { dateTime: '2026-11-23T14:00:00', timeZone },
    end: { dateTime: '2026-11-23T15:00:00', timeZone },
  })
  const unknown = Array.from({ length: 1_000 }, (_, n) => local(`unknown${n}`, `Unknown/Listed${n}`))

  it('looks up at most fifty of them, and is busy as long as one of the others may be', () => {
    const lookups = vi.spyOn(Temporal.Instant, 'fromEpochMilliseconds')
    expect(busyTimes(unknown.slice(-1))).toEqual(['2026-11-23T00:00/2026-11-24T03:00'])
    lookups.mockClear()
    expect(busyTimes(unknown)).toEqual(['2026-11-23T00:00/2026-11-24T03:00'])
    expect(lookups.mock.calls.length).toBeLessThanOrEqual(50)
    vi.restoreAllMocks()
  })

  it('costs neither its own time zone nor the next listing anything', () => {
    const fresh = createZones()
    const options = { full: true, detail: 'Busy', zones: fresh, timeZone: 'Asia/Tokyo' } as const
    const own = {
      ...local('own', ''),
      start: { dateTime: '2026-11-25T14:00:00' },
      end: { dateTime: '2026-11-25T15:00:00' },
    }
    const { snapshot } = applyListing(undefined, [...unknown, own], options)
    expect(read(snapshot).busy.map(spell)).toContain('2026-11-25T05:00/2026-11-25T06:00')
    const next = applyListing(undefined, [local('known', 'Asia/Kabul')], options)
    expect(read(next.snapshot).busy.map(spell)).toEqual(['2026-11-23T09:30/2026-11-23T10:30'])
  })
})

/** The first `count` ways to write a name in upper and lower case. */
const caseVariants = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, bits) =>
    name.replace(/./g, (letter, at: number) => ((bits >> at) & 1 ? letter.toUpperCase() : letter)),
  )

it('an all-day event is kept if only its time zone moves it into the window', () => {
  const window = { start: at('2026-11-23T00:00:00Z'), end: at('2026-11-24T00:00:00Z') }
  const snapshot = list([allDay('2026-11-22', '2026-11-23')], { timeZone: 'America/New_York', window })
  expect(read(snapshot, window).busy.map(spell)).toEqual(['2026-11-23T00:00/2026-11-23T05:00'])
  expect(update(snapshot, []).snapshot).toBe(snapshot)
})
