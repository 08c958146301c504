/** A tenant who asks for much, or for something that is not a calendar, does not slow down others. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { agentManifest, integrationManifest } from '../../journeys/support/manifests.ts'
import { SignIn } from '../../journeys/support/sign-in.ts'
import { startWorld, type World } from '../../journeys/support/world.ts'
import { tenantOf, type Tenant } from './support/tenant.ts'

const REQUESTED_AT = 'calendar-operator.io/requestedAt'

describe('a tenant with one Agent', () => {
  let world: World
  let mallory: Tenant

  beforeEach(async () => {
    world = await startWorld()
    await world.addPerson('alice')
    await world.objects.apply(integrationManifest())
    mallory = await tenantOf(world)
  })

  afterEach(async () => {
    await mallory.close()
    await world.stop()
  })

  test('who requests to run now all the time gets one run in ten seconds', async () => {
    await mallory.objects.apply(agentManifest('alice'))
    await world.untilReady('alice')
    const before = world.google.requests().total
    const ask = (value: string) =>
      mallory.objects.patch('Agent', 'alice', { metadata: { annotations: { [REQUESTED_AT]: value } } })
    for (let n = 0; n < 60; n++) {
      await ask(`look ${n}`)
      await world.clock.advance(500)
    }
    // Thirty seconds: three reads, and one more at either end.
    expect(world.google.requests().total - before).toBeLessThanOrEqual(5)
    await world.until(
      'the last one is handled',
      async () => (await world.agent('alice')).status?.lastHandledReconcileAt === 'look 59',
    )
  })

  test('who requests it with 2,000 characters still gets a status', async () => {
    const manifest = agentManifest('alice')
    const annotations = { [REQUESTED_AT]: 'x'.repeat(2_000) }
    await mallory.objects.apply({ ...manifest, metadata: { ...manifest.metadata, annotations } } as typeof manifest)
    const alice = await world.untilReady('alice')
    expect(alice.status?.lastHandledReconcileAt?.length ?? 0).toBeLessThanOrEqual(64)
  })

  test.each(['.', '..', '\u001b[2Jx@example.com', 'a\u202eb@example.com'.replace('\u202e', '\u0007')])(
    'cannot have a calendar called %j',
    async (id) => {
      const tried = await mallory.tries(agentManifest('alice', { calendars: { read: [id] } }))
      expect(tried.status).toBe(422)
      expect(tried.text).toContain('spec.calendars.read')
    },
  )

  test('whose calendar never ends does not delay reads of others', async () => {
    await world.addPerson('bob')
    world.google.addFault({
      fault: 'garbled',
      kind: 'events.list',
      account: 'bob@example.com',
      mutation: 'endlessPages',
    })
    await mallory.objects.apply(agentManifest('bob'))
    await mallory.objects.apply(agentManifest('alice'))
    await world.untilReady('alice')
    const bob = await world.until('bob has a status', async () => {
      const agent = await world.agent('bob')
      return agent.status?.conditions?.some(({ type, status }) => type === 'Ready' && status !== 'True') && agent
    })
    expect(bob.status?.sync?.lastSyncTime).toBeUndefined()
  })
})

describe('a tenant who extends what a person agreed to', () => {
  test('gets no titles: the person is asked again', async () => {
    const signIn = await SignIn.open()
    const { world } = signIn
    const mallory = await tenantOf(world)
    world.google.addEvent({
      calendar: 'alice@example.com',
      event: { summary: 'Confidential', start: { dateTime: world.inHours(3) }, end: { dateTime: world.inHours(4) } },
    })
    await signIn.through()
    await world.untilReady('alice')
    const calendar = { kind: 'Secret', name: 'alice-full', detail: 'Full', formats: ['JSON', 'ICalendar'] }
    await mallory.objects.patch('Agent', 'alice', { spec: { publish: { calendar } } })
    await world.untilReason('alice', 'AwaitingSignIn')
    const published = [...(await world.objects.list('Secret')), ...(await world.objects.list('ConfigMap'))]
    const text = published
      .flatMap(({ data = {} }) => Object.values(data))
      .map((one) => one + Buffer.from(one, 'base64').toString())
    expect(text.join('\n')).not.toContain('Confidential')
    await mallory.close()
    await world.stop()
  })
})
