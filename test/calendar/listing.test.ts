import { describe, expect, it } from 'vitest'
import { emptySnapshot } from '../../src/calendar/calendar-snapshot.ts'
import {
  applyListing,
  allDay,
  between,
  list,
  meeting,
  november,
  read,
  spell,
  update,
  zones,
  type RawEvent,
} from './support.ts'

/** Instances of a meeting on Sundays, with ids as Google makes them. */
const instance = (day: number, special: RawEvent = {}): RawEvent => ({
  id: `weekly_202611${day}T080000Z`,
  recurringEventId: 'weekly',
  originalStartTime: { dateTime: `2026-11-${day}T08:00:00Z` },
  start: { dateTime: `2026-11-${day}T08:00:00Z` },
  end: { dateTime: `2026-11-${day}T09:00:00Z` },
  ...special,
})

const series = [15, 22, 29].map((day) => instance(day))
const days = (snapshot: Parameters<typeof read>[0]): string[] =>
  read(snapshot).busy.map((one) => spell(one).slice(5, 16))

describe('a full listing', () => {
  it('replaces everything that was known', () => {
    const { snapshot, changed } = applyListing(list(series), [meeting()], {
      full: true,
      timeZone: 'Europe/Paris',
      detail: 'Busy',
      zones,
    })
    expect(changed).toBe(true)
    expect(days(snapshot)).toEqual(['11-23T13:00'])
  })

  it('with the same events changes nothing, in any order', () => {
    const again = { full: true, timeZone: 'Europe/Paris', detail: 'Busy', zones } as const
    expect(applyListing(list(series), [...series].reverse(), again).changed).toBe(false)
  })

  it('is a change if it is the first, even of an empty calendar', () => {
    const options = { full: true, timeZone: 'Europe/Paris', detail: 'Busy', zones } as const
    expect(applyListing(undefined, [], options).changed).toBe(true)
    expect(applyListing(emptySnapshot('Europe/Paris'), [], options).changed).toBe(false)
  })

  it('keeps an event that it contains both as live and as cancelled, in either order', () => {
    expect(days(list([meeting(), meeting({ status: 'cancelled' })]))).toHaveLength(1)
    expect(days(list([meeting({ status: 'cancelled' }), meeting()]))).toHaveLength(1)
  })
})

describe('a delta', () => {
  it('without events returns the same snapshot', () => {
    const before = list(series)
    const { snapshot, changed } = update(before, [])
    expect(snapshot).toBe(before)
    expect(changed).toBe(false)
  })

  it('adds, moves and removes events', () => {
    const added = update(list(series), [meeting()])
    expect(days(added.snapshot)).toEqual(['11-15T08:00', '11-22T08:00', '11-23T13:00', '11-29T08:00'])
    const moved = update(added.snapshot, [meeting({ start: { dateTime: '2026-11-23T14:30:00+01:00' } })])
    expect(days(moved.snapshot)[2]).toBe('11-23T13:30')
    const gone = update(moved.snapshot, [{ id: 'meeting', status: 'cancelled' }])
    expect(days(gone.snapshot)).toEqual(days(list(series)))
    expect([added, moved, gone].map(({ changed }) => changed)).toEqual([true, true, true])
  })

  it('does not modify the previous snapshot', () => {
    const before = list(series)
    const bytes = [...before.encoded]
    update(before, [{ id: 'weekly', status: 'cancelled' }])
    expect([...before.encoded]).toEqual(bytes)
  })

  const silent: [sentence: string, event: RawEvent][] = [
    ['repeats what is known', instance(22)],
    [
      'changes a title that nobody publishes',
      instance(22, { summary: 'New title', attendees: [{ email: 'x@example.com' }] }),
    ],
    ['brings an event that takes no time', meeting({ transparency: 'transparent' })],
    ['moves nothing but its way of saying when', instance(22, { start: { dateTime: '2026-11-22T09:00:00+01:00' } })],
    ['cancels what was never there', { id: 'unheard-of', status: 'cancelled' }],
    [
      'brings what lies outside of the window',
      meeting({ start: { dateTime: '2028-01-01T00:00:00Z' }, end: { dateTime: '2028-01-01T01:00:00Z' } }),
    ],
    ['cancels something nameless', { status: 'cancelled' }],
  ]
  it.each(silent)('is no change if it %s', (_sentence, event) => {
    const before = list(series, { window: november })
    const { snapshot, changed } = update(before, [event])
    expect(changed).toBe(false)
    expect(read(snapshot)).toEqual(read(before))
  })

  const telling: [sentence: string, event: RawEvent][] = [
    ['is declined', instance(22, { attendees: [{ self: true, responseStatus: 'declined' }] })],
    ['gets longer', instance(22, { end: { dateTime: '2026-11-22T09:01:00Z' } })],
    ['becomes tentative', instance(22, { status: 'tentative' })],
    ['becomes all-day', allDay('2026-11-22', '2026-11-23', { id: instance(22).id })],
    [
      'is moved out of the window',
      instance(22, { start: { dateTime: '2027-02-01T08:00:00Z' }, end: { dateTime: '2027-02-01T09:00:00Z' } }),
    ],
  ]
  it.each(telling)('is a change if an event %s', (_sentence, event) => {
    expect(update(list(series, { window: november }), [event]).changed).toBe(true)
  })

  it('keeps no events outside of the window that was listed', () => {
    const before = list(series, { window: november })
    const endless = Array.from({ length: 700 }, (_, week) => {
      const start = Date.parse('2026-12-05T08:00:00Z') + week * 7 * 86_400_000
      return meeting({
        id: `w${week}`,
        start: { dateTime: new Date(start).toISOString() },
        end: { dateTime: new Date(start + 3_600_000).toISOString() },
      })
    })
    expect(update(before, endless).snapshot.events).toBe(3)
  })
})

