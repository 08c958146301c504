import { beforeEach, describe, expect, test } from 'vitest'
import {
  backoffAfter,
  failuresOf,
  shortened,
  isUnreachable,
  isInForce,
  type GoogleBackoff,
  type GoogleAttempt,
} from '../../src/agent/google-backoff.ts'
import { stepFailure, type StepFailure } from '../../src/failures/step-failure.ts'
import { durationMs } from '../../src/resources/durations.ts'
import { GoogleError } from '../../src/google/port.ts'
import { ManualClock } from '../support/clock.ts'

const SECOND = 1_000
const error = new GoogleError('Unreachable', 'no answer')
const away = stepFailure('Authorized', 'GoogleUnreachable', 'Google is away.', { kind: 'retry', error })
const limited = (notBefore: number): StepFailure =>
  stepFailure('Synced', 'RateLimited', 'Google limits.', { kind: 'retry', error, notBefore })

let clock: ManualClock
let backoff: GoogleBackoff | undefined
let interval: string

beforeEach(() => {
  clock = new ManualClock()
  interval = '10s'
  backoff = undefined
})

const asked = (more: Partial<GoogleAttempt> = {}): GoogleAttempt => ({
  token: 'one',
  credentialsHash: 'hash',
  limited: false,
  ...more,
})

function ask(failures: StepFailure[]): void {
  const longest = durationMs(interval)
  backoff = backoffAfter({ clock, random: () => 0.5 }, backoff, { ...asked(), failures, authorized: false, longest })
}
const fail = (trouble: StepFailure): void => ask([trouble])
const holds = (more: Partial<GoogleAttempt> = {}): boolean => isInForce(clock, backoff, asked(more))
const left = (): number | undefined => {
  const requeue = backoff && failuresOf(clock, backoff)[0]?.requeue
  return requeue?.kind === 'retry' ? requeue.notBefore : undefined
}
function hurry(delayMs: number): number {
  backoff = shortened(clock, backoff!, delayMs)
  return backoff.until - clock.monotonic()
}

describe('while Google is away', () => {
  test('no request is sent before the backoff ends', async () => {
    fail(away)
    expect(left()).toBeCloseTo(750, 0)
    await clock.advance(700)
    expect(left()).toBeCloseTo(50, 0)
    await clock.advance(50)
    expect(holds()).toBe(false)
  })

  test('the backoff doubles up to the sync interval', () => {
    const pauses = Array.from({ length: 7 }, () => {
      fail(away)
      return Math.round(left() ?? 0)
    })
    expect(pauses).toEqual([750, 1_500, 3_000, 6_000, 8_750, 8_750, 8_750])
  })

  test('the backoff starts again once Google has answered', () => {
    for (let turn = 0; turn < 5; turn++) fail(away)
    ask([])
    expect(backoff).toBeUndefined()
    fail(away)
    expect(left()).toBeCloseTo(750, 0)
  })

  test('the backoff does not hold for another grant or other credentials', () => {
    fail(away)
    expect(holds({ credentialsHash: 'other' })).toBe(false)
    expect(holds({ token: 'two' })).toBe(false)
    expect(holds()).toBe(true)
  })

  test('an answer to another agent ends the backoff, but not the pause of a rate limit', async () => {
    interval = '1h'
    for (let turn = 0; turn < 6; turn++) fail(away)
    expect(isUnreachable(backoff)).toBe(true)
    await clock.advance(12 * SECOND)
    expect(hurry(500)).toBe(500)
    expect(holds()).toBe(true)
    await clock.advance(501)
    expect(holds()).toBe(false)
    fail(limited(60 * SECOND))
    expect(isUnreachable(backoff)).toBe(false)
    expect(left()).toBeGreaterThanOrEqual(60 * SECOND)
  })

  test('each attempt that fails nevertheless doubles the shortest pause', () => {
    interval = '1h'
    const pauses = [1, 2, 3].map(() => {
      for (let turn = 0; turn < 8; turn++) fail(away)
      return hurry(500)
    })
    expect(pauses).toEqual([10, 20, 40].map((seconds) => seconds * SECOND))
  })

  test('a failure that is not Google’s causes no backoff', () => {
    fail(stepFailure('Synced', 'PublishFailed', 'Not taken.', { kind: 'retry', error: new Error('403') }))
    expect(backoff).toBeUndefined()
  })
})
