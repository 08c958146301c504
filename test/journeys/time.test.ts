/** Clocks that are wrong, that are put right, and that leap: every calendar is read every interval all the same. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { agentManifest, integrationManifest } from './support/manifests.ts'
import { isReal, startWorld, type World } from './support/world.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

let world: World

beforeEach(async () => {
  world = await startWorld({ start: false })
})

afterEach(() => world.stop())

const started = async (names: string[], sync: object): Promise<void> => {
  await world.startOperator()
  for (const name of names) await world.addPerson(name)
  await world.objects.apply(integrationManifest({ sync }))
  for (const name of names) await world.objects.apply(agentManifest(name))
  for (const name of names) await world.untilReady(name)
}

const reads = (): number => world.google.requests().byKind['events.list'] ?? 0

/** How often calendars are read in so much time that goes by. */
async function readsWithin(ms: number): Promise<number> {
  world.google.resetRequests()
  await world.clock.advance(ms)
  return reads()
}

/** By the operator's own clock, in seconds from now. */
const fromNow = (instant: string | undefined): number => (Date.parse(instant ?? '') - world.clock.now()) / SECOND

describe.skipIf(isReal)('every calendar is read every interval', () => {
  test('over hundreds of intervals, each timer of which is a fraction early', async () => {
    await started(['alice', 'bob'], { interval: '10s' })
    const count = await readsWithin(100 * 10 * SECOND)
    // Each interval is up to a tenth shorter or longer, and 10 s on the average.
    expect(count).toBeGreaterThanOrEqual(2 * 96)
    expect(count).toBeLessThanOrEqual(2 * 104)
  })

  test('when the clock was six hours ahead at the start and is put right', async () => {
    world.clock.setTimeOfDay(6 * HOUR)
    await started(['alice'], { interval: '1m' })
    expect(await readsWithin(5 * MINUTE)).toBeGreaterThanOrEqual(4)
    world.clock.setTimeOfDay(-6 * HOUR)
    expect(await readsWithin(66 * SECOND)).toBeGreaterThanOrEqual(1)
    const [busy, { status }] = [await world.busy('alice'), await world.agent('alice')]
    expect(fromNow(busy.syncedAt)).toBeLessThanOrEqual(0)
    expect(fromNow(busy.freshUntil)).toBeLessThanOrEqual(15 * 60)
    expect(fromNow(status?.sync?.lastSyncTime)).toBeLessThanOrEqual(0)
    expect(fromNow(status?.authorization?.accessTokenExpiresAt)).toBeLessThanOrEqual(60 * 60)
    expect(await readsWithin(10 * MINUTE)).toBeGreaterThanOrEqual(9)
  })

  test('when the clock was six hours behind at the start and is put right: nobody is called stale for that', async () => {
    await started(['alice', 'bob'], { interval: '5m' })
    world.clock.setTimeOfDay(6 * HOUR)
    await world.clock.advance(40 * SECOND)
    for (const name of ['alice', 'bob']) {
      expect(fromNow((await world.busy(name)).syncedAt)).toBeGreaterThan(-45)
      expect((await world.agent(name)).status?.conditions?.[0]).toMatchObject({ type: 'Ready', status: 'True' })
    }
    expect(await readsWithin(11 * MINUTE)).toBeGreaterThanOrEqual(4)
  })

  test('when the clock is set back by an hour with five agents waiting', async () => {
    const names = ['alice', 'bob', 'carol', 'dora', 'emil']
    await started(names, { interval: '1m' })
    world.clock.setTimeOfDay(-HOUR)
    world.google.resetRequests()
    const since = world.clock.monotonic()
    await world.until('each was read', () => {
      const listings = world.google.requests().log.filter(({ kind }) => kind === 'events.list')
      return new Set(listings.map(({ path }) => path)).size === names.length
    })
    expect(world.clock.monotonic() - since).toBeLessThan(70 * SECOND)
  })

  test('by an operator that is started again after the clock was put right', async () => {
    world.clock.setTimeOfDay(6 * HOUR)
    await started(['alice'], { interval: '1m' })
    await world.stopOperator()
    world.clock.setTimeOfDay(-6 * HOUR)
    world.google.resetRequests()
    await world.startOperator()
    await world.clock.advance(20 * SECOND)
    // The client's proof, and a new access token: nobody knows any more when the stored one really ends.
    expect(world.google.requests().byKind).toMatchObject({ 'token.refresh': 2, 'events.list': 1 })
    expect(fromNow((await world.busy('alice')).syncedAt)).toBeLessThanOrEqual(0)
    expect(fromNow((await world.agent('alice')).status?.authorization?.accessTokenExpiresAt)).toBeLessThanOrEqual(3600)
  })
})
