import { expect, test } from 'vitest'
import type { Cluster } from '../../src/kubernetes/port.ts'
import { withStatusGuard } from '../../src/sharding/status-guard.ts'
import { isHere } from '../../src/sharding/assignment.ts'
import { shardingByRing } from '../../src/sharding/shard-ring.ts'
import { agent, integration } from '../kubernetes/support/objects.ts'

const SHARD = 'shard.alpha.sharding.timebertt.dev/ring'
const DRAIN = 'drain.alpha.sharding.timebertt.dev/ring'
const sharding = shardingByRing({ ring: 'ring', shard: 'pod-a', isKeeper: () => false })

const written: string[] = []
const cluster = {
  writeStatus: async (object: { metadata: { name: string } }) => void written.push(object.metadata.name),
} as unknown as Cluster
const guarded = withStatusGuard(cluster, (object) => isHere(sharding, object))

test('the status of an Agent is written until it is handed over, and then no more, which is not reported', async () => {
  const moved = guarded.writeStatus(agent('alice', {}, { labels: { [SHARD]: 'pod-b' } }), {})
  await expect(moved).rejects.toMatchObject({ failure: 'Conflict' })
  await guarded.writeStatus(agent('bob', {}, { labels: { [SHARD]: 'pod-a' } }), {})
  await guarded.writeStatus(agent('carol', {}, { labels: { [SHARD]: 'pod-a', [DRAIN]: 'true' } }), {})
  await guarded.writeStatus(integration('google'), {})
  expect(written).toEqual(['bob', 'carol', 'google'])
})
