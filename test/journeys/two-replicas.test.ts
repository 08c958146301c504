/** Two whole replicas of which one leads: what arrives at the pages of the other one, and what is left to it. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { agentManifest, integrationManifest } from './support/manifests.ts'
import { Replicas } from './support/replicas.ts'
import { startWorld, withinMs, type World } from './support/world.ts'

const ALICE = 'alice@example.com'

let world: World
let replicas: Replicas

beforeEach(async () => {
  world = await startWorld({ start: false })
  replicas = new Replicas(world)
  await replicas.start('pod-a', { 'leader-elect': 'true' })
  await world.until('one leads', async () => {
    const lease = await world.objects.find('Lease', 'calendar-operator', world.leaseNamespace)
    return (lease as { spec?: { holderIdentity?: string } } | undefined)?.spec?.holderIdentity?.startsWith('pod-a_')
  })
  await replicas.start('pod-b', { 'leader-elect': 'true' })
})

afterEach(async () => {
  await replicas.stopAll()
  await world.stop()
})

test("Google's notifications at a replica that does not lead reach the leader within a second", async () => {
  world.google.switches({ deliverTo: `http://127.0.0.1:${replicas.get('pod-b').operator.webPort ?? 0}` })
  await world.addPerson('alice')
  await world.objects.apply(integrationManifest({ sync: { push: 'Enabled' } }))
  await world.objects.apply(agentManifest('alice'))
  await world.until('alice is watched', async () => {
    const { status } = await world.agent('alice')
    return status?.conditions?.some(({ type, reason }) => type === 'Watching' && reason === 'Watching')
  })
  await world.clock.advance(5_000)
  const [start, end] = [world.inHours(3), world.inHours(4)]
  world.google.addEvent({
    calendar: ALICE,
    event: { summary: 'x', start: { dateTime: start }, end: { dateTime: end } },
  })
  const began = world.clock.now()
  await world.until('it is published', async () => (await world.busy('alice')).busy.length === 1)
  expect(world.clock.now() - began).toBeLessThanOrEqual(withinMs(1_000))
  expect(replicas.readersOf(ALICE)).toEqual(['pod-a'])
})

test('the leader leaves a part of the budget to the other replica, and says when the polls need that part, too', async () => {
  await world.objects.apply(integrationManifest({ quota: { requestsPerMinute: 10 }, sync: { interval: '1m' } }))
  for (const name of ['alice', 'bob', 'carol', 'dora', 'emil', 'fred', 'gina', 'hans', 'ida']) {
    await world.objects.apply(agentManifest(name))
  }
  await world.until('the budget is too small', async () => {
    const { status } = await world.integration()
    const condition = status?.conditions?.find(({ type }) => type === 'WithinQuota')
    return condition?.message.includes('needs 9 requests a minute, and the budget leaves 8 for that')
  })
})
