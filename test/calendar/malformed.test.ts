/** Answers that Google should never send. None of them stops a listing, is dropped silently, or makes a person look free. */
import { describe, expect, it } from 'vitest'
import { anonymousKey, UnusableListingError } from '../../src/calendar/event-keys.ts'
import { snapshotEvents, type CalendarSnapshot } from '../../src/calendar/calendar-snapshot.ts'
import { NO_TIME } from '../../src/calendar/compact-event.ts'
import { SnapshotBuilder, type ListingOptions, type ListingResult } from '../../src/calendar/snapshot-builder.ts'
import { CalendarTooLargeError } from '../../src/calendar/snapshot-limits.ts'
import { applyListing, list, meeting, november, read, spell, update, zones } from './support.ts'

const times = (snapshot: Parameters<typeof read>[0]): string[] => read(snapshot).busy.map(spell)
const full = { full: true, timeZone: 'Europe/Paris', detail: 'Busy', zones, window: november } as const
const known = list([meeting(), meeting({ id: 'other', start: { date: '2026-11-25' }, end: { date: '2026-11-26' } })], {
  window: november,
})

const nothing: [what: string, item: unknown][] = [
  ['null', null],
  ['a text', 'meeting'],
  ['a number', 5],
  ['true', true],
  ['a list', [meeting()]],
  ['an empty object', {}],
]

describe.each(nothing)('an item that is %s', (_what, item) => {
  it('makes a full listing incomplete, and what was known before stays busy', () => {
    const { snapshot, doubtful } = applyListing(known, [meeting(), item], full)
    expect(read(snapshot)).toMatchObject({ notUnderstood: 1, complete: false })
    expect(times(snapshot)).toEqual(times(known))
    expect(doubtful).toBe(true)
    expect(snapshot.events).toBe(1)
  })

  it('makes a delta incomplete, which removes nothing that it does not name', () => {
    const { snapshot, doubtful } = update(known, [item, { id: 'other', status: 'cancelled' }])
    expect(read(snapshot)).toMatchObject({ notUnderstood: 1, complete: false })
    expect(times(snapshot)).toEqual(times(list([meeting()])))
    expect(doubtful).toBe(true)
  })

  it('is repaired by a full listing', () => {
    const after = applyListing(update(known, [item]).snapshot, [meeting()], full)
    expect(after).toMatchObject({ doubtful: false, snapshot: { events: 1 } })
    expect(read(after.snapshot)).toMatchObject({ notUnderstood: 0, complete: true })
    expect(times(after.snapshot)).toHaveLength(1)
  })
})

it('events that are kept because of a doubt are removed once they are outside of the window', () => {
  const window = { start: Date.parse('2026-11-24T12:00:00Z'), end: Date.parse('2026-12-24T12:00:00Z') }
  const { snapshot } = applyListing(known, [null], { ...full, window })
  expect(read(snapshot, window).busy.map(spell)).toEqual(['2026-11-24T23:00/2026-11-25T23:00'])
})

it('items that were never understood do not accumulate', () => {
  let { snapshot } = applyListing(undefined, [{ ...meeting(), id: 5 }], full)
  for (let turn = 0; turn < 3; turn++) snapshot = applyListing(snapshot, [{ ...meeting(), id: turn }], full).snapshot
  expect(read(snapshot).notUnderstood).toBe(1)
})

describe.each([[0], [false], [undefined], [null], [''], [{}], ['?=meeting']])('an event with the id %j', (id) => {
  const item = {
    ...meeting(),
    id,
    start: { dateTime: '2026-11-24T08:00:00Z' },
    end: { dateTime: '2026-11-24T09:00:00Z' },
  }

  it('is busy and counted as not understood; the next delta loses none of the others', () => {
    const first = applyListing(undefined, [meeting(), item, meeting({ id: 'third' })], full)
    expect(first.doubtful).toBe(true)
    expect(read(first.snapshot)).toMatchObject({ complete: false })
    expect(times(first.snapshot)).toEqual(['2026-11-23T13:00/2026-11-23T14:00', '2026-11-24T08:00/2026-11-24T09:00'])
    const next = update(first.snapshot, [{ id: 'third', status: 'cancelled' }])
    expect(times(next.snapshot)).toEqual(times(first.snapshot))
  })
})

it('a tombstone without an id removes nothing, and needs a full listing', () => {
  const { snapshot, doubtful } = update(known, [{ status: 'cancelled' }])
  expect(times(snapshot)).toEqual(times(known))
  expect(doubtful).toBe(true)
})

