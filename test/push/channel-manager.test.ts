/** What happens to channels around restarts, failures and changes of the spec. */
import { beforeEach, describe, expect, test } from 'vitest'
import { GoogleError } from '../../src/google/port.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/platform/time-units.ts'
import { PushHarness } from './support/push-harness.ts'

const [A, B] = ['https://a.example.com', 'https://b.example.com']
const UNREACHABLE = new GoogleError('Unreachable', '503 backendError', { status: 503 })

let push: PushHarness

beforeEach(() => (push = new PushHarness()))

/** The Agents are reconciled, and what Google sends arrives. */
async function watched(...names: string[]): Promise<void> {
  for (const name of names) await push.reconciled(name)
  await push.clock.advance(1_000)
}

/** A message of the channel with this index is passed on. */
const post = (index: number, kind: 'sync' | 'change' = 'change'): boolean => {
  const channel = push.channels[index]
  return channel !== undefined && push.post(channel, kind)
}

describe('a site that was moved while the operator was down', () => {
  beforeEach(async () => {
    await watched('alice', 'bob')
    expect(push.watching('bob').status).toBe('True')
    push.integrate({ siteURI: B })
    push.restart()
  })

  test('gets new channels, and the old ones are stopped', async () => {
    await watched('alice', 'bob')
    await push.clock.advance(5_000)
    expect(push.alive.map(({ agent, address }) => [agent, address])).toEqual([
      ['alice', `${B}/google-calendar/notifications`],
      ['bob', `${B}/google-calendar/notifications`],
    ])
    expect(push.shown()).toEqual([push.alive[0]?.id])
  })

  test('is tried with one channel until a message has arrived there', async () => {
    push.reachable = () => false
    await watched('alice', 'bob')
    expect(push.watches).toBe(3)
    expect(push.watching('alice').reason).toBe('NotYetWatching')
    expect(push.watching('bob').reason).toBe('NotYetWatching')
  })

  test('takes the old channel with it if no message arrives there either', async () => {
    push.reachable = (address) => !address.startsWith(B)
    await watched('alice')
    await push.clock.advance(2 * MINUTE_MS)
    expect(push.watching()).toMatchObject({ status: 'False', reason: 'NotReachable' })
    expect(push.watching().message).toContain(B)
    expect(push.alive.map(({ agent }) => agent)).toEqual(['bob'])
    expect(push.shown()).toEqual([undefined])
  })
})

describe('a site that is moved', () => {
  test('is tried at once, although the pause after a trial of the former one is not over', async () => {
    push.reachable = (address) => address.startsWith(B)
    await watched('alice')
    await push.clock.advance(2 * MINUTE_MS)
    expect(push.watching().reason).toBe('NotReachable')
    push.integrate({ siteURI: B })
    push.siteAccepted = false
    await watched('alice')
    expect(push.watches).toBe(1)
    push.siteAccepted = true
    await watched('alice')
    expect(push.watching().status).toBe('True')
  })

  test.each(['sync', 'change'] as const)('is not proved by a late %s of a channel of the former one', async (kind) => {
    await watched('alice', 'bob')
    push.reachable = () => false
    push.integrate({ siteURI: B })
    await watched('alice')
    post(0, kind)
    await watched('bob')
    expect(push.watches).toBe(3)
    expect(push.watching('alice').reason).toBe('NotYetWatching')
  })

  test('is not proved by a late message that arrives while Google answers', async () => {
    await watched('alice')
    push.reachable = () => false
    push.answerMs = 5_000
    push.integrate({ siteURI: B })
    await watched('alice')
    post(0, 'sync')
    await push.clock.advance(10_000)
    expect(push.watches).toBe(2)
    expect(push.watching().reason).toBe('NotYetWatching')
  })

  test('does not stop the old channel before a message has arrived on the new one', async () => {
    await watched('alice')
    push.integrate({ siteURI: B })
    await push.reconciled('alice')
    expect(push.alive).toHaveLength(2)
    await push.clock.advance(1_000)
    expect(push.alive.map(({ address }) => address)).toEqual([`${B}/google-calendar/notifications`])
  })
})

test('a trial of a former site says nothing about the next one after a restart', async () => {
  push.reachable = (address) => address.startsWith(B)
  await watched('alice')
  await push.clock.advance(2 * MINUTE_MS)
  expect(push.watching().message).toContain(A)
  push.integrate({ siteURI: B })
  push.restart()
  await watched('alice')
  expect(push.watching().status).toBe('True')
})

