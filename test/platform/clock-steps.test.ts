import { describe, expect, test } from 'vitest'
import { hasCome, instantOf, monotonicAt, sleep, systemClock, timeOfDay } from '../../src/platform/clock.ts'
import { watchTimeOfDay } from '../../src/platform/clock-steps.ts'
import { ManualClock } from '../support/clock.ts'

const SECOND = 1_000
const HOUR = 3_600_000

describe('a leap of the time of day', () => {
  test.each([HOUR, -HOUR, 3 * SECOND])('of %d ms is noticed once, within seconds', async (leap) => {
    const clock = new ManualClock()
    const leaps: number[] = []
    const stop = watchTimeOfDay(clock, (ms) => void leaps.push(Math.round(ms / 10) * 10))
    await clock.advance(20 * SECOND)
    clock.setTimeOfDay(leap)
    await clock.advance(5 * SECOND)
    expect(leaps).toEqual([leap])
    await clock.advance(60 * SECOND)
    expect(leaps).toEqual([leap])
    stop()
    expect(clock.pending).toEqual([])
  })

  test('is also what many small steps amount to', async () => {
    const clock = new ManualClock()
    const leaps: number[] = []
    watchTimeOfDay(clock, (ms) => void leaps.push(ms))
    for (let step = 0; step < 5; step++) {
      clock.setTimeOfDay(500)
      await clock.advance(10 * SECOND)
    }
    expect(leaps).toHaveLength(1)
  })
})

describe('an instant of the monotonic clock', () => {
  test('has come a millisecond before its time, since timers are that early, and not sooner', async () => {
    const clock = new ManualClock()
    const at = clock.monotonic() + 1_000
    await clock.advance(998)
    expect(hasCome(clock, at)).toBe(false)
    await clock.advance(1)
    expect(hasCome(clock, at)).toBe(true)
    expect(hasCome(clock, -Infinity)).toBe(true)
  })

  test('uses the current wall clock', async () => {
    const clock = new ManualClock('2026-11-23T16:00:00Z')
    const at = clock.monotonic()
    await clock.advance(60 * SECOND)
    expect(new Date(timeOfDay(clock, at)).toISOString()).toBe('2026-11-23T16:00:00.000Z')
    clock.setTimeOfDay(-6 * HOUR)
    expect(new Date(timeOfDay(clock, at)).toISOString()).toBe('2026-11-23T10:00:00.000Z')
    expect(timeOfDay(clock, monotonicAt(clock, clock.now() + HOUR))).toBe(clock.now() + HOUR)
  })

  test('is unknown for a timestamp in the future, or an invalid one', () => {
    const clock = new ManualClock('2026-11-23T10:00:00Z')
    expect(instantOf(clock, '2026-11-23T09:59:00Z')).toBe(clock.monotonic() - 60 * SECOND)
    expect(instantOf(clock, '2026-11-23T10:00:01Z')).toBeUndefined()
    expect(instantOf(clock, undefined)).toBeUndefined()
    expect(instantOf(clock, 'yesterday')).toBeUndefined()
  })
})

test('the real clock’s timers are at most a millisecond early, even if the delay has a fraction', async () => {
  for (const delay of [3.9, 7.4, 2.99]) {
    const startedAt = systemClock.monotonic()
    // A timer of ours keeps no process alive.
    const alive = setInterval(() => undefined, 1_000)
    await sleep(systemClock, delay)
    clearInterval(alive)
    expect(systemClock.monotonic() - startedAt).toBeGreaterThan(delay - 1)
  }
})
