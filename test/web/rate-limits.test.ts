import { beforeEach, describe, expect, test } from 'vitest'
import { CallbackLimiter, KeyedRateLimiter, SlidingWindowLimiter } from '../../src/web/rate-limits.ts'
import { ManualClock } from '../support/clock.ts'

let clock: ManualClock

beforeEach(() => {
  clock = new ManualClock()
})

describe('a token bucket', () => {
  let limiter: KeyedRateLimiter

  beforeEach(() => {
    limiter = new KeyedRateLimiter(clock, { burst: 3, refillMs: 1_000 })
  })

  const times = (count: number, key = 'a'): boolean[] => Array.from({ length: count }, () => limiter.tryAcquire(key))

  test('gives so many at once, and then one at a time', () => {
    expect(times(5)).toEqual([true, true, true, false, false])
    clock.jump(999)
    expect(times(1)).toEqual([false])
    clock.jump(1_000)
    expect(times(2)).toEqual([true, false])
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

  test('there are never more than ten thousand, and who goes on being wrong is not forgotten', () => {
    times(4, 'wrong')
    for (let other = 0; other < 30_000; other++) {
      limiter.tryAcquire(String(other))
      if (other % 5_000 === 0) expect(limiter.tryAcquire('wrong')).toBe(false)
    }
    expect(limiter.size).toBe(10_000)
  })
})

describe('a sliding window', () => {
  const windowMs = 60_000
  let limiter: SlidingWindowLimiter

  beforeEach(() => {
    limiter = new SlidingWindowLimiter(clock, { max: 3, windowMs })
  })

  function admit(key = 'a'): boolean {
    const isFree = limiter.delayOf(key) === 0
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

  test('says how long to wait', () => {
    for (let turn = 0; turn < 3; turn++) {
      admit()
      clock.jump(1_000)
    }
    expect(limiter.delayOf('a')).toBe(57_000)
    expect(limiter.delayOf('b')).toBe(0)
    clock.setTimeOfDay(-1_000_000)
    clock.jump(57_000)
    expect(limiter.delayOf('a')).toBe(0)
  })

  test('never remembers more than ten thousand keys', () => {
    for (let key = 0; key < 12_000; key++) limiter.record(String(key))
    expect(limiter.size).toBe(10_000)
  })
})

describe('callbacks', () => {
  let limiter: CallbackLimiter

  beforeEach(() => {
    limiter = new CallbackLimiter(clock)
  })

  const admitted = (count: number, address: string, link = 'link'): number =>
    Array.from({ length: count }, () => limiter.admit(address, link)).filter((delay) => delay === 0).length

  test('of one address at one link are ten a minute', () => {
    expect(admitted(1_000, 'a')).toBe(10)
    expect(admitted(1_000, 'a', 'another')).toBe(10)
    clock.jump(60_000)
    expect(admitted(1_000, 'a')).toBe(10)
  })

  test('of all addresses at one link are sixty a minute', () => {
    const all = Array.from({ length: 20 }, (_, address) => admitted(10, String(address)))
    expect(all.reduce((sum, one) => sum + one)).toBe(60)
    expect(admitted(1, 'late')).toBe(0)
    expect(admitted(1, 'late', 'another')).toBe(1)
  })

  test('that are refused use up nothing of what the link has for others', () => {
    expect(admitted(1_000, 'greedy')).toBe(10)
    expect(admitted(50, 'other')).toBe(10)
  })
})
