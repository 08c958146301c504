/** Members of a ring share the budget of `spec.quota` without speaking to each other. The tests play the sharder. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { integrationManifest } from './support/manifests.ts'
import { startRing, type Ring } from './support/ring.ts'
import { limitMs, type World } from './support/world.ts'

const MINUTE = 60_000
const BUDGET = 20
const SHARE = BUDGET / 2
/** Each would be read six times a minute: more than twice a member's share. */
const EACH = 4

let ring: Ring
let world: World
let replicas: Ring['replicas']
let sharder: Ring['sharder']

beforeEach(async () => {
  ring = await startRing('shard-a', 'shard-b')
  ;({ world, replicas, sharder } = ring)
})

afterEach(() => ring.stop())

async function addAgents(shard: string): Promise<string[]> {
  const names = Array.from({ length: EACH }, (_, n) => `${shard}-${n}`)
  for (const name of names) {
    await ring.addAgent(name, shard, { publish: { calendar: { name: `${name}-calendar` }, staleAfter: '1h' } })
  }
  return names
}

/** The most requests in any sliding minute, as Google saw them. */
const busiestOfAll = (): number =>
  world.google.busiestMinutes().clients.find(({ name }) => name === world.client.clientId)?.requests ?? 0

test(
  'each of two sends at most its share in a sliding minute, and has all of it a minute after the other has left',
  async () => {
    const quota = { requestsPerMinute: BUDGET }
    await world.objects.apply(integrationManifest({ quota, sync: { interval: '10s' } }))
    const [ofA, ofB] = [await addAgents('shard-a'), await addAgents('shard-b')]
    for (const name of [...ofA, ...ofB]) await world.untilReady(name)
    await world.clock.advance(2 * MINUTE)
    for (const shard of ['shard-a', 'shard-b']) {
      expect(replicas.busiestMinute(shard)).toBeLessThanOrEqual(SHARE)
      expect(replicas.busiestMinute(shard)).toBeGreaterThan(SHARE / 2)
    }

    await replicas.get('shard-b').stop()
    const left = world.clock.now()
    for (const name of ofB) await sharder.assign(name, 'shard-a')
    await world.clock.advance(MINUTE / 2)
    expect(replicas.busiestMinute('shard-a')).toBeLessThanOrEqual(SHARE)
    await world.clock.advance(2.5 * MINUTE)
    expect(replicas.busiestMinute('shard-a', left + MINUTE)).toBeGreaterThan(SHARE)
    expect(busiestOfAll()).toBeLessThanOrEqual(BUDGET)
    for (const name of [...ofA, ...ofB]) await world.untilReady(name)
  },
  limitMs(300_000),
)
