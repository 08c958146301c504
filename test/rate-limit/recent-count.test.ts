import { describe, expect, test } from 'vitest'
import { RecentCount } from '../../src/rate-limit/recent-count.ts'

const MINUTE = 60_000
/** A count is at most two grains late. */
const GRAINS = 2 * 100

describe('the count of a minute', () => {
  test('says when so many of its events have left it', () => {
    const recent = new RecentCount(MINUTE)
    for (const at of [0, 0, 10_000, 20_000]) recent.add(at)
    const now = 30_000
    const [none, first, second, third, last, more] = [0, 1, 2, 3, 4, 5].map((events) =>
      recent.timeUntilLeft(now, events),
    )
    expect(none).toBe(0)
    expect(first).toBe(second)
    for (const [time, at] of [
      [second, 0],
      [third, 10_000],
      [last, 20_000],
    ] as const) {
      expect(time).toBeGreaterThan(at + MINUTE - now)
      expect(time).toBeLessThanOrEqual(at + MINUTE - now + GRAINS)
    }
    expect(more).toBe(MINUTE)
  })

  test('needs one entry for a tenth of a second, however many events there are, and forgets those that have left', () => {
    const recent = new RecentCount(MINUTE)
    for (let event = 0; event < 10_000; event++) recent.add(50)
    expect(recent.size).toBe(1)
    for (let now = 0; now < 10 * MINUTE; now += 20) {
      recent.add(now)
      recent.count(now)
    }
    expect(recent.size).toBeLessThan(2 * 602)
    expect(recent.count(12 * MINUTE)).toBe(0)
    expect(recent.size).toBe(0)
  })
})
