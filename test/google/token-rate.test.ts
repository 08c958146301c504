import { expect, test } from 'vitest'
import { ClientRateLimiter } from '../../src/google/client-rate-limiter.ts'
import type { GoogleError } from '../../src/google/port.ts'
import { ManualClock } from '../support/clock.ts'

test('The rate of requests to the token endpoint has an end: who comes too late is told when to come again', async () => {
  const clock = new ManualClock()
  const limiter = new ClientRateLimiter({ clock, random: () => 0.5 })
  const refresh = (): Promise<string> => limiter.run('token', () => Promise.resolve('fresh'))
  const all = Promise.allSettled(Array.from({ length: 5_000 }, refresh))
  await clock.advance(5_000)
  const turnedAway = (await all).filter((one) => one.status === 'rejected')
  expect(turnedAway.length).toBeGreaterThan(0)
  for (const { reason } of turnedAway) {
    expect(reason).toMatchObject({ name: 'GoogleError', failure: 'RateLimited' })
    expect((reason as GoogleError).retryAfterMs).toBeGreaterThan(0)
  }
})
