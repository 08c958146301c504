/** Two replicas with stores of their own, as two watches keep them. */
import { randomBytes } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { createCaches, type Caches } from '../../src/kubernetes/caches.ts'
import { ApiError, keyOf, type Cluster } from '../../src/kubernetes/port.ts'
import { NotificationRelay } from '../../src/push/notifications.ts'
import type { Notification } from '../../src/push/port.ts'
import { openNotified, sealNotified } from '../../src/push/notified-annotation.ts'
import { NOTIFIED } from '../../src/resources/names.ts'
import type { Agent } from '../../src/resources/types.ts'
import { ManualClock, settle } from '../support/clock.ts'
import { silent } from '../support/log.ts'
import { anAgent } from '../support/resources.ts'

const KEY = { notified: Buffer.alloc(32, 1) }
const UID = 'uid-of-alice'
const AGENT = 'booking/alice'

class Replica {
  readonly caches: Caches = createCaches(silent)
  readonly relay: NotificationRelay
  readonly heard: [agentKey: string, notification: Notification][] = []
  readonly warnings: string[] = []
  leads: boolean
  keys = [KEY]

  constructor(leads: boolean) {
    this.leads = leads
    this.relay = new NotificationRelay({
      cluster: { agents: this.caches.agents, patch: patch as Cluster['patch'] },
      clock,
      log: { warn: (_, message) => void this.warnings.push(message) },
      randomBytes,
      keys: () => this.keys,
      owns: () => this.leads,
    })
    this.relay.subscribe((...one) => void this.heard.push(one))
  }

  change(tag: string): boolean {
    return this.relay.receive({ uid: UID, tag, check: `on-${tag}`, kind: 'change' })
  }

  sync(tag: string): boolean {
    return this.relay.receive({ uid: UID, tag, check: `on-${tag}`, kind: 'sync' })
  }

  /** What was announced, in order: kind and tags. */
  get announced(): string[] {
    return this.heard.map(([, { kind, tags }]) => `${kind} ${[...tags].sort().join(' ')}`)
  }
}

let clock: ManualClock
let stored: Agent
let writes: number
let refusals: ApiError[]
let leader: Replica
let other: Replica

async function patch(object: Agent, { metadata }: { metadata: { annotations: Record<string, string> } }) {
  const refusal = refusals.shift()
  if (refusal) throw refusal
  if (object.metadata.resourceVersion !== stored.metadata.resourceVersion) throw new ApiError('Conflict', 'stale')
  writes += 1
  put({ annotations: { ...stored.metadata.annotations, ...metadata.annotations } })
  return stored
}

/** Stores the Agent with this metadata; both watches report it. */
function put(metadata: Partial<Agent['metadata']>): void {
  const resourceVersion = String(Number(stored.metadata.resourceVersion) + 1)
  stored = { ...stored, metadata: { ...stored.metadata, ...metadata, resourceVersion } }
  for (const { caches } of [leader, other]) caches.agents.put(stored)
}

beforeEach(() => {
  clock = new ManualClock()
  stored = anAgent()
  writes = 0
  refusals = []
  leader = new Replica(true)
  other = new Replica(false)
  put({})
})

test.each([
  ['that owns the Agent', () => leader],
  ['that does not own the Agent', () => other],
])('a notification at the replica %s names the channels of that moment', async (_, replica) => {
  for (const tag of ['a', 'b', 'a']) replica().change(tag)
  await clock.advance(5_000)
  expect(leader.heard.map(([, { checks }]) => [...checks].sort())).toEqual([['on-a', 'on-b']])
})

describe('a notification at the replica that owns the Agent', () => {
  test('is delivered within a second, without an annotation', async () => {
    const receivedAt = clock.now()
    expect(leader.change('a')).toBe(true)
    await clock.advance(500)
    expect(leader.heard).toEqual([[AGENT, { kind: 'change', tags: ['a'], checks: ['on-a'], receivedAt }]])
    expect(writes).toBe(0)
  })

  test('is one with others of that moment', async () => {
    for (const tag of ['a', 'b', 'a', 'a']) leader.change(tag)
    await clock.advance(5_000)
    expect(leader.announced).toEqual(['change a b'])
  })

  test('is delivered at most once a second, however many there are, and the last one within a second', async () => {
    for (let ms = 0; ms < 10_000; ms += 5) {
      leader.change('a')
      await clock.advance(5)
    }
    const before = leader.heard.length
    expect(before).toBeLessThanOrEqual(11)
    expect(before).toBeGreaterThanOrEqual(9)
    leader.change('b')
    await clock.advance(1_000)
    expect(leader.announced.at(-1)).toContain('b')
  })

  test('does not wait because a channel has just got its first message', async () => {
    leader.sync('a')
    await clock.advance(300)
    leader.change('a')
    await clock.advance(300)
    expect(leader.announced).toEqual(['sync a', 'change a'])
  })

  test('keeps the kinds of messages apart', async () => {
    leader.change('a')
    leader.sync('b')
    await clock.advance(1_000)
    expect(leader.announced.sort()).toEqual(['change a', 'sync b'])
  })

  test('is refused if the Agent is gone', () => {
    expect(leader.relay.receive({ uid: 'uid-of-bob', tag: 'a', check: 'on-a', kind: 'change' })).toBe(false)
  })

  test('is not delivered to an Agent that was deleted meanwhile', async () => {
    leader.change('a')
    leader.caches.agents.remove(keyOf(stored))
    await clock.advance(1_000)
    expect(leader.heard).toEqual([])
  })
})

