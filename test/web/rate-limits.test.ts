import { beforeEach, describe, expect, test } from 'vitest'
import { CallbackLimiter } from '../../src/web/rate-limits.ts'
import { ManualClock } from '../support/clock.ts'

let clock: ManualClock

beforeEach(() => {
  clock = new ManualClock()
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
