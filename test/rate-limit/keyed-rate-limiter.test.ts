import { beforeEach, describe, expect, test } from 'vitest'
import { KeyedRateLimiter } from '../../src/rate-limit/keyed-rate-limiter.ts'
import { ManualClock } from '../support/clock.ts'

let clock: ManualClock

beforeEach(() => {
  clock = new ManualClock()
})

describe('a token bucket for each key', () => {
  let limiter: KeyedRateLimiter

  beforeEach(() => {
    limiter = new KeyedRateLimiter(clock, { burst: 3, intervalMs: 1_000 })
  })

  const times = (count: number, key = 'a'): boolean[] => Array.from({ length: count }, () => limiter.tryAcquire(key))

  test('gives so many at once, and then one at a time', () => {
    expect(times(5)).toEqual([true, true, true, false, false])
    clock.jump(999)
    expect(times(1)).toEqual([false])
    clock.jump(1_000)
    expect(times(2)).toEqual([true, false])
  })

  test('is not emptied by attempts that were refused', () => {
    times(3)
    const given = Array.from({ length: 100 }, () => {
      clock.jump(100)
      return limiter.tryAcquire('a')
    })
    expect(given.filter(Boolean)).toHaveLength(10)
  })

  test('says how long to wait', () => {
    times(3)
    clock.jump(400)
    expect([limiter.delay('a'), limiter.delay('b')]).toEqual([600, 0])
  })

  test('can be taken from beyond what it holds', () => {
    for (let count = 0; count < 5; count++) limiter.record('a')
    expect(limiter.delay('a')).toBe(3_000)
  })

  test('never holds more than at the beginning, however long it was left alone', () => {
    times(3)
    clock.jump(1_000_000)
    expect(times(4)).toEqual([true, true, true, false])
  })

  test('is one’s own', () => {
    times(4)
    expect(times(1, 'b')).toEqual([true])
  })

  test.each([6, -6])('is neither filled nor emptied by the time of day leaping by %d hours', (hours) => {
    times(3)
    clock.setTimeOfDay(hours * 60 * 60_000)
    expect(times(1)).toEqual([false])
    clock.jump(1_000)
    expect(times(2)).toEqual([true, false])
  })

  test('there are never more than ten thousand, and one that continues to be refused is not forgotten', () => {
    times(4, 'wrong')
    for (let other = 0; other < 30_000; other++) {
      limiter.tryAcquire(String(other))
      if (other % 5_000 === 0) expect(limiter.tryAcquire('wrong')).toBe(false)
    }
    expect(limiter.size).toBe(10_000)
  })
})
