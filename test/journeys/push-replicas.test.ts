/** Google's notifications at a replica that serves pages and does not lead. */
import { randomBytes } from 'node:crypto'
import { request } from 'undici'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { calendarTag, channelToken, newChannelId } from '../../src/push/channel-token.ts'
import { NOTIFIED } from '../../src/resources/names.ts'
import type { Agent } from '../../src/resources/types.ts'
import { agentManifest, integrationManifest } from './support/manifests.ts'
import { startWebReplica, type WebReplica } from './support/web-replica.ts'
import { startWorld, withinMs, type World } from './support/world.ts'

const ADDRESS = 'https://booking.example.com/google-calendar/notifications'
const ALICE = 'alice@example.com'

let world: World
let second: WebReplica

beforeEach(async () => {
  world = await startWorld()
  second = await startWebReplica(world)
  world.google.switches({ deliverTo: `http://127.0.0.1:${second.port}` })
  await world.addPerson('alice')
  await world.objects.apply(integrationManifest({ sync: { push: 'Enabled' } }))
  await world.objects.apply(agentManifest('alice'))
})

afterEach(async () => {
  await second.stop()
  await world.stop()
})

const untilWatching = (): Promise<Agent> =>
  world.until('alice is Watching', async () => {
    const agent = await world.agent('alice')
    return agent.status?.conditions?.some(({ type, status }) => type === 'Watching' && status === 'True') && agent
  })

const reads = (): number => world.google.requests().byKind['events.list'] ?? 0

const addEvent = (hours: number) =>
  world.google.addEvent({
    calendar: ALICE,
    event: {
      summary: 'x',
      start: { dateTime: world.inHours(hours) },
      end: { dateTime: world.inHours(hours + 1) },
    },
  })

const untilBusy = (intervals: number): Promise<unknown> =>
  world.until(`${intervals} intervals are published`, async () => (await world.busy('alice')).busy.length === intervals)

/** Sends a notification to the replica that does not lead. */
async function send(agent: Agent, token?: string): Promise<number> {
  const uid = agent.metadata.uid ?? ''
  const [key] = second.channelKeys
  if (!key) throw new Error('the replica has no keys')
  const id = newChannelId(key, { uid, address: ADDRESS }, { randomBytes, now: world.clock.now() })
  const { statusCode, body } = await request(`http://127.0.0.1:${second.port}/google-calendar/notifications`, {
    method: 'POST',
    headers: {
      'x-goog-channel-id': id,
      'x-goog-channel-token': token ?? channelToken(key, id, calendarTag(uid, ALICE)),
      'x-goog-resource-state': 'exists',
    },
  })
  await body.dump()
  return statusCode
}

describe('a notification at a replica that does not lead', () => {
  test('proves the channel if it is the first one, and brings a change within a second otherwise', async () => {
    await untilWatching()
    await world.clock.advance(5_000)
    const before = reads()
    addEvent(3)
    const began = world.clock.now()
    await untilBusy(1)
    expect(world.clock.now() - began).toBeLessThanOrEqual(withinMs(1_000))
    expect(reads()).toBe(before + 1)
  })

  test('is passed on by an annotation that says nothing to others', async () => {
    await untilWatching()
    const { metadata } = await world.agent('alice')
    const value = metadata.annotations?.[NOTIFIED] ?? ''
    expect(value).toMatch(/^[\w-]{60,}$/)
    const plain = Buffer.from(value, 'base64url').toString('latin1')
    expect(plain).not.toContain('sync')
    expect(plain).not.toContain(calendarTag(metadata.uid ?? '', ALICE))
  })

  test('is one with the others of that second: one annotation, and one read', async () => {
    const agent = await untilWatching()
    await world.clock.advance(5_000)
    const { metadata: before } = await world.agent('alice')
    const readBefore = reads()
    const statuses = await Promise.all(Array.from({ length: 20 }, () => send(agent)))
    expect(new Set(statuses)).toEqual(new Set([204]))
    await world.until('the calendar is read', () => reads() > readBefore)
    await world.clock.advance(5_000)
    expect(reads()).toBe(readBefore + 1)
    const { metadata: after } = await world.agent('alice')
    expect(after.annotations?.[NOTIFIED]).not.toBe(before.annotations?.[NOTIFIED])
  })

  test('has no effect with a wrong token', async () => {
    const agent = await untilWatching()
    await world.clock.advance(5_000)
    const before = [(await world.agent('alice')).metadata.resourceVersion, reads()]
    expect(await send(agent, `${calendarTag(agent.metadata.uid ?? '', ALICE)}.${'A'.repeat(43)}`)).toBe(404)
    await world.clock.advance(5_000)
    expect([(await world.agent('alice')).metadata.resourceVersion, reads()]).toEqual(before)
  })

  test('gets 404 once the Agent is gone', async () => {
    const agent = await untilWatching()
    await world.objects.delete('Agent', 'alice')
    await world.until('the replica knows it', async () => (await send(agent)) === 404)
  })
})

describe('an annotation that no replica has written', () => {
  test('is ignored', async () => {
    await untilWatching()
    await world.clock.advance(5_000)
    const before = reads()
    const forged = JSON.stringify({ at: world.clock.now(), kind: 'change', tags: ['x'] })
    for (const value of [forged, 'x', null]) {
      await world.objects.patch('Agent', 'alice', { metadata: { annotations: { [NOTIFIED]: value } } })
      await world.clock.advance(5_000)
    }
    expect(reads()).toBe(before)
  })

  test('does not keep the next notification from arriving', async () => {
    await untilWatching()
    await world.objects.patch('Agent', 'alice', { metadata: { annotations: { [NOTIFIED]: 'x' } } })
    await world.clock.advance(2_000)
    addEvent(3)
    await untilBusy(1)
  })
})