describe('an event with a malformed field', () => {
  const fields: [what: string, special: Record<string, unknown>][] = [
    ['guests hold null', { attendees: [null] }],
    ['guests hold a text', { attendees: ['alice@example.com'] }],
    ['guests are no list', { attendees: { self: true, responseStatus: 'declined' } }],
    ['own answer is an object', { attendees: [{ self: true, responseStatus: {} }] }],
    ['guest is oneself by text only', { attendees: [{ self: 'true', responseStatus: 'declined' }] }],
    ['title is a number', { summary: 5 }],
    ['transparency is a list', { transparency: ['transparent'] }],
    ['kind is an object', { eventType: { birthday: true } }],
    ['status is a number', { status: 5 }],
    ['series is false', { recurringEventId: false }],
  ]
  it.each(fields)('is busy if its %s', (_what, special) => {
    const { snapshot, doubtful } = applyListing(undefined, [{ ...meeting(), ...special }], { ...full, detail: 'Full' })
    expect(times(snapshot)).toEqual(['2026-11-23T13:00/2026-11-23T14:00'])
    expect(doubtful).toBe(true)
  })

  const starts: unknown[] = [5, 'noon', [], { date: {} }, { dateTime: 5 }, { dateTime: '2026-11-23T14:00:00+01:00x' }]
  it.each(starts.map((start) => [start]))(
    'is busy where it was before, when a delta moves its start to %j',
    (start) => {
      const { snapshot, doubtful } = update(known, [{ ...meeting(), start }])
      expect(doubtful).toBe(true)
      const before = '2026-11-23T13:00/2026-11-23T14:00'
      // From the beginning of the day in which it ends, and also when it was before.
      expect(times(snapshot)[0]).toBe(`2026-11-22T23:00/${before.slice(17)}`)
      expect(snapshot.events).toBe(2)
      const mended = update(snapshot, [meeting({ start: { dateTime: '2026-11-23T14:30:00+01:00' } })])
      expect(times(mended.snapshot)[0]).toBe('2026-11-23T13:30/2026-11-23T14:00')
    },
  )

  it('is busy at its previous time if its new time is missing', () => {
    const malformed = { ...meeting(), start: {}, end: [] }
    for (const { snapshot } of [update(known, [malformed]), applyListing(known, [malformed], full)]) {
      expect(times(snapshot)[0]).toBe('2026-11-23T13:00/2026-11-23T14:00')
      expect(read(snapshot).complete).toBe(false)
      const again = update(snapshot, [malformed])
      expect(times(again.snapshot)).toEqual(times(snapshot))
      const gone = update(again.snapshot, [{ id: 'meeting', status: 'cancelled' }]).snapshot
      expect(times(gone)).not.toContain('2026-11-23T13:00/2026-11-23T14:00')
      expect(read(gone).complete).toBe(true)
    }
  })

  it('is tentative or declined if its readable fields say so', () => {
    const special = { attendees: [null, { self: true, responseStatus: 'declined' }] }
    expect(times(applyListing(undefined, [{ ...meeting(), ...special }], full).snapshot)).toEqual([])
  })
})

describe('a listing with two versions of one event', () => {
  const later = meeting({ start: { dateTime: '2026-11-24T08:00:00Z' }, end: { dateTime: '2026-11-24T09:00:00Z' } })
  const outside = meeting({ start: { dateTime: '2027-11-24T08:00:00Z' }, end: { dateTime: '2027-11-24T09:00:00Z' } })

  it('is busy at both times, in either order', () => {
    for (const events of [
      [meeting(), later],
      [later, meeting()],
    ]) {
      const { snapshot, doubtful } = applyListing(undefined, events, full)
      expect(times(snapshot)).toEqual(['2026-11-23T13:00/2026-11-23T14:00', '2026-11-24T08:00/2026-11-24T09:00'])
      expect([doubtful, snapshot.events]).toEqual([true, 1])
      expect(times(update(snapshot, [later]).snapshot)).toEqual(['2026-11-24T08:00/2026-11-24T09:00'])
    }
  })

  it('is busy within the window if one of them is outside of it', () => {
    for (const events of [
      [meeting(), outside],
      [outside, meeting()],
    ])
      expect(update(known, events)).toMatchObject({ doubtful: true, snapshot: { events: 2 } })
    expect(update(known, [outside])).toMatchObject({ doubtful: false, snapshot: { events: 1 } })
  })

  it('on two pages keeps the content of both, and of all others', () => {
    const builder = new SnapshotBuilder(undefined, { ...full, detail: 'Full' })
    builder.add([meeting({ summary: 'One' }), meeting({ id: 'b', summary: 'Other\nline' })])
    builder.add([{ ...later, summary: 'Two' }, meeting({ id: 'b', summary: 'Other\nline' })])
    const { snapshot, doubtful } = builder.finish('Europe/Paris')
    const titles = snapshotEvents(snapshot).map(({ id, content }) => [
      id,
      (JSON.parse(content) as { title: string }).title,
    ])
    expect(titles).toEqual([
      ['?=meeting', 'One'],
      ['b', 'Other\nline'],
      ['meeting', 'Two'],
    ])
    expect(doubtful).toBe(true)
  })

  it('is not doubtful if both are the same, even on two pages', () => {
    const builder = new SnapshotBuilder(undefined, { ...full, detail: 'Full' })
    for (const page of [[meeting({ summary: 'One' })], [meeting({ summary: 'One' })]]) builder.add(page)
    expect(builder.finish('Europe/Paris')).toMatchObject({ doubtful: false, snapshot: { events: 1 } })

    expect(applyListing(undefined, [meeting(), meeting()], full)).toMatchObject({ doubtful: false })
  })
})