describe('a notification at another replica', () => {
  test('reaches the owner within a second, by a sealed annotation', async () => {
    expect(other.change('a')).toBe(true)
    await clock.advance(500)
    expect(leader.announced).toEqual(['change a'])
    expect(other.heard).toEqual([])
    expect(stored.metadata.annotations?.[NOTIFIED]).not.toContain('a"')
    expect(openNotified(stored.metadata.annotations?.[NOTIFIED], UID, [KEY])).toBeDefined()
  })

  test('also if it is Google’s first message', async () => {
    other.sync('a')
    await clock.advance(500)
    expect(leader.announced).toEqual(['sync a'])
  })

  test('is written at most once a second, with the calendars since the last', async () => {
    for (let ms = 0; ms < 5_000; ms += 50) {
      other.change(ms < 2_500 ? 'a' : 'b')
      await clock.advance(50)
    }
    await clock.advance(1_000)
    expect(writes).toBeLessThanOrEqual(6)
    expect(leader.announced[0]).toBe('change a')
    expect(leader.announced.at(-1)).toBe('change b')
    expect(leader.heard).toHaveLength(writes)
  })

  test('is lost neither beside another kind of message', async () => {
    other.sync('a')
    other.change('b')
    await clock.advance(2_000)
    expect(leader.announced.sort()).toEqual(['change b', 'sync a'])
    expect(writes).toBe(2)
  })

  test('waits for the annotation of a third replica, and neither is lost', async () => {
    const third = new Replica(false)
    third.caches.agents.put(stored)
    other.change('a')
    await clock.advance(200)
    third.caches.agents.put(stored)
    third.change('b')
    await clock.advance(500)
    expect(writes).toBe(1)
    await clock.advance(1_000)
    expect(writes).toBe(2)
    expect(leader.announced).toEqual(['change a', 'change b'])
  })

  test('is written again after a conflict with a write of the owner, and nobody is told', async () => {
    refusals = [new ApiError('Conflict', 'the object has been modified')]
    other.change('a')
    await clock.advance(500)
    expect(leader.announced).toEqual(['change a'])
    expect(other.warnings).toEqual([])
  })

  test('is tried again while the API server refuses it, and says so once', async () => {
    refusals = [1, 2, 3].map(() => new ApiError('Forbidden', 'agents is forbidden'))
    other.change('a')
    await clock.advance(30_000)
    expect(leader.announced).toEqual(['change a'])
    expect(other.warnings).toEqual(['a notification from Google could not be passed on'])
  })

  test('is given up after a minute', async () => {
    refusals = Array.from({ length: 1_000 }, () => new ApiError('Forbidden', 'agents is forbidden'))
    other.change('a')
    await clock.advance(120_000)
    const asked = 1_000 - refusals.length
    await clock.advance(120_000)
    expect(1_000 - refusals.length).toBe(asked)
  })

  test('is passed on before the replica stops', async () => {
    other.change('a')
    await other.relay.stop()
    expect(writes).toBe(1)
    other.change('b')
    await clock.advance(5_000)
    expect(writes).toBe(1)
  })

  test('reaches a replica that begins to lead after it', async () => {
    leader.leads = false
    other.sync('a')
    await clock.advance(5_000)
    expect(leader.heard).toEqual([])
    leader.leads = true
    leader.relay.takeOver()
    await clock.advance(100)
    expect(leader.announced).toEqual(['sync a'])
  })
})

describe('an annotation', () => {
  const seal = (at: number, uid = UID, key = KEY): string =>
    sealNotified({ at, kind: 'change', tags: ['a'], checks: ['on-a'] }, uid, key, randomBytes)

  test.each<[string, () => string]>([
    ['without a seal', () => JSON.stringify({ at: clock.now(), kind: 'change', tags: ['a'] })],
    ['with another content', () => seal(clock.now()).replace(/.{9}$/, 'AAAAAAAAA')],
    ['of another Agent', () => seal(clock.now(), 'uid-of-bob')],
    ['under a key that is not accepted', () => seal(clock.now(), UID, { notified: Buffer.alloc(32, 2) })],
    ['of an hour ago', () => seal(clock.now() - 3_600_000)],
    ['of next hour', () => seal(clock.now() + 3_600_000)],
    ['that is empty', () => ''],
    ['that is very long', () => 'A'.repeat(100_000)],
  ])('is ignored %s', async (_, value) => {
    put({ annotations: { [NOTIFIED]: value() } })
    await clock.advance(5_000)
    expect(leader.heard).toEqual([])
  })

  test('counts once, whatever else of the Agent changes', async () => {
    put({ annotations: { [NOTIFIED]: seal(clock.now()) } })
    await clock.advance(5_000)
    put({ labels: { team: 'a' } })
    await clock.advance(5_000)
    expect(leader.announced).toEqual(['change a'])
  })

  test.each<[string, (value: string) => string]>([
    ['as it was', (value) => value],
    ['spelled in another way', (value) => `${value}=`],
  ])('counts once, though somebody puts it back again and again (%s)', async (_, spelled) => {
    const [first, second] = [seal(clock.now()), seal(clock.now())]
    for (const value of [first, second, spelled(first), 'x', spelled(second), spelled(first)]) {
      put({ annotations: { [NOTIFIED]: value } })
      await clock.advance(1_500)
    }
    expect(leader.announced).toEqual(['change a', 'change a'])
  })

  test('counts once for a replica that begins to lead', async () => {
    put({ annotations: { [NOTIFIED]: seal(clock.now()) } })
    leader.relay.takeOver()
    await clock.advance(5_000)
    expect(leader.announced).toEqual(['change a'])
  })

  test('is accepted under the previous key', async () => {
    leader.keys = [{ notified: Buffer.alloc(32, 2) }, KEY]
    put({ annotations: { [NOTIFIED]: seal(clock.now()) } })
    await clock.advance(100)
    await settle()
    expect(leader.announced).toEqual(['change a'])
  })
})
