/** Reads that leave nothing to do for push. */
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { GoogleError } from '../../src/google/port.ts'
import { PushHarness } from './support/push-harness.ts'

let push: PushHarness
beforeEach(() => void (push = new PushHarness()))

/** How often the channels were reconciled because the calendars were read. */
async function reconcilesAfter(read: () => Promise<void>): Promise<number> {
  const reconcile = vi.spyOn(push.manager, 'reconcile')
  await read()
  return reconcile.mock.calls.length
}

describe.each([
  ['where push is disabled', { push: 'Disabled' as const }],
  ['where Google cannot reach the site', { siteURI: 'http://localhost:8080' }],
])('%s', (_, integration) => {
  beforeEach(() => push.integrate(integration))

  test('no read reconciles channels, not even the first one', async () => {
    expect(await reconcilesAfter(() => push.reconciled())).toBe(0)
    expect(await reconcilesAfter(() => push.reconciled())).toBe(0)
  })

  test('the first read after the end of that makes a channel', async () => {
    await push.reconciled()
    push.integrate({})
    await push.reconciled()
    expect(push.alive).toHaveLength(1)
  })
})

test('the first read after push was disabled stops the channel, and the next one does nothing', async () => {
  await push.reconciled()
  await push.clock.advance(1_000)
  expect(push.alive).toHaveLength(1)
  push.integrate({ push: 'Disabled' })
  await push.reconciled()
  expect(push.alive).toEqual([])
  expect(await reconcilesAfter(() => push.reconciled())).toBe(0)
})

test('while push is enabled, each read reconciles the channels', async () => {
  await push.reconciled()
  expect(await reconcilesAfter(() => push.reconciled())).toBeGreaterThan(0)
})

test('a channel whose first message is overdue is not looked at again and again while nothing is known of the site', async () => {
  push.reachable = () => false
  await push.reconciled()
  push.siteAccepted = false
  await push.reconciled()
  await push.clock.advance(61_000)
  expect(await reconcilesAfter(() => push.clock.advance(1_000))).toBe(0)
  push.siteAccepted = true
  await push.reconciled()
  await push.clock.advance(1_000)
  expect(push.watching()).toMatchObject({ reason: 'NotReachable' })
})

describe('an Agent that comes to rest while a request is under way', () => {
  test.each([
    ['push is disabled', () => push.integrate({ push: 'Disabled' })],
    ['its integration is gone', () => push.deleteIntegration()],
  ])('stops the channel that it made, at once, because %s', async (_, end) => {
    push.answerMs = 1_000
    await push.reconciled()
    end()
    await push.reconciled()
    await push.reconciled()
    await push.clock.advance(1_000)
    expect(push.channels).toHaveLength(1)
    expect(push.alive).toEqual([])
  })

  test('tries again to stop a channel', async () => {
    await push.reconciled()
    await push.clock.advance(1_000)
    push.stopFailure = new GoogleError('Unreachable', 'down')
    push.integrate({ push: 'Disabled' })
    void push.reconciled()
    push.deleteIntegration()
    await push.reconciled()
    expect(push.stops).toBe(1)
    push.stopFailure = undefined
    await push.clock.advance(60_000)
    expect(push.alive).toEqual([])
  })
})