describe('a listing that stops before its last page', () => {
  const stopped = (before: CalendarSnapshot | undefined, options: ListingOptions): ListingResult =>
    new SnapshotBuilder(before, options).finish('Europe/Paris', { truncated: true })

  it.each([
    ['full listing', full],
    ['delta', { ...full, full: false }],
  ])('removes nothing as a %s, and is not complete', (_, options) => {
    const { snapshot, doubtful } = stopped(known, options)
    expect(doubtful).toBe(true)
    expect(snapshotEvents(snapshot).map(({ id }) => id.replace('?=', ''))).toEqual(
      expect.arrayContaining(['meeting', 'other']),
    )
    expect(snapshotEvents(snapshot).some(({ flags }) => flags & NO_TIME)).toBe(true)
  })
})

describe('a text that is longer than any at Google', () => {
  it.each(['id', 'recurringEventId'])('as an %s makes the whole listing unusable', (name) => {
    const events = [meeting(), { ...meeting(), [name]: 'x'.repeat(100_000) }]
    expect(() => applyListing(undefined, events, full)).toThrow(UnusableListingError)
  })

  it('is neither kept nor an error anywhere else', () => {
    const long = 'x'.repeat(100_000)
    const odd = { status: long, eventType: long, start: { dateTime: long }, end: { dateTime: long, timeZone: long } }
    const { snapshot } = applyListing(undefined, [{ ...meeting(), ...odd }], full)
    expect(snapshot.encoded.byteLength).toBeLessThan(200)
  })

  it('is recognized by its length, and an id of 1,041 characters is valid', () => {
    const id = `${'v'.repeat(1024)}_20261123T130000Z`
    expect(applyListing(undefined, [meeting({ id })], full)).toMatchObject({ doubtful: false, snapshot: { events: 1 } })
  })
})

describe('a calendar is too large', () => {
  const limits = { events: 3, characters: 200 }
  const builder = (before = list([], { window: november }), isFull = true): SnapshotBuilder =>
    new SnapshotBuilder(before, { full: isFull, detail: 'Full', zones, window: november, limits })
  const numbered = (from: number, to: number): unknown[] =>
    Array.from({ length: to - from }, (_, index) => meeting({ id: `event${from + index}` }))

  it('as soon as it has too many events on all pages together', () => {
    const one = builder()
    one.add(numbered(0, 2))
    one.add(numbered(1, 3))
    expect(() => one.add(numbered(3, 4))).toThrow(new CalendarTooLargeError('it has more than 3 events in the window'))
  })

  it('never because of events that are outside of the window or cancelled', () => {
    const one = builder()
    const date = { date: '2027-11-23' }
    one.add(numbered(0, 9).map((event) => ({ ...(event as object), start: date, end: date })))
    one.add(numbered(0, 9).map((event) => ({ ...(event as object), status: 'cancelled' })))
    expect(one.finish('UTC').snapshot.events).toBe(0)
  })

  it('if its content is too long in all', () => {
    const one = builder()
    one.add([meeting({ description: 'x'.repeat(150) })])
    expect(() => one.add([meeting({ id: 'b', description: 'x'.repeat(150) })])).toThrow('more than 200 characters')
  })

  it('if its ids are, as far as they are longer than usual', () => {
    const long = (id: string): unknown => meeting({ id: id.padEnd(128 + 120, '0'), summary: '' })
    const one = builder()
    one.add([long('a')])
    expect(() => one.add([long('b')])).toThrow('more than 200 characters')
    const usual = builder()
    usual.add(['a', 'b', 'c'].map((id) => meeting({ id: id.padEnd(128, '0'), summary: '' })))
    expect(usual.finish('UTC').snapshot.events).toBe(3)
  })

  it('if deltas make it so', () => {
    const before = list(numbered(0, 3), { window: november, detail: 'Full' })
    const one = builder(before, false)
    one.add(numbered(2, 4))
    expect(() => one.finish(before.timeZone)).toThrow(CalendarTooLargeError)
    const other = builder(before, false)
    other.add([...numbered(3, 4), { id: 'event0', status: 'cancelled' }])
    expect(other.finish(before.timeZone).snapshot.events).toBe(3)
  })
})

it('the key of an item without an id is the same for the same item, and short', () => {
  expect(anonymousKey(null)).toBe(anonymousKey(null))
  expect(anonymousKey({ id: 0, summary: 'x'.repeat(9_999) })).toHaveLength(33)
})
