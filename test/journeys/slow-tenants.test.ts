/** Google answers the Agents of some namespaces slowly, or not at all: those of other namespaces are read as before. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { agentManifest, integrationManifest } from './support/manifests.ts'
import { startWorld, type World } from './support/world.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND

let world: World

beforeEach(async () => {
  world = await startWorld({ start: false })
})
afterEach(() => world.stop())

/** An Agent in a namespace of its own, without a published calendar. */
async function addSlow(name: string): Promise<void> {
  const namespace = await world.addNamespace(name)
  const refreshToken = await world.addPerson(name)
  await world.objects.secret(`${name}-grant`, { refresh_token: refreshToken }, namespace)
  const spec = { integrationRef: { name: 'google', namespace: world.namespace }, publish: {} }
  const manifest = agentManifest(name, spec)
  await world.objects.apply({ ...manifest, metadata: { name, namespace } })
}

test('an Agent is read at each interval while more slow namespaces than workers wait for Google', async () => {
  await world.objects.apply(integrationManifest({ sync: { interval: '10s' }, allowedNamespaces: { from: 'All' } }))
  const slow = ['slow-a', 'slow-b', 'slow-c']
  for (const name of slow) {
    world.google.addFault({ fault: 'slow', ms: 60 * MINUTE, kind: 'events.list', account: `${name}@example.com` })
    await addSlow(name)
  }
  await world.startOperator({ workers: '2' })
  await world.until('the slow Agents are being read', () => (world.google.requests().byKind['events.list'] ?? 0) >= 3)
  await world.addPerson('alice')
  await world.objects.apply(agentManifest('alice'))
  await world.untilReady('alice')

  world.google.resetRequests()
  for (let turn = 0; turn < 12; turn++) await world.clock.advance(10 * SECOND)
  const { log } = world.google.requests()
  const reads = log.filter(({ kind, account }) => kind === 'events.list' && account === 'alice@example.com')
  expect(reads.length).toBeGreaterThanOrEqual(10)
})
