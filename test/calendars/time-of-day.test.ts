import { beforeEach, describe, expect, test } from 'vitest'
import {
  alignedWithTimeOfDay,
  newCalendar,
  newCalendarsState,
  withCalendar,
  type CalendarState,
  type CalendarsState,
} from '../../src/calendars/state.ts'
import { ManualClock } from '../support/clock.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

let clock: ManualClock
let state: CalendarsState

beforeEach(() => {
  clock = new ManualClock()
  state = alignedWithTimeOfDay(newCalendarsState(), clock)
  const read = clock.monotonic()
  setCalendar({ ...newCalendar(), lastRead: read, lastFull: read, dueAt: read + 5 * MINUTE })
})

const calendar = (): CalendarState => state.byId.get('a') ?? newCalendar()

function setCalendar(changed: CalendarState): void {
  state = withCalendar(state, 'a', changed)
}

function leap(ms: number): void {
  clock.setTimeOfDay(ms)
  state = alignedWithTimeOfDay(state, clock)
}

describe('a calendar', () => {
  test('does not change while the time of day passes', async () => {
    const before = calendar()
    await clock.advance(20 * MINUTE)
    leap(-900)
    expect(calendar()).toEqual(before)
  })

  test('is due when it was, after the clock was set back', () => {
    const before = calendar()
    leap(-6 * HOUR)
    expect(calendar()).toEqual(before)
  })

  test('is older after the clock was set forward, and due if its time has passed', () => {
    leap(6 * HOUR)
    expect(calendar().dueAt).toBeLessThan(clock.monotonic())
    expect(clock.monotonic() - (calendar().lastRead ?? 0)).toBeCloseTo(6 * HOUR, -1)
  })

  test('keeps its backoff after the clock was set forward', () => {
    const failure = { stepFailure: {} as never, since: 0, refused: false, attempts: 3, error: '' }
    setCalendar({ ...calendar(), failure })
    leap(6 * HOUR)
    expect(calendar().dueAt).toBeGreaterThan(clock.monotonic())
  })

  test('follows many small steps like a large one', () => {
    for (let step = 0; step < 10; step++) leap(500)
    expect(clock.monotonic() - (calendar().lastRead ?? 0)).toBeGreaterThan(3_000)
  })
})