describe('a channel whose id did not reach the status because the operator crashed', () => {
  beforeEach(() => {
    push.reachable = () => false
    push.writesStatus = false
  })

  test('costs one channel for each restart and integration at most', async () => {
    for (let restarts = 1; restarts <= 3; restarts++) {
      await watched('alice', 'bob', 'carol')
      expect(push.watches).toBe(restarts)
      push.restart()
    }
  })

  test('costs no other channel if the operator crashes after that', async () => {
    push.writesStatus = true
    await watched('alice')
    push.restart()
    await watched('alice')
    expect(push.watches).toBe(1)
  })

  test('announces changes, and proves nothing by it', async () => {
    await watched('alice', 'bob')
    push.restart()
    push.hasToken = false
    await watched('alice', 'bob')
    expect(post(0)).toBe(true)
    expect(push.read).toEqual(['booking/alice'])
    expect(push.manager.takeChanged(push.agent())).toEqual(new Set(['alice@example.com']))
    push.hasToken = true
    await watched('alice', 'bob')
    expect(push.watches).toBe(2)
    expect(push.watching().reason).toBe('NotYetWatching')
  })

  test('does not count as missed what it announces', async () => {
    await watched('alice')
    push.restart()
    ;[push.reachable, push.writesStatus] = [undefined, true]
    await watched('alice')
    await push.clock.advance(5 * MINUTE_MS)
    post(0)
    const now = push.clock.monotonic()
    await push.reconciled('alice', undefined, { lastRead: now, changedAt: now })
    await push.clock.advance(5 * MINUTE_MS)
    expect(push.missed).toBe(0)
    expect(push.watches).toBe(2)
  })
})

describe('a message for an Agent that a new leader has not reconciled yet', () => {
  test('proves the channel, if it is the first one', async () => {
    push.reachable = () => false
    await watched('alice')
    push.restart()
    post(0, 'sync')
    await push.reconciled()
    expect(push.watching().status).toBe('True')
    await push.clock.advance(5 * MINUTE_MS)
    expect(push.watches).toBe(1)
  })

  test.each([
    ['after', [0, 1]],
    ['before', [1, 0]],
  ])('proves the channel that it arrived on, %s one of a former site', async (_, order) => {
    push.reachable = () => false
    await watched('alice')
    push.integrate({ siteURI: B })
    await watched('alice')
    push.restart()
    for (const index of order) post(index, 'sync')
    await push.reconciled()
    expect(push.watching().status).toBe('True')
  })

  test('proves nothing, if it arrived on a channel of a former site', async () => {
    push.reachable = () => false
    await watched('alice')
    push.integrate({ siteURI: B })
    await watched('alice')
    push.restart()
    post(0, 'sync')
    await push.reconciled()
    expect(push.watching().reason).toBe('NotYetWatching')
  })

  test('is read again, if the calendar was being read when it arrived', async () => {
    await watched('alice')
    push.restart()
    const began = push.clock.monotonic()
    await push.clock.advance(1_000)
    post(0)
    await push.reconciled('alice', undefined, { lastRead: began })
    expect(push.read).toEqual(['booking/alice'])
    expect(push.manager.takeChanged(push.agent())).toEqual(new Set(['alice@example.com']))
  })

  test('is not read again, if the calendar was read after it', async () => {
    await watched('alice')
    push.restart()
    post(0)
    await push.clock.advance(1_000)
    await push.reconciled()
    expect(push.read).toEqual([])
  })
})

describe('a channel that is stopped while Google does not answer', () => {
  beforeEach(async () => {
    await watched('alice')
    push.stopFailure = UNREACHABLE
  })

  test.each(['a calendar leaves the spec', 'push is disabled'])(
    'is stopped when Google answers again (%s)',
    async (what) => {
      if (what === 'push is disabled') push.integrate({ push: 'Disabled' })
      await push.reconciled('alice', what === 'push is disabled' ? undefined : ['other@example.com'])
      await push.clock.advance(3 * HOUR_MS)
      push.stopFailure = undefined
      await push.clock.advance(HOUR_MS)
      expect(push.channels[0]?.isStopped).toBe(true)
    },
  )

  test('costs an attempt each hour at last, and none when the channel has ended', async () => {
    push.integrate({ push: 'Disabled' })
    await push.reconciled()
    await push.clock.advance(3 * HOUR_MS)
    const before = push.stops
    await push.clock.advance(10 * HOUR_MS)
    expect(push.stops - before).toBe(10)
    await push.clock.advance(8 * DAY_MS)
    const atTheEnd = push.stops
    await push.clock.advance(DAY_MS)
    expect(push.stops).toBe(atTheEnd)
  })

  test('is stopped after a restart, too, once the Agent has a token again', async () => {
    push.integrate({ push: 'Disabled' })
    push.restart()
    push.hasToken = false
    await push.reconciled()
    await push.clock.advance(HOUR_MS)
    expect(push.stops).toBe(0)
    ;[push.hasToken, push.stopFailure] = [true, undefined]
    await push.reconciled()
    await push.clock.advance(1_000)
    expect(push.channels[0]?.isStopped).toBe(true)
  })
})

