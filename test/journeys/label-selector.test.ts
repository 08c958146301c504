/** Two installations of the operator in one cluster, each with a label selector of its own. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { agentManifest, integrationManifest } from './support/manifests.ts'
import { Replicas } from './support/replicas.ts'
import { startWorld, type World } from './support/world.ts'
import { GROUP_VERSION } from '../../src/resources/names.ts'

const MINUTE = 60_000

let world: World
let replicas: Replicas

beforeEach(async () => {
  world = await startWorld({ start: false })
  replicas = new Replicas(world)
})

afterEach(async () => {
  await replicas.stopAll()
  await world.stop()
})

const labelled = <M extends { metadata: { name: string } }>(manifest: M, release?: string): M => ({
  ...manifest,
  metadata: { ...manifest.metadata, ...(release && { labels: { release } }) },
})

async function addAgent(name: string, release?: string, spec: Record<string, unknown> = {}): Promise<void> {
  await world.addPerson(name)
  await world.objects.apply(
    labelled(agentManifest(name, { calendars: { read: [`${name}@example.com`] }, ...spec }), release),
  )
}

const bookingManifest = (name: string, agent: string, at: object) => ({
  apiVersion: GROUP_VERSION,
  kind: 'Booking',
  metadata: { name },
  spec: { agentRef: { name: agent }, title: 'Viewing', ...at },
})

const readers = (name: string, skipped?: number): string[] => replicas.readersOf(`${name}@example.com`, skipped)

const FIRST = { 'watch-label-selector': '!release' }
const SECOND = { 'watch-label-selector': 'release=b' }

describe('two installations with disjoint selectors', () => {
  beforeEach(async () => {
    await replicas.start('first', FIRST)
    await replicas.start('second', SECOND)
    await world.objects.apply(integrationManifest())
  })

  test('read each Agent once, through an integration that one of them reports about', async () => {
    await addAgent('alice')
    await addAgent('bob', 'b')
    await world.untilReady('alice')
    await world.untilReady('bob')
    await world.clock.advance(6 * MINUTE)
    expect(readers('alice')).toEqual(['first'])
    expect(readers('bob')).toEqual(['second'])
    const { status } = await world.until('both are counted', async () => {
      const integration = await world.integration()
      return integration.status?.agents?.summary === '2/2' && integration
    })
    expect(status?.agents).toMatchObject({ total: 2, ready: 2 })
  })

  test('hand an Agent over when its label changes, and leave alone what no selector selects', async () => {
    await addAgent('alice')
    await addAgent('carol', 'c')
    await world.untilReady('alice')
    await world.objects.patch('Agent', 'alice', { metadata: { labels: { release: 'b' } } })
    await world.until('the second one reads it', () => readers('alice').includes('second'))
    await world.clock.advance(MINUTE)
    const earlier = replicas.reads.length
    await world.clock.advance(6 * MINUTE)
    expect(readers('alice', earlier)).toEqual(['second'])
    await world.untilReady('alice')
    expect(readers('carol')).toEqual([])
    expect((await world.agent('carol')).status?.conditions ?? []).toEqual([])
    // Nothing that the first one published was taken for an orphan.
    expect((await world.busy('alice')).agent).toBe(`${world.namespace}/alice`)
  })

  test('book for their own Agents only, and one of them answers a Booking of no Agent', async () => {
    await addAgent('bob', 'b', { calendars: { read: ['bob@example.com'], write: 'bob@example.com' } })
    await addAgent('carol', 'c')
    await world.untilReady('bob')
    const at = { start: world.inHours(30), end: world.inHours(31) }
    await world.objects.apply(bookingManifest('of-bob', 'bob', at))
    await world.objects.apply(bookingManifest('of-carol', 'carol', at))
    await world.objects.apply(bookingManifest('of-nobody', 'nobody', at))
    const reasonOf = async (name: string): Promise<string | undefined> => {
      const { status } = (await world.objects.get('Booking', name)) as {
        status?: { conditions?: { type: string; reason: string }[] }
      }
      return status?.conditions?.find(({ type }) => type === 'Ready')?.reason
    }
    await world.until('bob is booked', async () => (await reasonOf('of-bob')) === 'Ready')
    await world.until('nobody is not found', async () => (await reasonOf('of-nobody')) === 'AgentNotFound')
    expect(replicas.writes.map(({ replica }) => replica)).toEqual(['second'])
    expect(await reasonOf('of-carol')).toBeUndefined()
  })

  test('keep a grant that an Agent of the other one lives on', async () => {
    const token = await world.addPerson('alice')
    await world.objects.secret('alias-grant', { refresh_token: token })
    const calendars = { read: ['alice@example.com'] }
    await world.objects.apply(agentManifest('alice', { calendars, deletionPolicy: 'Revoke' }))
    await world.objects.apply(labelled(agentManifest('alias', { account: 'alice@example.com', calendars }), 'b'))
    await world.untilReady('alice')
    await world.untilReady('alias')
    await world.objects.delete('Agent', 'alice')
    await world.until('alice is gone', async () => {
      const agents = await world.objects.list('Agent')
      return !agents.some(({ metadata }) => metadata.name === 'alice')
    })
    await world.clock.advance(6 * MINUTE)
    await world.untilReady('alias')
    expect(world.google.requests().byKind.revoke ?? 0).toBe(0)
  })
})

describe('an installation whose selector does not select the integration', () => {
  test('reads its Agents through it, and writes neither its status nor that of a Booking of no Agent', async () => {
    await replicas.start('second', SECOND)
    await world.objects.apply(integrationManifest())
    await addAgent('bob', 'b')
    const at = { start: world.inHours(30), end: world.inHours(31) }
    await world.objects.apply(bookingManifest('of-nobody', 'nobody', at))
    await world.untilReady('bob')
    await world.clock.advance(MINUTE)
    expect((await world.integration()).status?.conditions ?? []).toEqual([])
    const { status } = (await world.objects.get('Booking', 'of-nobody')) as { status?: { conditions?: unknown[] } }
    expect(status?.conditions ?? []).toEqual([])
    await replicas.start('first', FIRST)
    await world.until('the other one reports', async () => (await world.integration()).status?.agents?.ready === 1)
  })

  test('offers its people a link once the other one has accepted the site', async () => {
    await replicas.start('second', SECOND)
    await world.objects.apply(integrationManifest())
    await world.objects.apply(labelled(agentManifest('dora', { grantSecretRef: undefined }), 'b'))
    await world.untilReason('dora', 'IntegrationNotReady')
    await replicas.start('first', FIRST)
    const { status } = await world.untilReason('dora', 'AwaitingSignIn')
    expect(status?.authorization?.url).toContain('https://booking.example.com/google-calendar/')
  })
})

describe('with leader election', () => {
  test('installations with different selectors have different Leases', async () => {
    await replicas.start('first', { ...FIRST, 'leader-elect': 'true' })
    await replicas.start('second', { ...SECOND, 'leader-elect': 'true' })
    await replicas.start('spare', { 'watch-label-selector': ' release == b', 'leader-elect': 'true' })
    await world.objects.apply(integrationManifest())
    await addAgent('bob', 'b')
    await addAgent('alice')
    await world.untilReady('bob')
    await world.untilReady('alice')
    const leases = (await world.objects.list('Lease', world.leaseNamespace)).map(({ metadata }) => metadata.name)
    expect(leases.filter((name) => /^calendar-operator-[0-9a-f]{8}$/.test(name))).toHaveLength(2)
    expect([readers('alice'), readers('bob')]).toEqual([['first'], ['second']])
  })
})
