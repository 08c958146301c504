/** What is written about new channels before an Agent is handed over to another replica. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { KEY, OneAgent } from './support/one-agent.ts'

const CHANNEL = { id: 'a-channel', resourceID: 'a-resource', expiresAt: '2026-11-30T10:00:00Z' }

let alice: OneAgent

beforeEach(() => {
  alice = new OneAgent()
})

afterEach(() => alice.end())

/** A channel was made, and the status does not name it yet. */
function makeChannel(): void {
  alice.world.push.isReported = () => false
  alice.world.push.report = () => ({ watching: undefined, channelOf: () => CHANNEL })
}

const channels = (): unknown[] => (alice.status.sync?.calendars ?? []).map(({ channel }) => channel)

/** Reports, and returns whether that wrote anything. */
async function reports(): Promise<boolean> {
  const { resourceVersion } = alice.agent.metadata
  await alice.world.reportChannels(KEY)
  return alice.agent.metadata.resourceVersion !== resourceVersion
}

describe('an Agent that is to be handed over', () => {
  test('names the channel that was made since its last report, and nothing is read for that', async () => {
    await alice.ready()
    makeChannel()
    const before = alice.world.google.asked.length
    expect(await reports()).toBe(true)
    expect(channels()).toEqual([CHANNEL])
    expect(alice.world.google.asked.slice(before)).toEqual([])
  })

  test('waits for nothing if the API server refuses that: the next replica makes a channel of its own', async () => {
    await alice.ready()
    makeChannel()
    alice.world.kubernetes.refuse = (method, path) =>
      method !== 'GET' && path.includes('/status') ? [403, { reason: 'Forbidden' }] : undefined
    expect(await reports()).toBe(false)
  })

  test('names a channel that somebody has removed from the status: the next replica knows only that', async () => {
    alice.world.push.report = () => ({ watching: undefined, channelOf: () => CHANNEL })
    alice.world.push.isReported = ({ status }) => status?.sync?.calendars?.[0]?.channel !== undefined
    await alice.ready()
    expect(channels()).toEqual([CHANNEL])
    const { sync, ...status } = alice.status
    const calendars = sync?.calendars?.map(({ channel: _, ...calendar }) => calendar)
    alice.world.put({ ...alice.agent, status: { ...status, sync: { ...sync, calendars } } }, true)
    expect(channels()).toEqual([undefined])
    expect(await reports()).toBe(true)
    expect(channels()).toEqual([CHANNEL])
  })

  test('is not written if its channels were reported', async () => {
    await alice.ready()
    makeChannel()
    alice.world.push.isReported = () => true
    expect(await reports()).toBe(false)
  })

  test('is not written if its spec has changed since it was read: what was read is of the former one', async () => {
    await alice.ready()
    makeChannel()
    const { publish } = alice.agent.spec as { publish: { calendar: object } }
    alice.change({ publish: { ...publish, calendar: { ...publish.calendar, name: 'another-calendar' } } })
    expect(await reports()).toBe(false)
    expect(alice.world.kubernetes.find('ConfigMap', 'another-calendar')).toBeUndefined()
  })

  test('is not written once its deletion was reported', async () => {
    await alice.ready()
    const { finalizers = [] } = alice.agent.metadata
    alice.change({}, { deletionTimestamp: '2026-11-23T10:00:00Z', finalizers: [...finalizers, 'theirs'] })
    await alice.reconcile()
    expect(alice.status.observedGeneration).toBe(alice.agent.metadata.generation)
    makeChannel()
    expect(await reports()).toBe(false)
  })

  test('is not written while its integration is suspended', async () => {
    await alice.ready()
    makeChannel()
    alice.changeIntegration({ suspend: true })
    expect(await reports()).toBe(false)
  })
})
