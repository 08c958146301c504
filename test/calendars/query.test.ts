/** What other rooms learn about the calendars of a person, without a request to Google. */
import { describe, expect, test } from 'vitest'
import { asOf, hasCalendarFailed, knownCalendars, type KnownCalendar } from '../../src/calendars/query.ts'
import { listed, newCalendar, newCalendarsState, withCalendar, type CalendarsState } from '../../src/calendars/state.ts'
import { wantedCalendars, writeCalendar } from '../../src/calendars/wanted-calendars.ts'
import { list, meeting, november } from '../calendar/support.ts'
import { anAgent } from '../support/resources.ts'

const ALICE = 'alice@example.com'
const TEAM = 'team@group.calendar.google.com'
const agent = anAgent({ calendars: { read: ['primary', TEAM, 'Alice@Example.com'] } })

const read = (state: CalendarsState, id: string, lastRead: number, events = [meeting()]): CalendarsState => {
  const snapshot = list(events, { window: november })
  const full = { pastDays: 1, futureDays: 90, at: 0 }
  const found = {
    snapshot,
    booked: undefined,
    syncToken: 'S1',
    doubtful: false,
    found: 1,
    full,
    startedAt: lastRead,
    interval: 1,
    dueAt: 1,
  }
  return withCalendar(state, id, listed(newCalendar(), found))
}

const refused = (state: CalendarsState, id: string): CalendarsState => {
  const failure = { stepFailure: {} as never, since: 0, refused: true, attempts: 1, error: '403' }
  return withCalendar(state, id, { ...(state.byId.get(id) ?? newCalendar()), failure })
}

const known = (state: CalendarsState): KnownCalendar[] => knownCalendars(state, agent, ALICE)

describe('the known calendars', () => {
  test('are those that the spec names, each once, in its order and under their ids at Google', () => {
    const state = read(read(newCalendarsState(), 'other@example.com', 1), TEAM, 2)
    expect(known(state).map(({ id, name, lastRead }) => [id, name, lastRead])).toEqual([
      [ALICE, 'primary', undefined],
      [TEAM, TEAM, 2],
    ])
  })

  test('have no snapshot until they were read, even if they were refused', () => {
    const [primary] = known(refused(newCalendarsState(), ALICE))
    expect(primary).toMatchObject({ snapshot: undefined, failure: { refused: true } })
  })
})

describe('the instant as of which calendars are known', () => {
  test('is that of the oldest reading', () => {
    expect(asOf(known(read(read(newCalendarsState(), ALICE, 7), TEAM, 5)))).toBe(5)
  })

  test('is undefined while one of them was never read', () => {
    expect(asOf(known(read(newCalendarsState(), ALICE, 7)))).toBeUndefined()
    expect(asOf([])).toBeUndefined()
  })
})

describe('the calendar that Bookings are written to', () => {
  const writing = (write: string): typeof agent => anAgent({ calendars: { read: ['primary'], write } })
  const names = (write: string): string[] => [...wantedCalendars(writing(write), ALICE).values()]

  test('is read once, under the name that the spec gives it first', () => {
    expect(names('primary')).toEqual(['primary'])
    expect(names('Alice@Example.com')).toEqual(['primary'])
    expect(names(TEAM)).toEqual(['primary', TEAM])
  })

  test.each([
    ['primary', ALICE, false],
    ['Alice@Example.com', ALICE, false],
    [TEAM, TEAM, true],
  ])('%s: only Bookings count in it where read does not name it', (write, id, onlyBookings) => {
    expect(writeCalendar(writing(write), ALICE)).toMatchObject({ id, onlyBookings })
  })

  test('is none unless the spec names one', () => {
    expect(writeCalendar(agent, ALICE)).toBeUndefined()
  })
})

describe('a calendar from which nothing can be concluded', () => {
  test('was never read, or failed', () => {
    const state = read(newCalendarsState(), ALICE, 1)
    expect(hasCalendarFailed(state, ALICE.toUpperCase())).toBe(false)
    expect(hasCalendarFailed(state, TEAM)).toBe(true)
    expect(hasCalendarFailed(refused(state, ALICE), ALICE)).toBe(true)
    expect(hasCalendarFailed(undefined, ALICE)).toBe(true)
  })
})
