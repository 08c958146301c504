/** Replicas that share the Agents, as the sharder assigns them. The tests play the sharder. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Browser, csrfIn, SITE } from './support/browser.ts'
import { agentManifest, integrationManifest } from './support/manifests.ts'
import { isWatch } from './support/read-recorder.ts'
import { startRing, type Ring } from './support/ring.ts'
import { RING } from './support/sharder.ts'
import { CALLBACK } from './support/sign-in.ts'
import { withinMs, type World } from './support/world.ts'

const MINUTE = 60_000
const STALE_AFTER = 15 * MINUTE

let ring: Ring
let world: World
let replicas: Ring['replicas']
let sharder: Ring['sharder']

beforeEach(async () => {
  ring = await startRing()
  ;({ world, replicas, sharder } = ring)
})

afterEach(() => ring.stop())

const addAgent = (name: string, shard?: string, spec = {}): Promise<void> =>
  ring.addAgent(name, shard, { calendars: { read: [`${name}@example.com`] }, ...spec })

const readers = (name: string, skipped?: number): string[] => replicas.readersOf(`${name}@example.com`, skipped)

describe('a member of a ring', () => {
  test('holds a Lease of its own name, keeps the labels that the sharder puts on it, and gives it up when it ends', async () => {
    const shard = await ring.start('shard-a')
    await sharder.untilMembers('shard-a')
    await sharder.markLease('shard-a', 'ready')
    const before = (await sharder.lease('shard-a'))?.metadata.resourceVersion
    await world.until(
      'it is renewed',
      async () => (await sharder.lease('shard-a'))?.metadata.resourceVersion !== before,
    )
    const lease = await sharder.lease('shard-a')
    expect(lease?.metadata.labels).toEqual({
      'alpha.sharding.timebertt.dev/controllerring': RING,
      'alpha.sharding.timebertt.dev/state': 'ready',
    })
    expect(lease?.spec).toMatchObject({ holderIdentity: 'shard-a', leaseDurationSeconds: 15 })
    await shard.stop()
    expect((await sharder.lease('shard-a'))?.spec.holderIdentity ?? '').toBe('')
  })

  test('stops at once when the sharder takes its Lease, or somebody deletes it', async () => {
    const [first, second] = [await ring.start('shard-a'), await ring.start('shard-b')]
    await sharder.untilMembers('shard-a', 'shard-b')
    await world.objects.apply(integrationManifest())
    await addAgent('alice', 'shard-a')
    await addAgent('bob', 'shard-b')
    await world.untilReady('alice')
    await world.untilReady('bob')
    await sharder.takeLease('shard-a')
    await world.objects.delete('Lease', 'shard-b', world.leaseNamespace)
    await world.until('both have lost it', () => first.lost > 0 && second.lost > 0)
    const earlier = replicas.reads.length
    await world.clock.advance(6 * MINUTE)
    expect([readers('alice', earlier), readers('bob', earlier)]).toEqual([[], []])
    expect(await sharder.lease('shard-b')).toBeUndefined()
  })

  test('waits until the Lease of an earlier process of its name has expired', async () => {
    const spec = { holderIdentity: 'shard-a', leaseDurationSeconds: 15 }
    const metadata = { name: 'shard-a', namespace: world.leaseNamespace }
    await world.objects.apply({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec } as never)
    await world.objects.apply(integrationManifest())
    await addAgent('alice', 'shard-a')
    const began = world.clock.now()
    await ring.start('shard-a')
    await world.untilReady('alice')
    const [first] = replicas.reads
    expect((first?.began ?? 0) - began).toBeGreaterThanOrEqual(14_000)
  })
})

describe('the first member of a ring', () => {
  test('does nothing until the leader that is in no ring has ended: no Agent is read by both', async () => {
    const leader = await replicas.start('leader', { 'leader-elect': 'true' })
    await world.objects.apply(integrationManifest())
    await addAgent('alice', 'shard-a')
    await world.untilReady('alice')
    await ring.start('shard-a')
    // Twice the duration of a Lease.
    await world.clock.advance(30_000)
    expect(await sharder.lease('shard-a')).toBeUndefined()
    expect(readers('alice')).toEqual(['leader'])
    await leader.stop()
    await world.until('the member reads it', () => readers('alice').includes('shard-a'))
    expect(replicas.overlaps()).toEqual([])
  })
})

describe('a ring of two', () => {
  beforeEach(async () => {
    await ring.startMembers('shard-a', 'shard-b')
    await world.objects.apply(integrationManifest())
  })

  test('reads each Agent at the member that it is assigned to, and none that is assigned to nobody', async () => {
    await addAgent('alice', 'shard-a')
    await addAgent('bob', 'shard-b')
    await addAgent('carol')
    await world.untilReady('alice')
    await world.untilReady('bob')
    await world.clock.advance(6 * MINUTE)
    expect([readers('alice'), readers('bob'), readers('carol')]).toEqual([['shard-a'], ['shard-b'], []])
    await world.until('the integration counts all', async () => {
      const { status } = await world.integration()
      return status?.agents?.summary === '2/3'
    })
    const enabled = (await world.integration()).status?.conditions?.find(({ type }) => type === 'CalendarAPIEnabled')
    expect(enabled?.status).toBe('True')
    await sharder.assign('carol', 'shard-b')
    await world.untilReady('carol')
    expect(readers('carol')).toEqual(['shard-b'])
  })

  test('moves Agents while they are read: never two at a time, and no gap', async () => {
    const names = ['ann', 'ben', 'cy', 'dan']
    for (const name of names) await addAgent(name, 'shard-a')
    for (const name of names) await world.untilReady(name)
    for (const [round, to] of ['shard-b', 'shard-a', 'shard-b'].entries()) {
      await world.clock.advance(5 * MINUTE - 1_000 * round)
      await Promise.all(names.map((name) => sharder.move(name, to)))
      await world.until('they are read there', () =>
        names.every((name) => replicas.reads.findLast((read) => read.calendar.startsWith(name))?.replica === to),
      )
    }
    await world.clock.advance(6 * MINUTE)
    expect(replicas.overlaps()).toEqual([])
    for (const name of names) {
      expect(replicas.longestGap(`${name}@example.com`)).toBeLessThan(STALE_AFTER)
      await world.untilReady(name)
    }
  })

  test('does nothing for an Agent from the hand-over on, not even what was due later', async () => {
    await addAgent('alice', 'shard-a')
    await world.untilReady('alice')
    await sharder.drain('alice')
    await world.until('it is handed over', async () => (await sharder.shardOf('alice')) === undefined)
    const earlier = replicas.reads.length
    await world.clock.advance(6 * MINUTE)
    expect(readers('alice', earlier)).toEqual([])
    await sharder.assign('alice', 'shard-b')
    await world.until('the other one reads it', () => readers('alice', earlier).includes('shard-b'))
  })

  test('takes Bookings where their Agent is, also after a move, and writes each event once', async () => {
    await addAgent('alice', 'shard-a', { calendars: { read: ['alice@example.com'], write: 'alice@example.com' } })
    await world.untilReady('alice')
    await ring.book('first', 30)
    await ring.untilBooking('first', 'Ready')
    await sharder.move('alice', 'shard-b')
    await ring.book('second', 40)
    await ring.book('rival', 30)
    await ring.untilBooking('second', 'Ready')
    await ring.untilBooking('rival', 'SlotTaken')
    await ring.book('of-nobody', 50, 'nobody')
    await ring.untilBooking('of-nobody', 'AgentNotFound')
    expect(replicas.writes.map(({ replica }) => replica)).toEqual(['shard-a', 'shard-b'])
  })

  test('reads at once what a dead member has read, when the sharder assigns it anew', async () => {
    await addAgent('alice', 'shard-a')
    await addAgent('bob', 'shard-b')
    await world.untilReady('alice')
    await world.untilReady('bob')
    await replicas.kill('shard-a')
    // Twice the duration of its Lease.
    await world.clock.advance(30_000)
    await sharder.takeLease('shard-a')
    await sharder.assign('alice', 'shard-b')
    await world.until('the other one reads it', () => readers('alice').includes('shard-b'))
    await world.clock.advance(6 * MINUTE)
    await world.untilReady('alice')
    expect(replicas.longestGap('alice@example.com')).toBeLessThan(STALE_AFTER)
    await world.until('both are counted', async () => (await world.integration()).status?.agents?.summary === '2/2')
  })

  test('looks after what belongs to nobody wherever the keeper is: a Booking that came when there was none', async () => {
    const keeper = async (): Promise<string | undefined> =>
      (await sharder.lease('calendar-operator'))?.spec.holderIdentity?.split('_')[0]
    const first = (await keeper()) ?? ''
    await replicas.get(first).stop()
    await ring.book('of-nobody', 50, 'nobody')
    await ring.untilBooking('of-nobody', 'AgentNotFound')
    expect(['shard-a', 'shard-b']).toContain(await keeper())
    expect(await keeper()).not.toBe(first)
  })

  test('lets somebody sign in at the other member: the owner notices, and reads', async () => {
    const client = world.google.addClient({ redirectUris: [CALLBACK], javascriptOrigins: [SITE] })
    world.addSecret(client.clientSecret)
    const file = JSON.stringify(world.google.clientFile(client.clientId))
    await world.objects.secret('google-oauth-client', { 'client_secret.json': file })
    world.google.addAccount({ email: 'dora@example.com' })
    const spec = { calendars: { read: ['dora@example.com'] }, grantSecretRef: undefined }
    await ring.apply(agentManifest('dora', spec), 'shard-b')
    const { status } = await world.untilReason('dora', 'AwaitingSignIn')
    const link = status?.authorization?.url ?? ''
    const browser = new Browser(replicas.get('shard-a').operator.webPort ?? 0)
    const page = await browser.send('GET', link)
    const consent = await browser.form(link, { csrf: csrfIn(page) })
    const answer = world.google.signIn({ url: consent.location, account: 'dora@example.com' })
    const back = await browser.send('GET', 'redirect' in answer ? answer.redirect : '')
    expect(back.status).toBe(303)
    await world.untilReady('dora')
    expect(readers('dora')).toEqual(['shard-b'])
  })

  test("brings Google's notification to the owner, wherever it arrives", async () => {
    const port = replicas.get('shard-a').operator.webPort ?? 0
    world.google.switches({ deliverTo: `http://127.0.0.1:${port}` })
    await world.objects.patch('CalendarIntegration', 'google', { spec: { sync: { push: 'Enabled', interval: '1h' } } })
    await addAgent('bob', 'shard-b')
    await world.until('bob is watched', async () => {
      const { status } = await world.agent('bob')
      return status?.conditions?.some((one) => one.type === 'Watching' && one.status === 'True')
    })
    await world.clock.advance(5_000)
    const [since, earlier] = [world.clock.now(), replicas.reads.length]
    const at = (hours: number) => ({ dateTime: world.inHours(hours) })
    world.google.addEvent({ calendar: 'bob@example.com', event: { summary: 'x', start: at(3), end: at(4) } })
    await world.until('it is published', async () => (await world.busy('bob')).busy.length === 1)
    expect(world.clock.now() - since).toBeLessThanOrEqual(withinMs(5_000))
    expect(readers('bob', earlier)).toEqual(['shard-b'])
  })

  test('tries at each member whether notifications arrive, with an Agent of its own', async () => {
    world.google.switches({ deliverTo: 'http://127.0.0.1:9' })
    await world.objects.patch('CalendarIntegration', 'google', { spec: { sync: { push: 'Enabled' } } })
    for (const [name, shard] of [
      ['alice', 'shard-a'],
      ['bob', 'shard-b'],
    ] as const) {
      await addAgent(name, shard)
      const hasAsked = (): boolean => replicas.requests.some((sent) => sent.replica === shard && isWatch(sent))
      await world.until(`${shard} asks for a channel`, hasAsked)
      await world.until('the status names it', async () => {
        const { status } = await world.agent(name)
        return status?.sync?.calendars?.some(({ channel }) => channel !== undefined)
      })
    }
  })
})
