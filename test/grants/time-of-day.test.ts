import { beforeEach, expect, describe, test } from 'vitest'
import { NO_GRANT, type GrantState } from '../../src/grants/grant-state.ts'
import type { Grant } from '../../src/grants/grant.ts'
import { followTimeOfDay } from '../../src/grants/time-of-day.ts'
import { ManualClock } from '../support/clock.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

let clock: ManualClock
let grant: Grant
let state: GrantState

beforeEach(() => {
  clock = new ManualClock()
  const at = clock.now()
  const times = {
    grantedAt: at - HOUR,
    obtainedAt: at,
    expiresAt: at + HOUR,
    lastUsedAt: at,
    renewAt: clock.monotonic() + 40 * MINUTE,
  }
  grant = { refreshToken: '1//x', grantedAtIsGuess: false, accessToken: 'token', ...times, saved: true, checked: true }
  state = followTimeOfDay(clock, { ...NO_GRANT, grant })
})

function leap(ms: number): Grant {
  clock.setTimeOfDay(ms)
  state = followTimeOfDay(clock, state)
  return state.grant!
}

describe('a grant', () => {
  test('does not change while the time of day passes', async () => {
    await clock.advance(20 * MINUTE)
    expect(leap(-900)).toEqual(grant)
  })

  test('is renewed when it was due, after the clock was set back, and its stamps are corrected', () => {
    const after = leap(-6 * HOUR)
    expect(after.renewAt).toBe(grant.renewAt)
    expect([after.expiresAt, after.obtainedAt, after.lastUsedAt]).toEqual(
      [clock.now() + HOUR, clock.now(), clock.now()].map((at): unknown => expect.closeTo(at, -1)),
    )
    // The Secret says otherwise.
    expect(after.saved).toBe(false)
    expect(after.grantedAt).toBeLessThanOrEqual(clock.now())
  })

  test('was consented to when it was, after the clock was set back by less than that is ago', () => {
    expect(leap(-30 * MINUTE).grantedAt).toBe(grant.grantedAt)
  })

  test('was consented to before the clock was set back: that instant is corrected, too', () => {
    expect(leap(-6 * HOUR).grantedAt).toBeCloseTo(clock.now() - HOUR, -3)
  })

  test('without an access token stays as it is in the Secret, and was never used', () => {
    state = { ...state, grant: { ...grant, accessToken: undefined, lastUsedAt: undefined } }
    expect(leap(-6 * HOUR)).toMatchObject({ saved: true, lastUsedAt: undefined })
  })

  test('is due if its time has passed, after the clock was set forward', () => {
    const after = leap(6 * HOUR)
    expect(after.renewAt).toBeLessThan(clock.monotonic())
    expect(after.saved).toBe(true)
  })

  test('follows many small steps like a large one', () => {
    for (let step = 0; step < 10; step++) leap(-500)
    expect(Math.abs((state.grant?.expiresAt ?? 0) - clock.now() - HOUR)).toBeLessThan(2_000)
  })
})
