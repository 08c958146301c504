/** The transitions of a calendar's state. Each returns a new value. */
import { describe, expect, test } from 'vitest'
import { emptySnapshot } from '../../src/calendar/calendar-snapshot.ts'
import {
  failed,
  listed,
  newCalendar,
  newCalendarsState,
  withOnly,
  postponed,
  withAnotherGrant,
  withCalendar,
  withInterval,
  type Listed,
} from '../../src/calendars/state.ts'

const MINUTE = 60_000

const found = (special: Partial<Listed> = {}): Listed => ({
  snapshot: emptySnapshot('Europe/Paris'),
  booked: undefined,
  syncToken: 'S1',
  doubtful: false,
  found: 1,
  full: { pastDays: 1, futureDays: 90, at: 0 },
  startedAt: 100,
  interval: 5 * MINUTE,
  dueAt: 100 + 5 * MINUTE,
  ...special,
})
const read = listed(newCalendar(), found())
const failure = { stepFailure: {} as never, since: 200, refused: false, error: '500' }

/** Fails if the transition changes the value that it was given. */
function unchanged<T>(before: T, transition: (value: T) => T): T {
  const copy = structuredClone(before)
  const after = transition(before)
  expect(before).toEqual(copy)
  return after
}

describe('a calendar that was read', () => {
  test('counts the full listings in a row that were not understood', () => {
    const doubtful = unchanged(read, (calendar) =>
      listed(listed(calendar, found({ doubtful: true })), found({ doubtful: true })),
    )
    expect(doubtful.doubtfulListings).toBe(2)
    expect(listed(doubtful, found()).doubtfulListings).toBe(0)
  })

  test('keeps what is known about its last full listing when it is read incrementally', () => {
    const after = listed(read, found({ full: undefined, doubtful: true, startedAt: 300 }))
    expect(after).toMatchObject({ lastRead: 300, lastFull: 100, listedFor: read.listedFor, doubtfulListings: 0 })
  })

  test('has no failure any more', () => {
    expect(listed(failed(read, failure, 900), found()).failure).toBeUndefined()
  })
})

describe('a calendar that failed', () => {
  test('keeps its snapshot, and its sync token the first time', () => {
    const once = unchanged(read, (calendar) => failed(calendar, failure, 900))
    expect(once).toMatchObject({ snapshot: read.snapshot, syncToken: 'S1', dueAt: 900, failure: { attempts: 1 } })
    const twice = failed(once, failure, 900)
    expect([twice.failure?.attempts, twice.syncToken]).toEqual([2, undefined])
  })

  test('is listed as a whole once it is no longer refused', () => {
    expect(failed(read, { ...failure, refused: true }, 900).syncToken).toBeUndefined()
  })

  test('keeps its backoff when the interval changes; any other is due by the new one', () => {
    expect(withInterval(failed(read, failure, 900), MINUTE).dueAt).toBe(900)
    expect(unchanged(read, (calendar) => withInterval(calendar, MINUTE)).dueAt).toBe(100 + MINUTE)
  })

  test('for a reason that concerns all is due at once, and never later than it was', () => {
    expect(unchanged(read, (calendar) => postponed(calendar, 500)).dueAt).toBe(500)
    expect(postponed({ ...read, dueAt: 400 }, 500).dueAt).toBe(400)
  })
})

describe('the calendars of an Agent', () => {
  const state = withCalendar(withCalendar(newCalendarsState(), 'a', read), 'b', failed(read, failure, 900))

  test('are forgotten once the spec no longer names them', () => {
    expect([...unchanged(state, (all) => withOnly(all, new Map([['b', 'b']]))).byId.keys()]).toEqual(['b'])
  })

  test('are all due with a full listing when another grant is used', () => {
    for (const calendar of unchanged(state, withAnotherGrant).byId.values()) {
      expect(calendar).toMatchObject({ dueAt: -Infinity, snapshot: read.snapshot })
      expect([calendar.syncToken, calendar.failure]).toEqual([undefined, undefined])
    }
  })
})