describe('recurring events', () => {
  it('lose a cancelled instance, of which only the id is sent', () => {
    const { snapshot } = update(list(series), [
      {
        id: instance(22).id,
        status: 'cancelled',
        recurringEventId: 'weekly',
        originalStartTime: { dateTime: '2026-11-22T08:00:00Z' },
      },
    ])
    expect(days(snapshot)).toEqual(['11-15T08:00', '11-29T08:00'])
  })

  it('keep an exception under the id of the instance that it replaces', () => {
    const late = instance(22, {
      start: { dateTime: '2026-11-24T10:00:00Z' },
      end: { dateTime: '2026-11-24T11:00:00Z' },
    })
    const moved = update(list(series), [late]).snapshot
    expect(days(moved)).toEqual(['11-15T08:00', '11-24T10:00', '11-29T08:00'])
    expect(days(update(moved, [{ id: late.id, status: 'cancelled' }]).snapshot)).toEqual(['11-15T08:00', '11-29T08:00'])
    expect(days(update(moved, [instance(22)]).snapshot)).toEqual(days(list(series)))
  })

  it('are removed with all instances and exceptions by one tombstone', () => {
    const late = instance(22, {
      start: { dateTime: '2026-11-24T10:00:00Z' },
      end: { dateTime: '2026-11-24T11:00:00Z' },
    })
    const before = update(list([...series, meeting()]), [late]).snapshot
    expect(days(update(before, [{ id: 'weekly', status: 'cancelled' }]).snapshot)).toEqual(['11-23T13:00'])
  })

  it('that are split in two keep the first half', () => {
    const renamed = instance(29, {
      id: 'weekly_R20261129T080000_20261129T080000Z',
      recurringEventId: 'weekly_R20261129T080000',
    })
    const { snapshot } = update(list(series), [{ id: instance(29).id, status: 'cancelled' }, renamed])
    expect(days(snapshot)).toEqual(['11-15T08:00', '11-22T08:00', '11-29T08:00'])
    expect(days(update(snapshot, [{ id: 'weekly', status: 'cancelled' }]).snapshot)).toEqual(['11-29T08:00'])
  })

  it('replace the single event that they were', () => {
    const single = { ...instance(15), id: 'weekly', recurringEventId: null, end: { dateTime: '2026-11-15T12:00:00Z' } }
    const { snapshot } = update(list([single]), series)
    expect(read(snapshot).busy.map(spell)[0]).toBe('2026-11-15T08:00/2026-11-15T09:00')
    expect(snapshot.events).toBe(3)
  })

  it('are busy again if the same listing cancels them and lists an instance', () => {
    const both = [instance(15), { id: 'weekly', status: 'cancelled' }]
    expect(days(update(list(series), both).snapshot)).toEqual(['11-15T08:00'])
    expect(days(update(list(series), both.reverse()).snapshot)).toEqual(['11-15T08:00'])
  })
})

it('a snapshot keeps no more memory alive than its bytes', () => {
  const { encoded } = list(series)
  expect(encoded.buffer.byteLength).toBe(encoded.byteLength)
})

it('a snapshot counts its events and holds the window that was listed', () => {
  const window = between('2026-11-01T00:00:00Z', '2026-11-28T00:00:00Z')
  const snapshot = list([...series, meeting({ transparency: 'transparent' })], { window })
  expect(snapshot).toMatchObject({ events: 3, timeZone: 'Europe/Paris', detail: 'Busy', listedWindow: window })
  expect(update(snapshot, [meeting()]).snapshot.listedWindow).toEqual(window)
})
