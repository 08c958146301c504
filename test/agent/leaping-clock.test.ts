/** The time of day leaps while an Agent waits for an answer: nobody signs in again, and nothing is published as fresher than it is. */
import { afterEach, describe, expect, it } from 'vitest'
import { DAY, HOUR, MINUTE, OneAgent } from './support/one-agent.ts'

let one: OneAgent

afterEach(() => one.end())

const header = (): { syncedAt: number; freshUntil: number } => {
  const text = one.world.kubernetes.find('ConfigMap', 'alice-calendar')?.data?.['busy.json'] ?? '{}'
  const { syncedAt, freshUntil } = JSON.parse(text) as { syncedAt: string; freshUntil: string }
  return { syncedAt: Date.parse(syncedAt), freshUntil: Date.parse(freshUntil) }
}

const token = (): number => {
  const data = one.world.kubernetes.find('Secret', 'alice-token')?.data ?? {}
  return Date.parse(Buffer.from(data.expires_at ?? '', 'base64').toString())
}

const listings = (): number => one.world.google.asked.filter(({ path }) => path.includes('/events?')).length

/** The time of day leaps while Google is asked for this, once. */
function leapDuring(path: string, ms: number): void {
  let leapt = false
  one.world.google.before = (asked) => {
    if (leapt || !asked.path.includes(path)) return
    leapt = true
    one.world.clock.setTimeOfDay(ms)
  }
}

function expectTruth(): void {
  const { clock } = one.world
  expect(one.condition('Ready')).toMatchObject({ status: 'True' })
  expect(header().syncedAt).toBeLessThanOrEqual(clock.now() + 5_000)
  expect(header().syncedAt).toBeGreaterThan(clock.now() - 15 * MINUTE)
  expect(header().freshUntil).toBeLessThanOrEqual(clock.now() + 15 * MINUTE + 5_000)
  expect(token()).toBeLessThanOrEqual(clock.now() + HOUR)
  expect(token()).toBeGreaterThan(clock.now())
}

const LEAPS = [30 * DAY, -30 * DAY, 10 * 365 * DAY, -HOUR]

describe.each(LEAPS)('the clock leaps by %d ms', (ms) => {
  it.each(['/events?', '/token', '/calendarList'])('while Google is asked for %s first', async (path) => {
    one = new OneAgent({ accessToken: true })
    leapDuring(path, ms)
    await one.run(11 * MINUTE)
    expectTruth()
  })

  it.each(['/events?', '/token'])('while Google is asked for %s later, and back an hour after', async (path) => {
    one = new OneAgent({ accessToken: true })
    await one.run(11 * MINUTE)
    leapDuring(path, ms)
    await one.run(HOUR)
    expectTruth()
    one.world.clock.setTimeOfDay(-ms)
    const before = listings()
    await one.run(11 * MINUTE)
    expect(listings() - before).toBeGreaterThanOrEqual(1)
    expectTruth()
  })

  it('before a restart, and back an hour after it', async () => {
    one = new OneAgent({ accessToken: true })
    one.world.clock.setTimeOfDay(ms)
    await one.run(11 * MINUTE)
    one.world.restart()
    await one.run(HOUR)
    expectTruth()
    one.world.clock.setTimeOfDay(-ms)
    one.world.restart()
    await one.run(11 * MINUTE)
    expectTruth()
  })

  it('in the middle of a backoff pause', async () => {
    one = new OneAgent({ accessToken: true })
    await one.run(11 * MINUTE)
    one.refuseListings(503)
    await one.run(2 * MINUTE)
    one.world.clock.setTimeOfDay(ms)
    one.answerAgain()
    await one.run(11 * MINUTE)
    expectTruth()
  })
})
