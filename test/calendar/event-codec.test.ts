/** The events of a snapshot, as they are held: none is lost, and none is taken for another one. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as compactEvents from '../../src/calendar/compact-event.ts'
import type { CompactEvent } from '../../src/calendar/compact-event.ts'
import { decodeEvents, decodeTimes, encodeEvents } from '../../src/calendar/event-codec.ts'
import { EARLIEST, LATEST } from '../../src/calendar/instant.ts'
import { runs } from '../support/runs.ts'

const seeded = { seed: 20261123, numRuns: runs(1000) }

const START = 1_795_428_000
/** Whatever bits there are: those that the stored form has for itself must be none of them. */
const FLAGS = Object.values(compactEvents).filter((one) => typeof one === 'number')
const ALL_FLAGS = FLAGS.reduce((all, flag) => all | flag, 0)

const eventWith = (special: Partial<CompactEvent>): CompactEvent => ({
  id: 'meeting',
  recurringEventId: '',
  start: START,
  end: START + 1800,
  flags: 0,
  content: '',
  ...special,
})

const encode = (events: readonly CompactEvent[]): Uint8Array =>
  encodeEvents(new Map(events.map((event) => [event.id, event])))

const sorted = (events: readonly CompactEvent[]): CompactEvent[] => [...events].sort((a, b) => (a.id < b.id ? -1 : 1))

/** Google's id of an instance of the recurring event, or of one at another time. */
const instanceId = (recurringEventId: string, start: number, isDate: boolean): string => {
  const stamp = new Date(start * 1000).toISOString().replace(/[-:]|\.000/g, '')
  return `${recurringEventId}_${isDate ? stamp.slice(0, stamp.indexOf('T')) : stamp}`
}

const separators = fc.constantFrom('-', '_', '=', '+', '/', '--', '-_', '_-', '0', '7', 'a', 'A', '\n', ' ', ',', '"')
/** Any text, but mostly of what separates or pads one name from another where names are stored. */
const hostile = fc.oneof(
  fc.array(separators, { maxLength: 9 }).map((parts) => parts.join('')),
  fc.stringMatching(/^\w{0,12}$/),
  fc.constantFrom(
    '',
    '3_abc',
    '03_abc',
    '0_',
    'é',
    '日本語',
    '\uD83D\uDE00',
    '\uD800',
    '\u0000',
    '\u2028',
    '__proto__',
  ),
  fc.string({ unit: 'binary' }),
)
const seconds = fc.oneof(
  fc.integer({ min: EARLIEST / 1000, max: LATEST / 1000 }),
  fc.constantFrom(EARLIEST / 1000, LATEST / 1000, 0, -1, 59, 2 ** 31, 2 ** 32, 2 ** 32 + 1, -(2 ** 33), START),
)
const length = fc.oneof(fc.constantFrom(0, 1, 1800, 86_400, -60, 2 ** 32), fc.integer({ min: -100, max: 1e6 }))

const eventOf = (id: fc.Arbitrary<string>, content: fc.Arbitrary<string>): fc.Arbitrary<CompactEvent> =>
  fc
    .record({
      id,
      recurringEventId: fc.oneof(fc.constant(''), id),
      start: seconds,
      length,
      flags: fc.integer({ min: 0, max: ALL_FLAGS }),
      content,
    })
    .chain(({ length: duration, ...made }) => {
      const event = { ...made, end: made.start + duration }
      const instances = [true, false].map((isDate) => ({
        ...event,
        id: instanceId(event.recurringEventId, event.start, isDate),
      }))
      return fc.constantFrom(event, event, ...instances)
    })

const contents = fc.constantFrom('', '', '{}', '{"title":"\\n "}')
const listOf = (event: fc.Arbitrary<CompactEvent>): fc.Arbitrary<CompactEvent[]> =>
  fc.uniqueArray(event, { selector: ({ id }) => id, maxLength: 12 })
/** Those without content and with plain ids are packed, the others compressed. */
const events = fc.oneof(
  listOf(eventOf(hostile, contents)),
  listOf(eventOf(hostile, fc.constant(''))),
  listOf(eventOf(fc.stringMatching(/^\w{0,12}$/), fc.constant(''))),
  listOf(eventOf(fc.stringMatching(/^\w{0,12}$/), contents)),
)

const expectSame = (all: readonly CompactEvent[]): void => {
  const encoded = encode(all)
  expect(decodeEvents(encoded)).toEqual(sorted(all))
  expect(decodeTimes(encoded)).toEqual(sorted(all).map(({ start, end, flags }) => ({ start, end, flags })))
}

it('each flag that an event may have is held, and no other one appears', () => {
  expect(FLAGS.length).toBeGreaterThan(0)
  const recurring = { id: 'weekly_20261123T100000Z', recurringEventId: 'weekly' }
  for (const flags of [0, ...FLAGS, ALL_FLAGS]) {
    for (const names of [{}, recurring, { id: 'moved', recurringEventId: 'weekly' }]) {
      const event = eventWith({ ...names, flags })
      expect(decodeEvents(encode([event]))).toEqual([event])
      expect(decodeTimes(encode([event]))).toMatchObject([{ flags }])
    }
  }
})

