import { beforeEach, describe, expect, test } from 'vitest'
import { GoogleError } from '../../src/google/port.ts'
import { settle } from '../support/clock.ts'
import { HOUR, LimitedClient, MINUTE, refusal } from './support/limited-client.ts'

const SMALL = { requestsPerMinute: 600, requestsPerMinutePerAgent: 600 }

let at: LimitedClient
let clock: LimitedClient['clock']
let limiter: LimitedClient['limiter']
let send: LimitedClient['send']
let meet: LimitedClient['meet']
let underWay: LimitedClient['underWay']

beforeEach(() => {
  at = new LimitedClient(SMALL)
  ;({ clock, limiter, send, meet, underWay } = at)
})

describe('the rate of requests', () => {
  const flood = (count: number): Promise<PromiseSettledResult<string>[]> =>
    Promise.allSettled(Array.from({ length: count }, send))

  test('lets no minute hold more requests than the quota', async () => {
    const starts: number[] = []
    const begin = clock.now()
    while (clock.now() < begin + 2 * MINUTE) {
      void limiter.run('calendar', () => Promise.resolve(starts.push(clock.now()))).catch(() => undefined)
      void limiter.run('calendar', () => Promise.resolve(starts.push(clock.now()))).catch(() => undefined)
      await clock.advance(100)
    }
    const busiest = Math.max(...starts.map((at) => starts.filter((one) => one >= at && one < at + MINUTE).length))
    expect(busiest).toBeLessThanOrEqual(600)
    expect(starts.length).toBeGreaterThan(1_000)
  })

  test('lets a tenth of it go at once, makes the next wait for seconds, and turns the rest away', async () => {
    const all = flood(120)
    await settle()
    expect(at.sent).toBe(60)
    await clock.advance(5_000)
    const turnedAway = (await all).filter((one) => one.status === 'rejected')
    expect([at.sent, turnedAway.length]).toEqual([105, 15])
    for (const { reason } of turnedAway) {
      expect(reason).toBeInstanceOf(GoogleError)
      expect(reason).toMatchObject({ failure: 'RateLimited' })
      expect((reason as GoogleError).retryAfterMs).toBeGreaterThan(0)
    }
  })

  test('does not send what waited for its turn when a limit came in between', async () => {
    const first = await underWay()
    const all = flood(70)
    await settle()
    await first.fail(refusal('RateLimited'))
    await clock.advance(1_500)
    expect(at.sent).toBe(60)
    expect((await all).filter(({ status }) => status === 'rejected')).toHaveLength(11)
  })

  test('has no burst after a limit: the others follow evenly', async () => {
    await meet(refusal('RateLimited'))
    await clock.advance(5_000)
    await send()
    const all = flood(30)
    await settle()
    expect(at.sent).toBe(2)
    await clock.advance(5_000)
    await all
    expect(at.sent).toBe(32)
  })

  test('is the same whatever the time of day', async () => {
    await flood(60)
    clock.setTimeOfDay(24 * HOUR)
    void send()
    await settle()
    expect(at.sent).toBe(60)
    clock.setTimeOfDay(-48 * HOUR)
    await clock.advance(200)
    expect(at.sent).toBe(61)
  })
})
