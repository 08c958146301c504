/** Members of a ring share the budget of `spec.quota` without speaking to each other. The tests play the sharder. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { agentManifest, integrationManifest } from './support/manifests.ts'
import { Replicas } from './support/replicas.ts'
import { RING, Sharder } from './support/sharder.ts'
import { limitMs, startWorld, type World } from './support/world.ts'

const MINUTE = 60_000
const BUDGET = 20
const SHARE = BUDGET / 2
/** Each would be read six times a minute: more than twice a member's share. */
const EACH = 4

let world: World
let replicas: Replicas
let sharder: Sharder

beforeEach(async () => {
  world = await startWorld({ start: false })
  replicas = new Replicas(world)
  sharder = new Sharder(world)
})

afterEach(async () => {
  await replicas.stopAll()
  await world.stop()
})

async function addAgents(shard: string): Promise<string[]> {
  const names = Array.from({ length: EACH }, (_, n) => `${shard}-${n}`)
  for (const name of names) {
    await world.addPerson(name)
    const publish = { calendar: { name: `${name}-calendar` }, staleAfter: '1h' }
    const { metadata, ...manifest } = agentManifest(name, { publish })
    await world.objects.apply({ ...manifest, metadata: { ...metadata, labels: sharder.labels(shard) } } as never)
  }
  return names
}

/** The most requests in any sliding minute, as Google saw them. */
const busiestOfAll = (): number =>
  world.google.busiestMinutes().clients.find(({ name }) => name === world.client.clientId)?.requests ?? 0

test(
  'each of two sends at most its share in a sliding minute, and has all of it a minute after the other has left',
  async () => {
    for (const name of ['shard-a', 'shard-b']) await replicas.start(name, { 'shard-ring': RING })
    await sharder.untilMembers('shard-a', 'shard-b')
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
