/** Who makes channels, and when: trials, requests to reconcile, missed messages, and Agents that are suspended or go. */
import { beforeEach, describe, expect, test } from 'vitest'
import { HOUR_MS, MINUTE_MS } from '../../src/platform/time-units.ts'
import { PushHarness, uidOf } from './support/push-harness.ts'

let push: PushHarness

beforeEach(() => (push = new PushHarness()))

/** The Agents are reconciled, and what Google sends arrives. */
async function watched(...names: string[]): Promise<void> {
  for (const name of names) await push.reconciled(name)
  await push.clock.advance(1_000)
}

const makers = (): string[] => push.channels.map(({ agent }) => agent)

/** Reconciles an Agent because somebody asked for it. */
async function ask(name = 'alice'): Promise<void> {
  push.isRequested = true
  await push.reconciled(name)
  push.isRequested = false
}

describe('until a message has arrived', () => {
  test('one channel of an Agent with several calendars tries, and the others follow', async () => {
    push.reachable = () => false
    await push.reconciled('alice', ['a', 'b', 'c'])
    await push.clock.advance(30_000)
    expect(push.watches).toBe(1)
    push.post(push.channels[0]!, 'sync')
    await push.clock.advance(1_000)
    expect(push.watches).toBe(3)
  })

  test('one Agent tries, and all others follow at once', async () => {
    push.reachable = () => push.watches === 1
    await watched('alice', 'bob', 'carol', 'dave')
    expect(makers()).toEqual(['alice', 'bob', 'carol', 'dave'])
  })

  test('another Agent tries if that one is suspended', async () => {
    push.reachable = () => false
    await watched('alice', 'bob')
    push.change({ suspend: true })
    push.manager.wakeAll()
    await push.clock.advance(1_000)
    expect(makers()).toEqual(['alice', 'bob'])
    expect(push.stops).toBe(0)
  })

  test('another Agent tries if that one refers to another integration', async () => {
    push.reachable = () => false
    await watched('alice', 'bob')
    expect(makers()).toEqual(['alice'])
    push.movedTo.set('alice', 'booking/other')
    await watched('alice')
    expect(makers()).toContain('bob')
  })

  test('another Agent tries if that one is deleted', async () => {
    push.reachable = () => false
    await watched('alice', 'bob')
    push.delete()
    await push.clock.advance(1_000)
    expect(makers()).toEqual(['alice', 'bob'])
    expect(push.alive.map(({ agent }) => agent)).toEqual(['bob'])
  })

  test('an integration that was deleted and created again is tried at once', async () => {
    push.reachable = () => false
    await watched('alice')
    await push.clock.advance(2 * MINUTE_MS)
    push.deleteIntegration()
    push.delete()
    await push.clock.advance(1_000)
    push.integrate({})
    await watched('bob')
    expect(makers()).toEqual(['alice', 'bob'])
  })

  test('so is one that was deleted after push was disabled', async () => {
    push.reachable = () => false
    await watched('alice')
    await push.clock.advance(2 * MINUTE_MS)
    push.integrate({ push: 'Disabled' })
    await watched('alice')
    push.deleteIntegration()
    await watched('alice')
    push.integrate({})
    await watched('alice')
    expect(push.watches).toBe(2)
  })
})

describe('after a restart', () => {
  test('a channel that no message has proved has a minute left', async () => {
    push.reachable = () => false
    await watched('alice')
    push.restart()
    await watched('alice')
    await push.clock.advance(50_000)
    expect([push.watches, push.stops]).toEqual([1, 0])
    await push.clock.advance(11_000)
    expect([push.watches, push.stops]).toEqual([1, 1])
    expect(push.watching().reason).toBe('NotReachable')
  })

  test('a trial that has failed is repeated after five minutes, and nobody else tries', async () => {
    push.reachable = () => false
    await watched('alice', 'bob')
    await push.clock.advance(2 * MINUTE_MS)
    push.restart()
    await watched('bob', 'alice')
    expect(push.watching().reason).toBe('NotReachable')
    await push.clock.advance(4 * MINUTE_MS)
    expect(makers()).toEqual(['alice'])
    await push.clock.advance(MINUTE_MS)
    expect(makers()).toEqual(['alice', 'alice'])
  })
})

describe('after a restart, another Agent tries if the one whose trial has failed', () => {
  beforeEach(async () => {
    push.reachable = () => false
    await watched('alice', 'bob')
    await push.clock.advance(2 * MINUTE_MS)
    push.restart()
  })

  test.each([
    ['after it', ['bob', 'alice']],
    ['before it', ['alice', 'bob']],
  ])('is not admitted any more, and is reconciled %s', async (_, order) => {
    push.refused.add('alice')
    await watched(...order)
    await push.clock.advance(6 * MINUTE_MS)
    expect(makers()).toContain('bob')
  })

  test('is suspended', async () => {
    push.change({ suspend: true })
    await watched('bob')
    await push.clock.advance(6 * MINUTE_MS)
    expect(makers()).toEqual(['alice', 'bob'])
  })

  test('is another replica’s now', async () => {
    push.elsewhere.add('booking/alice')
    await watched('bob')
    await push.clock.advance(6 * MINUTE_MS)
    expect(makers()).toEqual(['alice', 'bob'])
  })

  test('is being deleted', async () => {
    push.change({}, { deletionTimestamp: '2026-11-23T10:00:00Z' })
    await watched('bob')
    await push.clock.advance(6 * MINUTE_MS)
    expect(makers()).toEqual(['alice', 'bob'])
  })
})

