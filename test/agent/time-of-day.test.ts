import { beforeEach, describe, expect, test } from 'vitest'
import type { Grant } from '../../src/grants/grant.ts'
import { newCalendar, withCalendar, type CalendarState } from '../../src/calendars/state.ts'
import { newAgentState, type AgentState } from '../../src/agent/state.ts'
import { followTimeOfDay } from '../../src/agent/time-of-day.ts'
import { ManualClock } from '../support/clock.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

let clock: ManualClock
let memory: AgentState
let grant: Grant

beforeEach(() => {
  clock = new ManualClock()
  memory = newAgentState('uid', clock.monotonic())
  followTimeOfDay(clock, memory)
  const read = clock.monotonic()
  setCalendar({ ...newCalendar(), lastRead: read, lastFull: read, dueAt: read + 5 * MINUTE })
  const at = clock.now()
  const times = {
    grantedAt: at - HOUR,
    obtainedAt: at,
    expiresAt: at + HOUR,
    lastUsedAt: at,
    renewAt: read + 40 * MINUTE,
  }
  grant = { refreshToken: '1//x', grantedAtIsGuess: false, accessToken: 'token', ...times, saved: true, checked: true }
  memory.grant.grant = grant
})

const calendar = (): CalendarState => memory.calendars.byId.get('a') ?? newCalendar()

const setCalendar = (changed: CalendarState): void => {
  memory.calendars = withCalendar(memory.calendars, 'a', changed)
}

const leap = (ms: number): void => {
  clock.setTimeOfDay(ms)
  followTimeOfDay(clock, memory)
}

describe('what is remembered of an agent', () => {
  test('stays as it is while the time of day goes its way', async () => {
    const before = structuredClone({ calendar: calendar(), grant })
    await clock.advance(20 * MINUTE)
    clock.setTimeOfDay(-900)
    followTimeOfDay(clock, memory)
    expect({ calendar: calendar(), grant }).toEqual(before)
  })

  test('is due when it was, after the clock was set back, and its stamps are put back', () => {
    const before = structuredClone({ calendar: calendar(), grant })
    leap(-6 * HOUR)
    expect(calendar()).toEqual(before.calendar)
    expect(grant.renewAt).toBe(before.grant.renewAt)
    expect([grant.expiresAt, grant.obtainedAt, grant.lastUsedAt]).toEqual(
      [clock.now() + HOUR, clock.now(), clock.now()].map((at): unknown => expect.closeTo(at, -1)),
    )
    // The Secret says otherwise.
    expect(grant.saved).toBe(false)
    expect(grant.grantedAt).toBeLessThanOrEqual(clock.now())
  })

  test('is older after the clock was set forward, and due where its time has gone by', () => {
    leap(6 * HOUR)
    expect(calendar().dueAt).toBeLessThan(clock.monotonic())
    expect(clock.monotonic() - (calendar().lastRead ?? 0)).toBeCloseTo(6 * HOUR, -1)
    expect(grant.renewAt).toBeLessThan(clock.monotonic())
    expect(grant.saved).toBe(true)
  })

  test('keeps its backoff after the clock was set forward', () => {
    const failure = { stepFailure: {} as never, since: 0, refused: false, attempts: 3, error: '' }
    setCalendar({ ...calendar(), failure })
    leap(6 * HOUR)
    expect(calendar().dueAt).toBeGreaterThan(clock.monotonic())
  })

  test('follows many small steps as it follows a great one', () => {
    for (let step = 0; step < 10; step++) leap(-500)
    expect(Math.abs(grant.expiresAt - clock.now() - HOUR)).toBeLessThan(2_000)
  })
})
