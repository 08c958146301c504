/** A status does not say on which of an Agent's channels a message has arrived: what a restart makes of them. */
import { beforeEach, describe, expect, test } from 'vitest'
import { GoogleError } from '../../src/google/port.ts'
import { HOUR_MS, MINUTE_MS } from '../../src/platform/time-units.ts'
import { PushHarness } from './support/push-harness.ts'

const [ALICE, TEAM] = ['alice@example.com', 'team@group.calendar.google.com']

let push: PushHarness

beforeEach(() => (push = new PushHarness()))

async function minutes(count: number): Promise<void> {
  for (let minute = 0; minute < count; minute++) await push.clock.advance(MINUTE_MS)
}

describe('a restart keeps a channel', () => {
  test('while Google refuses one for another calendar', async () => {
    await push.reconciled()
    await push.clock.advance(1_000)
    push.failure = new GoogleError('Forbidden', '403 forbidden', { status: 403 })
    await push.reconciled('alice', [ALICE, TEAM])
    await push.clock.advance(1_000)
    expect(push.watching().reason).toBe('WatchFailed')
    push.restart()
    await push.reconciled('alice', [ALICE, TEAM])
    await minutes(3)
    expect(push.alive.map(({ calendarId }) => calendarId)).toEqual([ALICE])
    expect(push.watching().reason).toBe('WatchFailed')
  })

  test('while the first message of another calendar has not arrived', async () => {
    await push.reconciled()
    await push.clock.advance(1_000)
    push.reachable = () => false
    await push.reconciled('alice', [ALICE, TEAM])
    await push.clock.advance(1_000)
    expect(push.watching().reason).toBe('NotYetWatching')
    push.restart()
    await push.reconciled('alice', [ALICE, TEAM])
    const second = push.channels[1]
    if (second) push.post(second, 'sync')
    await minutes(3)
    expect(push.watches).toBe(2)
    expect(push.watching().reason).toBe('Watching')
  })
})

test('a channel on which no message had arrived is stopped a minute after a restart, if none arrives at the site', async () => {
  push.reachable = () => false
  await push.reconciled('alice', [ALICE, TEAM])
  await push.clock.advance(1_000)
  push.restart()
  await push.reconciled('alice', [ALICE, TEAM])
  await minutes(2)
  expect(push.alive).toEqual([])
  expect(push.watching().reason).toBe('NotReachable')
})

describe('a channel is renewed when a quarter of its life is left', () => {
  beforeEach(async () => {
    push.lifeMs = 8 * HOUR_MS
    await push.reconciled()
    await push.clock.advance(1_000)
  })

  test('however often the operator restarts', async () => {
    for (let hour = 1; hour < 6; hour++) {
      await minutes(60)
      push.restart()
      await push.reconciled()
    }
    await minutes(30)
    expect(push.watches).toBe(1)
    await minutes(60)
    expect(push.watches).toBe(2)
  })

  test('or as soon as an operator runs again after that', async () => {
    push.restart()
    await minutes(7 * 60)
    await push.reconciled()
    await push.clock.advance(1_000)
    expect(push.alive).toHaveLength(1)
    expect(push.watches).toBe(2)
  })
})
