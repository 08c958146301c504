import { describe, expect, it } from 'vitest'
import { TokenBucket, type RateLimitExceededError } from '../../src/rate-limit/token-bucket.ts'
import { ManualClock, settle } from '../support/clock.ts'

const QUOTA = 600
const MAX_WAIT_MS = 5_000

/** A tenth of a minute's quota at once, and the rest evenly. */
const bucketOf = (clock: ManualClock, perMinute = QUOTA): TokenBucket =>
  new TokenBucket(clock, { burst: Math.max(perMinute / 10, 1), intervalMs: 60_000 / (0.9 * perMinute) })

const refusalOf = (acquired: Promise<void>): Promise<RateLimitExceededError> =>
  acquired.then(
    () => Promise.reject(new Error('a token was given')),
    (error: unknown) => error as RateLimitExceededError,
  )

/** What so many workers send when each asks again as soon as it may: the instants, in order. */
async function sendAll(clock: ManualClock, bucket: TokenBucket, total: number, workers: number): Promise<number[]> {
  const sentAt: number[] = []
  let left = total
  const work = async (): Promise<void> => {
    while (left-- > 0) {
      await bucket.acquire(MAX_WAIT_MS)
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

describe('a token bucket', () => {
  it('never lets more than the quota into any minute, and wastes little of it', async () => {
    const clock = new ManualClock()
    const sentAt = await sendAll(clock, bucketOf(clock), 1_500, 8)
    expect(mostInAMinute(sentAt)).toBeLessThanOrEqual(QUOTA)
    const minutes = (sentAt.at(-1)! - sentAt[0]!) / 60_000
    expect(1_500 / minutes).toBeGreaterThan(QUOTA * 0.9)
  })

  it('lets a tenth of the quota go at once, also after a long rest', async () => {
    const clock = new ManualClock()
    const bucket = bucketOf(clock)
    for (let hour = 0; hour < 2; hour++) {
      const sentAt = await sendAll(clock, bucket, 70, 1)
      expect(sentAt.filter((at) => at === sentAt[0])).toHaveLength(60)
      await clock.advance(3_600_000)
    }
  })

  it('sends one by one after a drain', async () => {
    const clock = new ManualClock()
    const bucket = bucketOf(clock)
    bucket.drain()
    const sentAt = await sendAll(clock, bucket, 5, 5)
    expect(new Set(sentAt).size).toBe(5)
  })

  it('refuses if the wait would be too long, and reserves no token for it', async () => {
    const clock = new ManualClock()
    const bucket = bucketOf(clock)
    const waiting = Array.from({ length: 105 }, () => bucket.acquire(MAX_WAIT_MS))
    const first = await refusalOf(bucket.acquire(MAX_WAIT_MS))
    const second = await refusalOf(bucket.acquire(MAX_WAIT_MS))
    expect(first.name).toBe('RateLimitExceededError')
    expect(first.retryAfterMs).toBeGreaterThan(5_000)
    expect(second.retryAfterMs).toBe(first.retryAfterMs)
    await clock.advance(6_000)
    await Promise.all(waiting)
    await expect(bucket.acquire(MAX_WAIT_MS)).resolves.toBeUndefined()
  })

  it('is not stopped by a clock that is set back', async () => {
    const clock = new ManualClock()
    const bucket = bucketOf(clock)
    await sendAll(clock, bucket, 60, 1)
    clock.setTimeOfDay(-3_600_000)
    const sentAt = await sendAll(clock, bucket, 3, 1)
    expect(sentAt.at(-1)! - sentAt[0]!).toBeLessThan(1_000)
  })

  it('can be as slow as one request a minute', async () => {
    const clock = new ManualClock()
    const bucket = bucketOf(clock, 1)
    await bucket.acquire(MAX_WAIT_MS)
    expect((await refusalOf(bucket.acquire(MAX_WAIT_MS))).retryAfterMs).toBeGreaterThan(60_000)
  })

  it('gives tokens without waiting, or says when there is one', async () => {
    const clock = new ManualClock()
    const bucket = new TokenBucket(clock, { burst: 2, intervalMs: 1_000 })
    const twice = (): boolean[] => [bucket.tryAcquire(), bucket.tryAcquire()]
    expect([bucket.delay(), twice(), bucket.delay(), twice(), bucket.delay()]).toEqual([
      ...[0, [true, true], 1_000],
      ...[[false, false], 1_000],
    ])
    await clock.advance(1_000)
    expect([bucket.delay(), twice(), bucket.delay()]).toEqual([0, [true, false], 1_000])
  })
})
