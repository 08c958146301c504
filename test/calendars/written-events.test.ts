/** Events that were written are in the snapshots at once, whatever listing is under way. */
import { beforeEach, describe, expect, test } from 'vitest'
import { snapshotEvents } from '../../src/calendar/calendar-snapshot.ts'
import { SnapshotBuilder } from '../../src/calendar/snapshot-builder.ts'
import { createZones } from '../../src/calendar/zones.ts'
import { addVersions, withBooked } from '../../src/calendars/booked-events.ts'
import { listed, newCalendar, newCalendarsState, withCalendar, type CalendarsState } from '../../src/calendars/state.ts'
import { WrittenEvents } from '../../src/calendars/written-events.ts'

const ALICE = 'alice@example.com'
const zones = createZones()
const window = { start: Date.parse('2026-11-20T00:00:00Z'), end: Date.parse('2027-03-01T00:00:00Z') }

const at = (second: number): string => `2026-11-25T10:00:${String(second).padStart(2, '0')}.000Z`

const event = (id: string, etag = '"1"', updated = at(1)) => ({
  ...{ id, etag, updated, status: 'confirmed' },
  start: { dateTime: '2026-12-01T13:00:00Z' },
  end: { dateTime: '2026-12-01T14:00:00Z' },
  extendedProperties: { private: { calendarOperatorBooking: `uid-of-${id}` } },
})

let written: WrittenEvents
beforeEach(() => {
  written = new WrittenEvents(zones)
})

/** The calendar as a listing that was requested at this time says. */
function listing(items: object[], startedAt: number, state: CalendarsState = newCalendarsState()): CalendarsState {
  const before = state.byId.get(ALICE)
  const full = before === undefined
  const options = { full, detail: 'Busy', zones, window } as const
  const builder = new SnapshotBuilder(before?.snapshot, options)
  builder.add(items, 'UTC')
  const { snapshot, doubtful } = builder.finish('UTC')
  const booked = withBooked(before?.booked ?? new Map(), items)
  const versions = new Map<string, number>()
  addVersions(versions, items)
  const found = {
    snapshot,
    doubtful,
    booked,
    versions,
    found: items.length,
    syncToken: 'S',
    startedAt,
    interval: 1,
    dueAt: 1,
  }
  const setting = full ? { pastDays: 1, futureDays: 90, at: 0 } : undefined
  return withCalendar(state, ALICE, listed(before ?? newCalendar(), { ...found, full: setting }))
}

const write = (id: string, etag: string | undefined, instant: number): void =>
  written.add({ calendarId: ALICE.toUpperCase(), id, etag, resource: event(id, etag) }, instant)

const idsIn = (state: CalendarsState): string[] => snapshotEvents(state.byId.get(ALICE)!.snapshot).map(({ id }) => id)