describe('a request to reconcile', () => {
  beforeEach(async () => {
    push.reachable = () => false
    await watched('alice', 'bob')
    await push.clock.advance(2 * MINUTE_MS)
    expect(push.watches).toBe(1)
  })

  test.each(['alice', 'bob'])('of an Agent begins the next trial, once in ten seconds (%s)', async (name) => {
    await ask(name)
    await push.clock.advance(1_000)
    expect(makers()).toEqual(['alice', 'alice'])
    await push.clock.advance(61_000)
    for (let second = 0; second < 5; second++) {
      await ask(name)
      await push.clock.advance(1_000)
    }
    expect(push.watches).toBe(3)
  })

  test('of the integration begins the next trial', async () => {
    push.manager.retryIntegration('booking/google')
    await push.clock.advance(1_000)
    expect(makers()).toEqual(['alice', 'alice'])
  })

  test('of another integration does not', async () => {
    push.manager.retryIntegration('booking/other')
    await push.clock.advance(1_000)
    expect(push.watches).toBe(1)
  })
})

describe('no channel is asked for', () => {
  test('while the API is switched off', async () => {
    push.apiDisabled = true
    await watched('alice')
    expect(push.watches).toBe(0)
  })

  test('for a calendar that was not read yet, or that Google refuses', async () => {
    await push.reconciled('alice', ['a'], { lastRead: undefined })
    await push.reconciled('bob', ['b'], { isRefused: true })
    await push.clock.advance(1_000)
    expect(push.watches).toBe(0)
  })
})

describe('messages that are missed', () => {
  const pollFindsChange = async (): Promise<void> => {
    await push.clock.advance(5 * MINUTE_MS)
    const now = push.clock.monotonic()
    await push.reconciled('alice', undefined, { lastRead: now, changedAt: now })
    await push.clock.advance(61_000)
  }

  beforeEach(async () => {
    await watched('alice')
    await push.reconciled()
  })

  test('are counted, and three in a row make a new channel', async () => {
    for (let count = 1; count <= 2; count++) {
      await pollFindsChange()
      expect([push.missed, push.watches]).toEqual([count, 1])
    }
    await pollFindsChange()
    await push.clock.advance(1_000)
    expect([push.missed, push.watches]).toEqual([3, 2])
    expect(push.channels.map(({ isStopped }) => isStopped)).toEqual([true, false])
  })

  test('make no new channel if one arrives in between', async () => {
    for (let count = 1; count <= 5; count++) {
      await pollFindsChange()
      if (count % 2 === 0) push.post(push.channels[0]!)
    }
    expect([push.missed, push.watches]).toEqual([5, 1])
  })
})

describe('an announced change', () => {
  beforeEach(async () => {
    await watched('alice')
    push.post(push.channels[0]!)
  })

  const taken = (): string[] => [...push.manager.takeChanged(push.agent())]

  test('is read once', async () => {
    expect(taken()).toEqual(['alice@example.com'])
    await push.clock.advance(10)
    await push.reconciled()
    expect(taken()).toEqual([])
  })

  test('is read by the next reading, if another failure kept this one from it', async () => {
    const before = push.clock.monotonic() - 1
    expect(taken()).toEqual(['alice@example.com'])
    await push.reconciled('alice', undefined, { lastRead: before })
    expect(taken()).toEqual(['alice@example.com'])
  })

  test('waits for the next interval, if its calendar failed', async () => {
    const before = push.clock.monotonic() - 1
    taken()
    await push.reconciled('alice', undefined, { lastRead: before, hasFailed: true })
    expect(taken()).toEqual([])
  })
})

describe('an Agent that goes', () => {
  test('has its channels stopped before its grant is revoked', async () => {
    await watched('alice')
    await push.manager.stop(push.agent())
    expect(push.alive).toEqual([])
  })

  test('has them stopped with its last token', async () => {
    await watched('alice')
    push.hasToken = false
    await push.reconciled()
    push.delete()
    await push.clock.advance(1_000)
    expect(push.alive).toEqual([])
  })

  test('leaves them to be stopped to another one of its name, which gets its own', async () => {
    await watched('alice')
    push.change({}, { uid: uidOf('zoe') })
    await push.clock.advance(HOUR_MS)
    await watched('alice')
    expect(push.channels[0]?.isStopped).toBe(true)
    expect(push.alive.map(({ id }) => id.startsWith(uidOf('zoe')))).toEqual([true])
  })
})
