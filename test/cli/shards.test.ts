import { describe, expect, test } from 'vitest'
import { shardsOf, shardsSummary } from '../../src/cli/status/shards.ts'
import { RING_LABEL, shardLabel } from '../../src/resources/shard-labels.ts'
import type { Agent } from '../../src/resources/types.ts'

const NOW = Date.parse('2026-11-29T12:00:00Z')

const lease = (name: string, ageSeconds: number, holderIdentity = name) => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name, namespace: 'calendar-operator', labels: { [RING_LABEL]: 'ring' } },
  spec: { holderIdentity, leaseDurationSeconds: 15, renewTime: new Date(NOW - ageSeconds * 1000).toISOString() },
})

const agent = (name: string, shard?: string): Agent =>
  ({ metadata: { name, namespace: 'booking', labels: shard && { [shardLabel('ring')]: shard } } }) as Agent

describe('the shards', () => {
  test('are shown with their Agents, and with those that none of them serves', () => {
    const leases = [lease('pod-a', 1), lease('pod-b', 3_600), lease('pod-c', 1, 'sharder')]
    const agents = [agent('ann', 'pod-a'), agent('ben', 'pod-a'), agent('cy', 'pod-b'), agent('dan')]
    const found = shardsOf(leases, agents, NOW)
    expect(found?.shards.map(({ name, alive, agents: count }) => [name, alive, count])).toEqual([
      ['pod-a', true, 2],
      ['pod-b', false, 1],
      ['pod-c', false, 0],
    ])
    expect(found?.unassigned).toEqual(['booking/cy', 'booking/dan'])
    expect(found && shardsSummary(found)).toBe(
      '3: 1 alive (pod-a with 2 agents), 2 gone (pod-b with 1, pod-c with 0 agents), 2 agents assigned to none of them',
    )
  })

  test('are not shown without a ring', () => {
    expect(shardsOf([], [agent('ann')], NOW)).toBeUndefined()
    expect(shardsOf(undefined, [agent('ann')], NOW)).toBeUndefined()
  })
})