describe('an event that was written', () => {
  test('is applied to the snapshot of its calendar, and known as a Booking', () => {
    const state = listing([], 100)
    write('booked', '"1"', 110)
    const after = written.applyTo(state)
    expect(idsIn(after)).toEqual(['booked'])
    expect(after.byId.get(ALICE)?.booked?.get('booked')).toBe('"1"')
  })

  test('is applied once', () => {
    const state = listing([], 100)
    write('booked', '"1"', 110)
    const after = written.applyTo(state)
    expect(written.applyTo(after)).toBe(after)
  })

  test('survives a listing that was requested before it, and that does not contain it', () => {
    const before = listing([], 100)
    write('booked', '"1"', 110)
    const applied = written.applyTo(before)
    expect(idsIn(applied)).toEqual(['booked'])
    // Requested at 105, and answered only now.
    const late = listing([], 105, before)
    expect(idsIn(late)).toEqual([])
    expect(idsIn(written.applyTo(late))).toEqual(['booked'])
  })

  describe('gives way to a listing that was requested before it, and that holds', () => {
    // The write was carried out, then somebody changed the event, then the listing was answered, and only then the write.
    const isKept = (item: object): unknown => {
      const before = listing([], 100)
      const late = listing([item], 105, before)
      write('booked', '"1"', 110)
      return written.applyTo(late) === late
    }

    test('a later version', () => {
      expect(isKept({ ...event('booked', '"2"', at(2)), start: { dateTime: '2026-12-01T13:30:00Z' } })).toBe(true)
    })

    test('its cancellation, of which Google tells only the id', () => {
      expect(isKept({ id: 'booked', status: 'cancelled' })).toBe(true)
    })

    test('not an earlier version', () => {
      expect(isKept(event('booked', '"0"', at(0)))).toBe(false)
    })

    test('not a version without a time', () => {
      expect(isKept({ ...event('booked', '"0"'), updated: undefined })).toBe(false)
    })
  })

  test('gives way to a listing that was requested after it', () => {
    write('booked', '"1"', 110)
    const later = listing([], 120)
    expect(idsIn(written.applyTo(later))).toEqual([])
  })

  test('is removed at once when it was deleted', () => {
    const state = listing([event('booked')], 100)
    write('booked', undefined, 110)
    const after = written.applyTo(state)
    expect(idsIn(after)).toEqual([])
    expect(after.byId.get(ALICE)?.booked?.has('booked')).toBe(false)
  })

  test('is forgotten after an hour, when something else is written', () => {
    write('booked', '"1"', 110)
    write('later', '"2"', 110 + 3_600_001)
    expect(written.countOwn(ALICE, [event('booked', '"1"')])).toBe(0)
    expect(written.countOwn(ALICE, [event('later', '"2"')])).toBe(1)
  })

  test('is recognised in a listing that repeats it, and not in a later version', () => {
    write('booked', '"1"', 110)
    expect(written.countOwn(ALICE, [event('booked', '"1"'), event('other', '"1"')])).toBe(1)
    expect(written.countOwn(ALICE, [event('booked', '"2"'), event('other', '"1"')])).toBe(0)
    write('gone', undefined, 120)
    expect(written.countOwn(ALICE, [event('booked', '"1"'), { id: 'gone', status: 'cancelled' }])).toBe(2)
  })
})

describe('a listing', () => {
  const cancelled = (id: string): object => ({ ...event(id, '"9"'), status: 'cancelled' })

  test('repeats a deletion of ours with an event that is cancelled, whatever its version, and with no other', () => {
    write('gone', undefined, 110)
    expect(written.countOwn(ALICE, [cancelled('gone')])).toBe(1)
    expect(written.countOwn(ALICE, [event('gone')])).toBe(0)
  })

  test('may contain anything besides events', () => {
    write('booked', '"1"', 110)
    const items = [null, 'text', 1, event('booked')]
    expect(written.countOwn(ALICE, items)).toBe(1)
    expect([...withBooked(new Map(), items).keys()]).toEqual(['booked'])
    const versions = new Map<string, number>()
    addVersions(versions, items)
    expect([...versions.keys()]).toEqual(['booked'])
  })

  test('ends an event of a Booking with one that is cancelled, although it still has its mark', () => {
    expect([...withBooked(new Map([['booked', '"1"']]), [cancelled('booked')])]).toEqual([])
  })

  test('makes nothing known as a Booking’s whose id or version is missing, or longer than ours', () => {
    const long = 'x'.repeat(129)
    const items = [event(long), event('long', long), { ...event('none'), etag: undefined }, { ...event(''), id: 1 }]
    expect([...withBooked(new Map(), items)]).toEqual([])
  })
})

describe('a calendar that is only written', () => {
  const only = (items: object[], before?: Parameters<typeof snapshotEvents>[0]) => {
    const builder = new SnapshotBuilder(before, { full: !before, detail: 'Busy', zones, window, onlyBookings: true })
    builder.add(items, 'UTC')
    return builder.finish('UTC').snapshot
  }

  test('keeps the events of Bookings, whichever, and no others', () => {
    const snapshot = only([event('booked'), { ...event('private'), extendedProperties: undefined }])
    expect(snapshotEvents(snapshot).map(({ id }) => id)).toEqual(['booked'])
    expect(snapshot.onlyBookings).toBe(true)
  })

  test('drops one that is no longer a Booking’s', () => {
    const before = only([event('booked')])
    const after = only([{ ...event('booked'), extendedProperties: { private: {} } }], before)
    expect(snapshotEvents(after)).toEqual([])
  })
})