describe('a channel that Google makes for seconds only', () => {
  test.each([true, false])('costs one request in ten seconds at most (reachable: %s)', async (reachable) => {
    push.lifeMs = 500
    push.reachable = () => reachable
    await watched('alice')
    await push.clock.advance(10 * MINUTE_MS)
    expect(push.watches).toBeLessThanOrEqual(62)
  })

  test('is replaced when it has ended while the operator was down', async () => {
    push.lifeMs = HOUR_MS
    await watched('alice')
    await push.clock.advance(1_000)
    push.restart()
    await push.clock.advance(2 * HOUR_MS)
    await watched('alice')
    expect(push.watches).toBe(2)
    expect(push.watching().status).toBe('True')
  })
})

describe('a channel whose key is not accepted any more', () => {
  test('is replaced at once, the new one first', async () => {
    await watched('alice', 'bob')
    push.keys = [{ channel: Buffer.alloc(32, 2) }]
    expect(post(0)).toBe(false)
    push.manager.wakeAll()
    await push.clock.advance(0)
    await push.clock.advance(1_000)
    expect(push.channels.map(({ isStopped }) => isStopped)).toEqual([true, true, false, false])
    expect(push.watching().status).toBe('True')
  })

  test('stays while the previous key is accepted', async () => {
    await watched('alice')
    push.keys = [{ channel: Buffer.alloc(32, 2) }, ...push.keys]
    push.manager.wakeAll()
    await push.clock.advance(MINUTE_MS)
    expect(post(0)).toBe(true)
    expect(push.watches).toBe(1)
  })

  test('stays while no keys are known', async () => {
    await watched('alice')
    push.keys = []
    push.restart()
    await watched('alice')
    expect([push.watches, push.stops]).toEqual([1, 0])
  })
})

describe('a new leader during a renewal', () => {
  test('makes one channel again, and one is left besides the orphan', async () => {
    await watched('alice')
    push.reachable = () => false
    await push.clock.advance(5.25 * DAY_MS)
    expect(push.watches).toBe(2)
    push.restart()
    push.reachable = undefined
    await push.reconciled()
    await push.clock.advance(1_000)
    expect(push.watching().status).toBe('True')
    await push.clock.advance(2 * DAY_MS)
    expect(push.watches).toBe(3)
    expect(push.channels[0]?.isStopped).toBe(true)
    expect(push.shown()).toEqual([push.channels[2]?.id])
  })

  test('reads what the channel announces that it does not know of', async () => {
    await watched('alice')
    push.reachable = () => false
    await push.clock.advance(5.25 * DAY_MS)
    push.restart()
    await push.reconciled()
    post(1)
    expect(push.read).toEqual(['booking/alice'])
  })
})

describe('a calendar that Google does not announce', () => {
  const unsupported = new GoogleError('PushNotSupported', '400 pushNotSupportedForRequestedResource', { status: 400 })

  test('is not asked for again for a day, whoever asks and however often the operator restarts', async () => {
    push.failure = unsupported
    await watched('alice')
    expect(push.watching().reason).toBe('NotSupported')
    for (let hour = 0; hour < 23; hour++) {
      await push.clock.advance(HOUR_MS)
      await push.reconciled()
      push.manager.retryIntegration('booking/google')
    }
    expect(push.watches).toBe(1)
    await push.clock.advance(2 * HOUR_MS)
    expect(push.watches).toBe(2)
    push.restart()
    await watched('alice')
    expect(push.watches).toBe(2)
  })

  test('is watched once Google announces it', async () => {
    push.failure = unsupported
    await watched('alice')
    push.failure = undefined
    await push.clock.advance(DAY_MS + MINUTE_MS)
    expect(push.watching().status).toBe('True')
  })
})

describe('an Agent that another one of the same name replaces', () => {
  test('leaves its channels to be stopped', async () => {
    await watched('alice')
    push.delete()
    await push.clock.advance(1_000)
    expect(push.alive).toEqual([])
  })
})

test('an integration that is suspended keeps its channels, and asks for none', async () => {
  await watched('alice')
  push.integrate({ suspend: true })
  push.manager.wakeAll()
  await push.clock.advance(DAY_MS)
  expect([push.watches, push.stops]).toEqual([1, 0])
})
