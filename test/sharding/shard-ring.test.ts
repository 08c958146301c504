import { describe, expect, test } from 'vitest'
import { limitFor, reservedBy } from '../../src/google/replica-role.ts'
import { parseLabelSelector } from '../../src/resources/label-selector.ts'
import { leaseNameFor, shardingBySelector } from '../../src/sharding/assignment.ts'
import { RingMembers } from '../../src/sharding/ring-members.ts'
import { shardingByRing, shardNameOf } from '../../src/sharding/shard-ring.ts'
import { ManualClock } from '../support/clock.ts'

const labelled = (labels?: Record<string, string>) => ({ metadata: { name: 'alice', labels } })

describe('whose an Agent is', () => {
  const shard = 'shard.alpha.sharding.timebertt.dev/ring'
  const drain = 'drain.alpha.sharding.timebertt.dev/ring'
  const sharding = shardingByRing({ ring: 'ring', shard: 'pod-a', isKeeper: () => false })

  test.each<[string, Record<string, string> | undefined, boolean, boolean]>([
    ['assigned here', { [shard]: 'pod-a' }, true, false],
    ['assigned elsewhere', { [shard]: 'pod-b' }, false, false],
    ['assigned to nobody', undefined, false, false],
    ['to be handed over', { [shard]: 'pod-a', [drain]: 'true' }, false, true],
    ['to be handed over, whatever the value', { [shard]: 'pod-a', [drain]: '' }, false, true],
    ['to be handed over by another', { [shard]: 'pod-b', [drain]: 'true' }, false, false],
    ['of another ring', { 'shard.alpha.sharding.timebertt.dev/other': 'pod-a' }, false, false],
  ])('%s', (_, labels, isOwn, isLeaving) => {
    const agent = labelled(labels)
    expect([sharding.isOwn(agent), sharding.isLeaving(agent)]).toEqual([isOwn, isLeaving])
  })

  test('is told by the selector, if there is one', () => {
    const selector = { matchExpressions: [{ key: 'team', operator: 'In', values: ['a'] }] }
    const bySelector = shardingBySelector(selector)
    expect([{ team: 'a' }, { team: 'b' }, undefined].map((labels) => bySelector.isOwn(labelled(labels)))).toEqual([
      true,
      false,
      false,
    ])
    expect(leaseNameFor(selector)).toMatch(/^calendar-operator-[0-9a-f]{8}$/)
    expect(leaseNameFor(undefined)).toBe('calendar-operator')
  })

  test('has a leader of its own for each selector', () => {
    const [a, same, b] = ['team in (a,c)', 'team in (c, a)', 'team=b'].map((text) => parseLabelSelector(text))
    const nameOf = (parsed: typeof a): string | undefined =>
      parsed && 'selector' in parsed ? leaseNameFor(parsed.selector) : undefined
    expect(nameOf(same)).toBe(nameOf(a))
    expect(nameOf(b)).not.toBe(nameOf(a))
  })
})

describe("the name of a member's Lease", () => {
  test('is that of its pod, if a label can have it', () => {
    expect(shardNameOf('calendar-operator-5d8f-x2x')).toBe('calendar-operator-5d8f-x2x')
  })

  test.each(['a'.repeat(64), `${'a'.repeat(53)}.${'b'.repeat(40)}`, 'My_Laptop', '---'])(
    'of %s can be a label and the name of an object',
    (podName) => {
      const name = shardNameOf(podName)
      expect(name).toMatch(/^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/)
      expect(name).toBe(shardNameOf(podName))
    },
  )

  test("is never that of the keeper's Lease, which nobody could hold beside it", () => {
    expect(shardNameOf('calendar-operator')).toMatch(/^calendar-operator-[0-9a-f]{8}$/)
  })

  test('differs for pods whose names begin alike', () => {
    expect(shardNameOf(`${'a'.repeat(70)}-1`)).not.toBe(shardNameOf(`${'a'.repeat(70)}-2`))
  })
})

describe('the members of a ring', () => {
  const lease = (name: string, holderIdentity = name) => ({
    after: { apiVersion: '', kind: 'Lease', metadata: { name, namespace: 'x' }, spec: { holderIdentity } },
  })

  test('are counted until a minute after they last renewed their Leases, and the replica itself in any case', async () => {
    const clock = new ManualClock()
    const members = new RingMembers(clock)
    expect(members.count).toBe(1)
    for (const name of ['a', 'b', 'c']) members.onLease(lease(name))
    expect(members.count).toBe(3)
    await clock.advance(30_000)
    members.onLease(lease('a', 'the sharder'))
    members.onLease({ before: lease('b').after })
    members.onLease(lease('c'))
    await clock.advance(29_000)
    expect(members.count).toBe(3)
    await clock.advance(2_000)
    expect(members.count).toBe(1)
    members.onLease(lease('d', ''))
    expect(members.count).toBe(1)
    await clock.advance(60_000)
    expect(members.count).toBe(1)
    members.onLease(lease('d', ''))
    expect(members.isEmpty).toBe(true)
  })

  test.each([
    [10_000, 3, 3_333],
    [600, 3, 200],
    [2, 3, 1],
    [10, 1, 10],
  ])('of a budget of %i, each of %i has %i', (budget, shards, share) => {
    expect(limitFor({ shards }, budget)).toBe(share)
    expect(reservedBy({ shards }, budget)).toBe(0)
  })
})
