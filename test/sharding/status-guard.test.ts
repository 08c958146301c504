import { expect, test } from 'vitest'
import type { Cluster } from '../../src/kubernetes/port.ts'
import { withStatusGuard } from '../../src/sharding/status-guard.ts'
import { agent, integration } from '../kubernetes/support/objects.ts'

const written: string[] = []
const cluster = {
  writeStatus: async (object: { metadata: { name: string } }) => void written.push(object.metadata.name),
} as unknown as Cluster
const guarded = withStatusGuard(cluster, ({ metadata }) => metadata.labels?.shard === 'here')

test('the status of an Agent that has moved away is not written, and that is not reported', async () => {
  const moved = guarded.writeStatus(agent('alice', {}, { labels: { shard: 'there' } }), {})
  await expect(moved).rejects.toMatchObject({ failure: 'Conflict' })
  await guarded.writeStatus(agent('bob', {}, { labels: { shard: 'here' } }), {})
  await guarded.writeStatus(integration('google'), {})
  expect(written).toEqual(['bob', 'google'])
})
