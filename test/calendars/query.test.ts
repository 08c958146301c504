/** What other rooms learn about the calendars of a person, without a request to Google. */
import { describe, expect, test } from 'vitest'
import { asOf, busyTime, findEvent, knownCalendars, type KnownCalendar } from '../../src/calendars/query.ts'
import { listed, newCalendar, newCalendarsState, withCalendar, type CalendarsState } from '../../src/calendars/state.ts'
import { allBusy, list, meeting, november, spell, zones } from '../calendar/support.ts'
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

describe('the busy time', () => {
  const busy = (state: CalendarsState): [string[], boolean] => {
    const { busy: intervals, complete } = busyTime(known(state), allBusy, november, zones)
    return [intervals.map(spell), complete]
  }
  const later = meeting({
    id: 'later',
    start: { dateTime: '2026-11-24T10:00:00Z' },
    end: { dateTime: '2026-11-24T11:00:00Z' },
  })
  const both = read(read(newCalendarsState(), ALICE, 1), TEAM, 1, [later])
  const times = ['2026-11-23T13:00/2026-11-23T14:00', '2026-11-24T10:00/2026-11-24T11:00']

  test('is that of all calendars together', () => {
    expect(busy(both)).toEqual([times, true])
  })

  test('is incomplete while a calendar was never read', () => {
    expect(busy(read(newCalendarsState(), ALICE, 1))).toEqual([times.slice(0, 1), false])
  })

  test('keeps what was known about a calendar that is refused, and is incomplete', () => {
    expect(busy(refused(both, TEAM))).toEqual([times, false])
  })
})

describe('an event', () => {
  const state = read(newCalendarsState(), ALICE, 1)

  test('is found by calendar and id', () => {
    expect(findEvent(known(state), { calendar: ALICE, id: 'meeting' })?.start).toBe(
      Date.parse('2026-11-23T13:00Z') / 1000,
    )
  })

  test('is not found in another calendar, under another id, or in a calendar that was never read', () => {
    expect(findEvent(known(state), { calendar: ALICE, id: 'another' })).toBeUndefined()
    expect(findEvent(known(state), { calendar: TEAM, id: 'meeting' })).toBeUndefined()
    expect(findEvent(known(newCalendarsState()), { calendar: ALICE, id: 'meeting' })).toBeUndefined()
  })
})
