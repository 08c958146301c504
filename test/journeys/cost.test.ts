import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { agentManifest, integrationManifest } from './support/manifests.ts'
import { isReal, startWorld, type World } from './support/world.ts'

const MINUTE = 60_000

let world: World

beforeEach(async () => {
  world = await startWorld()
})

afterEach(() => world.stop())

/** The operator's requests to the API server, without its open watches and without the test's own requests. */
const kubernetesRequests = (): string[] =>
  (world.sandbox?.requests() ?? [])
    .filter(({ verb, userAgent }) => verb !== 'watch' && !userAgent.includes('test'))
    .flatMap(({ verb, resource, subresource, count }) =>
      Array<string>(count).fill([verb, resource, subresource].filter(Boolean).join(' ')),
    )

const ready = async (names: string[], integration: Record<string, unknown> = {}): Promise<void> => {
  for (const name of names) await world.addPerson(name)
  await world.objects.apply(integrationManifest(integration))
  for (const name of names) await world.objects.apply(agentManifest(name))
  for (const name of names) await world.untilReady(name)
  await world.clock.advance(5_000)
}

describe.skipIf(isReal)('what it costs', () => {
  test('a new agent: three writes, one read, three requests to Google', async () => {
    await ready(['alice', 'bob', 'carol'])
    world.sandbox?.resetRequests()
    world.google.resetRequests()
    await world.addPerson('dora')
    await world.objects.apply(agentManifest('dora'))
    await world.until(
      'dora is ready',
      async () => (await world.agent('dora')).status?.conditions?.[0]?.status === 'True',
    )
    expect(world.google.requests().byKind).toEqual({ 'token.refresh': 1, 'calendarList.get': 1, 'events.list': 1 })
    const writes = (world.sandbox?.requests() ?? []).filter(({ verb }) => ['create', 'patch', 'update'].includes(verb))
    const ours = writes.filter(({ resource, subresource }) => resource === 'configmaps' || subresource === 'status')
    expect(ours.reduce((sum, { count }) => sum + count, 0)).toBeLessThanOrEqual(3)
  })

  test('an interval without changes: one request to Google for each calendar, none to Kubernetes', async () => {
    await ready(['alice', 'bob'])
    world.google.resetRequests()
    world.sandbox?.resetRequests()
    await world.clock.advance(6 * MINUTE)
    await world.until('both were read', () => (world.google.requests().byKind['events.list'] ?? 0) >= 2)
    expect(world.google.requests().byKind).toEqual({ 'events.list': 2 })
    expect(kubernetesRequests()).toEqual([])
  })

  test('a heartbeat after half of staleAfter: two writes for each agent', async () => {
    await ready(['alice'])
    const before = await world.busy('alice')
    world.sandbox?.resetRequests()
    await world.clock.advance(12 * MINUTE)
    const after = await world.until('the heartbeat is there', async () => {
      const busy = await world.busy('alice')
      return busy.syncedAt > before.syncedAt && busy
    })
    expect(Date.parse(after.freshUntil)).toBeGreaterThan(world.clock.now())
    const writes = kubernetesRequests().filter((request) => request.startsWith('patch'))
    expect(writes.sort()).toEqual(['patch agents.calendar-operator.io status', 'patch configmaps'])
  })

  test('a restart: one verification, one list for each calendar, no refresh, no write', async () => {
    await ready(['alice', 'bob'])
    await world.stopOperator()
    world.google.resetRequests()
    world.sandbox?.resetRequests()
    await world.startOperator()
    await world.until('all was read again', () => (world.google.requests().byKind['events.list'] ?? 0) >= 2)
    await world.clock.advance(10_000)
    expect(world.google.requests().byKind).toEqual({ 'token.refresh': 1, 'events.list': 2 })
    expect(kubernetesRequests().filter((request) => !/^(get|list)/.test(request))).toEqual([])
    // They are read in pages.
    expect(kubernetesRequests()).not.toContain('get configmaps')
  })

  test('a rate limit: no storm, all agents stay ready, and the integration reports it and recovers', async () => {
    await ready(['alice', 'bob', 'carol'], { sync: { interval: '1m' } })
    world.google.addFault({ fault: '429', kind: 'events.list' })
    world.google.resetRequests()
    await world.until('the integration says so', async () => {
      const quota = (await world.integration()).status?.conditions?.find(({ type }) => type === 'WithinQuota')
      return quota?.reason === 'RateLimited'
    })
    await world.clock.advance(3 * MINUTE)
    expect(world.google.requests().byKind['events.list']).toBeLessThanOrEqual(10)
    for (const name of ['alice', 'bob', 'carol']) {
      expect((await world.agent(name)).status?.conditions?.[0]).toMatchObject({ status: 'True', reason: 'Ready' })
    }
    expect((await world.integration()).status?.conditions?.[0]?.status).toBe('True')
    world.google.clearFaults()
    await world.until('it is over', async () => {
      const quota = (await world.integration()).status?.conditions?.find(({ type }) => type === 'WithinQuota')
      return quota?.reason === 'WithinQuota'
    })
  })
})
