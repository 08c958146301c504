/** What an Agent's move between two members of a ring meets while something runs for it. The tests play the sharder. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { REQUESTED_AT } from '../../src/resources/names.ts'
import type { Agent } from '../../src/resources/types.ts'
import { integrationManifest } from './support/manifests.ts'
import { isInsert, isListing, isWatch, type Sent } from './support/read-recorder.ts'
import { startRing, type Ring } from './support/ring.ts'
import { isReal, withinMs, type World } from './support/world.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const [TEN_MINUTES_S, WEEK_S] = [600, 604_800]
const ALICE = 'alice@example.com'

let ring: Ring
let world: World
let replicas: Ring['replicas']
let sharder: Ring['sharder']

beforeEach(async () => {
  ring = await startRing('shard-a', 'shard-b')
  ;({ world, replicas, sharder } = ring)
})

afterEach(() => ring.stop())

/** Adds an Agent that is assigned to the first member. */
async function addAlice(sync: object = {}): Promise<void> {
  await world.objects.apply(integrationManifest({ sync }))
  await ring.addAgent('alice', 'shard-a', { calendars: { read: [ALICE], write: ALICE } })
}

/** Waits until a member has sent one more such request. */
async function untilSent(what: string, shard: string, isSuch: (sent: Sent) => boolean, since = 0): Promise<void> {
  const isNew = (sent: Sent): boolean => sent.replica === shard && isSuch(sent)
  await world.until(`${shard} ${what}`, () => replicas.requests.slice(since).some(isNew))
}

const untilHandedOver = (): Promise<unknown> =>
  world.until('alice is handed over', async () => (await sharder.shardOf('alice')) === undefined)

/** The push channels at Google that have not ended. */
const channels = (): string[] =>
  world.google
    .channels()
    .filter(({ alive }) => alive)
    .map(({ id }) => id)

const untilWatched = (): Promise<Agent> =>
  world.until('alice is watched', async () => {
    const agent = await world.agent('alice')
    const isWatching = agent.status?.conditions?.some(({ type, status }) => type === 'Watching' && status === 'True')
    return isWatching && agent
  })

const channelsIn = ({ status }: Agent): (string | undefined)[] =>
  (status?.sync?.calendars ?? []).map(({ channel }) => channel?.id)

/** Enables push. Google's notifications arrive at the first member. @param lifetime of each channel, in seconds. */
function deliver(lifetime: number): object {
  const port = replicas.get('shard-a').operator.webPort ?? 0
  world.google.switches({ deliverTo: `http://127.0.0.1:${port}`, channelLifetime: lifetime })
  return { push: 'Enabled', interval: '1h' }
}

const version = async (): Promise<string | undefined> => (await world.agent('alice')).metadata.resourceVersion

describe('a reconcile that has begun when its Agent is assigned to another member', () => {
  test('does not write the status any more', async () => {
    await addAlice()
    await world.untilReady('alice')
    const since = replicas.requests.length
    const [release, releaseOther] = ['shard-a', 'shard-b'].map((shard) =>
      replicas.hold((sent) => sent.replica === shard && isListing(sent)),
    )
    await world.objects.patch('Agent', 'alice', { metadata: { annotations: { [REQUESTED_AT]: 'now' } } })
    await untilSent('reads', 'shard-a', isListing, since)
    await sharder.assign('alice', 'shard-b')
    await untilSent('reads', 'shard-b', isListing, since)
    const assigned = await version()
    release?.()
    await world.clock.advance(5 * SECOND)
    expect(await version()).toBe(assigned)
    releaseOther?.()
    await world.until('the request is handled', async () => {
      const { status } = await world.agent('alice')
      return status?.lastHandledReconcileAt === 'now'
    })
  })
})

describe('an Agent that is to move', () => {
  test('is not handed over while a Booking of it is written at Google, and the event is written once', async () => {
    await addAlice()
    await world.untilReady('alice')
    const release = replicas.hold(isInsert)
    await ring.book('viewing', 30)
    await untilSent('writes the event', 'shard-a', isInsert)
    await sharder.drain('alice')
    await world.clock.advance(5 * SECOND)
    expect(await sharder.shardOf('alice')).toBe('shard-a')
    release()
    await untilHandedOver()
    await sharder.assign('alice', 'shard-b')
    await ring.untilBooking('viewing', 'Ready')
    expect(replicas.writes.map(({ replica }) => replica)).toEqual(['shard-a'])
  })

  test('is not handed over while a push channel is made for it, and has one channel after the move', async () => {
    const release = replicas.hold(isWatch)
    await addAlice(deliver(WEEK_S))
    await untilSent('makes a channel', 'shard-a', isWatch)
    await sharder.drain('alice')
    await world.clock.advance(5 * SECOND)
    expect(await sharder.shardOf('alice')).toBe('shard-a')
    release()
    await untilHandedOver()
    await sharder.assign('alice', 'shard-b')
    const agent = await untilWatched()
    await world.clock.advance(30 * SECOND)
    expect(channels()).toEqual(channelsIn(agent))
  })

  test.skipIf(isReal)(
    'is read at once where it is when the webhook assigns it there again, and takes the Bookings of that moment',
    async () => {
      await addAlice()
      await world.untilReady('alice')
      sharder.answerHandOvers('shard-a')
      const since = replicas.requests.length
      const release = replicas.hold()
      await world.objects.patch('Agent', 'alice', { metadata: { annotations: { [REQUESTED_AT]: 'now' } } })
      await untilSent('reads', 'shard-a', isListing, since)
      await sharder.drain('alice')
      await ring.book('viewing', 30)
      await world.clock.advance(SECOND)
      const began = replicas.reads.length
      release()
      await untilSent('reads again', 'shard-a', isListing, replicas.requests.length)
      expect(replicas.reads.slice(began).map(({ replica, isFull }) => [replica, isFull])).toEqual([['shard-a', true]])
      await ring.untilBooking('viewing', 'Ready')
    },
  )
})

describe('an Agent that comes back', () => {
  test('is read at once and from the start, and not when its next reading was due', async () => {
    await addAlice()
    await world.untilReady('alice')
    await sharder.move('alice', 'shard-b')
    await world.until('the other one reads it', () => replicas.readersOf(ALICE).includes('shard-b'))
    const [since, began] = [replicas.reads.length, world.clock.now()]
    await sharder.move('alice', 'shard-a')
    await world.until('it is read', () => replicas.reads.length > since)
    expect(replicas.reads[since]).toMatchObject({ replica: 'shard-a', isFull: true })
    expect(world.clock.now() - began).toBeLessThanOrEqual(withinMs(5 * SECOND))
  })

  test('keeps the channel that was made elsewhere meanwhile, and gets no second one', async () => {
    await addAlice(deliver(TEN_MINUTES_S))
    const [first] = channelsIn(await untilWatched())
    await sharder.move('alice', 'shard-b')
    // At three quarters of its life.
    await world.clock.advance(8 * MINUTE)
    await world.until('the channel is renewed there', async () => {
      const [channel] = channelsIn(await world.agent('alice'))
      return channel !== undefined && channel !== first && !channels().includes(first ?? '')
    })
    const renewed = channels()
    await sharder.move('alice', 'shard-a')
    // Longer than the first channel would have lived.
    await world.clock.advance(3 * MINUTE)
    expect(channels()).toEqual(renewed)
    expect(channelsIn(await world.agent('alice'))).toEqual(renewed)
  })
})
