import { describe, expect, it } from 'vitest'
import { TokenBucket } from '../../src/google/token-bucket.ts'
import { ManualClock, settle } from '../support/clock.ts'
import { failureOf } from './support/harness.ts'

const QUOTA = 600

/** What so many workers send when each asks again as soon as it may: the instants, in order. */
async function sendAll(clock: ManualClock, pace: TokenBucket, total: number, workers: number): Promise<number[]> {
  const sentAt: number[] = []
  let left = total
  const work = async (): Promise<void> => {
    while (left-- > 0) {
      await pace.acquire()
      sentAt.push(clock.now())
    }
  }
  const all = Promise.all(Array.from({ length: workers }, work))
  while (sentAt.length < total) {
    await settle()
    const [next] = clock.pending
    if (next !== undefined) await clock.advance(next - clock.now())
  }
  await all
  return sentAt
}

const mostInAMinute = (instants: number[]): number =>
  Math.max(...instants.map((from) => instants.filter((at) => at >= from && at < from + 60_000).length))

describe('the pace', () => {
  it('never lets more than the quota into any minute, and wastes little of it', async () => {
    const clock = new ManualClock()
    const sentAt = await sendAll(clock, new TokenBucket(clock, QUOTA), 1_500, 8)
    expect(mostInAMinute(sentAt)).toBeLessThanOrEqual(QUOTA)
    const minutes = (sentAt.at(-1)! - sentAt[0]!) / 60_000
    expect(1_500 / minutes).toBeGreaterThan(QUOTA * 0.9)
  })

  it('lets a tenth of the quota go at once, also after a long rest', async () => {
    const clock = new ManualClock()
    const pace = new TokenBucket(clock, QUOTA)
    for (let hour = 0; hour < 2; hour++) {
      const sentAt = await sendAll(clock, pace, 70, 1)
      expect(sentAt.filter((at) => at === sentAt[0])).toHaveLength(60)
      await clock.advance(3_600_000)
    }
  })

  it('sends one by one after a drain', async () => {
    const clock = new ManualClock()
    const pace = new TokenBucket(clock, QUOTA)
    pace.drain()
    const sentAt = await sendAll(clock, pace, 5, 5)
    expect(new Set(sentAt).size).toBe(5)
  })

  it('refuses where the wait would be too long, and takes no turn for it', async () => {
    const clock = new ManualClock()
    const pace = new TokenBucket(clock, QUOTA)
    const waiting = Array.from({ length: 105 }, () => pace.acquire())
    const first = await failureOf(pace.acquire())
    const second = await failureOf(pace.acquire())
    expect(first.failure).toBe('RateLimited')
    expect(first.retryAfterMs).toBeGreaterThan(5_000)
    expect(second.retryAfterMs).toBe(first.retryAfterMs)
    await clock.advance(6_000)
    await Promise.all(waiting)
    await expect(pace.acquire()).resolves.toBeUndefined()
  })

  it('is not stopped by a clock that is set back', async () => {
    const clock = new ManualClock()
    const pace = new TokenBucket(clock, QUOTA)
    await sendAll(clock, pace, 60, 1)
    clock.setTimeOfDay(-3_600_000)
    const sentAt = await sendAll(clock, pace, 3, 1)
    expect(sentAt.at(-1)! - sentAt[0]!).toBeLessThan(1_000)
  })

  it('can be as slow as one request a minute', async () => {
    const clock = new ManualClock()
    const pace = new TokenBucket(clock, 1)
    await pace.acquire()
    expect((await failureOf(pace.acquire())).retryAfterMs).toBeGreaterThan(60_000)
  })
})