describe('the events of a snapshot', () => {
  it('are decoded as they were encoded, whatever their ids and times are', () => {
    fc.assert(fc.property(events, expectSame), seeded)
  })

  it('have the same bytes in any order', () => {
    const shuffled = events.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    )
    const property = fc.property(shuffled, ([all, others]) => {
      expect(encode(others)).toEqual(encode(all))
    })
    fc.assert(property, seeded)
  })

  it('that differ in one id only never have the same bytes', () => {
    const property = fc.property(events, hostile, fc.nat(), (all, id, at) => {
      const one = all[at % all.length]
      fc.pre(one !== undefined && all.every((other) => other.id !== id))
      expect(encode(all.map((other) => (other === one ? { ...one, id } : other)))).not.toEqual(encode(all))
    })
    fc.assert(property, seeded)
  })

  // The names of a small snapshot are packed four characters at a time, up to 4,096.
  it.each([1, 2, 3, 4, 5, 4091, 4092, 4093, 4094, 4095, 4096, 4097, 4098, 4100, 8192])(
    'with ids of %i characters together are the same afterwards',
    (characters) => {
      expectSame([eventWith({ id: 'a'.repeat(characters) })])
      expectSame([eventWith({ id: '-'.repeat(characters) })])
      expectSame([eventWith({ id: '' }), eventWith({ id: 'b'.repeat(characters) })])
      expectSame([eventWith({ id: 'a' }), eventWith({ id: 'b'.repeat(characters) }), eventWith({ id: 'c' })])
    },
  )

  it.each(['-', '=', '+', '/', '.', ' ', '\n', 'é', '\u0000', '\uD800'])(
    'may have %j anywhere in one of their ids',
    (odd) => {
      for (const id of [odd, `a${odd}`, `${odd}a`, `a${odd}b`, `${odd}${odd}`, `abc${odd}`, `abcd${odd}`])
        expectSame([eventWith({ id: 'first' }), eventWith({ id }), eventWith({ id: 'second', recurringEventId: id })])
    },
  )

  it('may be instances of one recurring event, some of them moved, renamed or of another one with the same prefix', () => {
    const weekly = Array.from({ length: 40 }, (_, n) => {
      const start = START + n * 604_800
      return eventWith({ id: instanceId('weekly', start, false), recurringEventId: 'weekly', start, end: start + 1800 })
    })
    expectSame(weekly)
    const mixed = weekly.map((one, n) => {
      if (n % 5 === 1) return { ...one, start: one.start + 900, end: one.end + 900 }
      if (n % 5 === 2) return { ...one, recurringEventId: 'weekly_R2' }
      if (n % 5 === 3) return { ...one, id: `weekly${n}` }
      return n % 5 === 4 ? { ...one, recurringEventId: 'week' } : one
    })
    expectSame([...mixed, eventWith({ id: 'weekly' }), eventWith({ id: 'weekly_', recurringEventId: 'weekly_' })])
  })

  it('may be all-day ones, at the first and at the last day that can be published', () => {
    const all = [EARLIEST / 1000, -86_400, 0, START - (START % 86_400), 253_402_214_400].map((start) =>
      eventWith({
        id: instanceId('daily', start, true),
        recurringEventId: 'daily',
        start,
        end: start + 86_400,
        flags: 1,
      }),
    )
    expectSame(all)
    // Their ids are those of events that are not all-day: nothing follows from the start then.
    expectSame(all.map((one) => ({ ...one, flags: 0 })))
  })

  it('keep the content of those that have any, although others have none', () => {
    const [title, none] = [eventWith({ id: 'b', content: '{"title":"b"}' }), eventWith({ id: 'c' })]
    for (const all of [
      [title, none],
      [eventWith({ id: 'a' }), title],
      [eventWith({ id: 'a' }), title, none],
    ])
      expectSame(all)
  })

  it('are none if there are none', () => {
    expect(encode([])).toHaveLength(0)
    expectSame([])
  })

  it.each([
    ['recurring', (n: number) => ({ start: START + n * 900, end: START + n * 900 + 900 })],
    ['at once', () => ({})],
    ['irregular', (n: number) => ({ start: START + ((n * 7919) % 20_011) * 61, end: START + 3e6, flags: n % 64 })],
  ])('may be 20,000 that are %s', (_, special) => {
    const all = Array.from({ length: 20_000 }, (_, n) => eventWith({ id: `${n}`.padStart(26, 'u'), ...special(n) }))
    expect(decodeEvents(encode(all))).toEqual(sorted(all))
  })

  it('are held in less if most of what is stored of them follows from the event before', () => {
    const weekly = Array.from({ length: 50 }, (_, n) => {
      const start = START + n * 604_800
      return eventWith({ id: instanceId('weekly', start, false), recurringEventId: 'weekly', start, end: start + 1800 })
    })
    expect(encode(weekly).length).toBeLessThan(70)
  })
})
