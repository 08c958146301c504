import { beforeEach, describe, expect, test } from 'vitest'
import { SlidingWindowLimiter } from '../../src/rate-limit/sliding-window-limiter.ts'
import { ManualClock } from '../support/clock.ts'

let clock: ManualClock

beforeEach(() => {
  clock = new ManualClock()
})

describe('a sliding window', () => {
  const windowMs = 60_000
  let limiter: SlidingWindowLimiter

  beforeEach(() => {
    limiter = new SlidingWindowLimiter(clock, { max: 3, windowMs })
  })

  function admit(key = 'a'): boolean {
    const isFree = limiter.delay(key) === 0
    if (isFree) limiter.record(key)
    return isFree
  }

  test('holds no more than so many in any minute, wherever it begins', () => {
    const admitted: number[] = []
    for (let second = 0; second < 600; second++) {
      if (admit()) admitted.push(clock.monotonic())
      clock.jump(1_000 + (second % 7))
    }
    for (const start of admitted) {
      expect(admitted.filter((at) => at >= start && at < start + windowMs).length).toBeLessThanOrEqual(3)
    }
    expect(admitted.length).toBeGreaterThan(25)
  })

  test('admits so many at once, and not one more', () => {
    expect([admit(), admit(), admit(), admit()]).toEqual([true, true, true, false])
  })

  test('of one admits a key for the first time, and then not until the window has passed', () => {
    limiter = new SlidingWindowLimiter(clock, { max: 1, windowMs })
    expect([admit(), admit()]).toEqual([true, false])
    clock.jump(windowMs)
    expect(admit()).toBe(true)
  })

  test('says how long to wait', () => {
    for (let turn = 0; turn < 3; turn++) {
      admit()
      clock.jump(1_000)
    }
    expect(limiter.delay('a')).toBe(57_000)
    expect(limiter.delay('b')).toBe(0)
    clock.setTimeOfDay(-1_000_000)
    clock.jump(57_000)
    expect(limiter.delay('a')).toBe(0)
  })

  test('never remembers more than ten thousand keys', () => {
    for (let key = 0; key < 12_000; key++) limiter.record(String(key))
    expect(limiter.size).toBe(10_000)
  })
})
