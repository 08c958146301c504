/** When channels that could not be made are asked for again. */
import { beforeEach, expect, test } from 'vitest'
import { GoogleError } from '../../src/google/port.ts'
import { DAY_MS, HOUR_MS } from '../../src/platform/time-units.ts'
import { PushHarness } from './support/push-harness.ts'

const [ALICE, TEAM] = ['alice@example.com', 'team@group.calendar.google.com']

let push: PushHarness

beforeEach(() => (push = new PushHarness()))

test('a pause that ends while another request is under way is not forgotten', async () => {
  await push.reconciled('bob')
  await push.clock.advance(1_000)
  push.failure = new GoogleError('Unreachable', '503 backendError', { status: 503 })
  await push.reconciled()
  await push.clock.advance(4_000)
  push.failure = undefined
  push.reachable = () => false
  push.answerMs = 10_000
  await push.reconciled('alice', [ALICE, TEAM])
  await push.clock.advance(21_000)
  expect(push.alive.map(({ calendarId }) => calendarId)).toEqual(['bob@example.com', TEAM, ALICE])
})

test('a time of day that is a month ahead costs few channels, and the condition says so until it is right again', async () => {
  await push.reconciled()
  await push.clock.advance(1_000)
  push.leap(30 * DAY_MS)
  for (let hour = 0; hour < 6; hour++) await push.clock.advance(HOUR_MS)
  expect(push.watches).toBeLessThan(12)
  expect(push.watching()).toMatchObject({ status: 'False', reason: 'WatchFailed' })
  expect(push.watching().message).toContain('check the time of day')
  push.leap(-30 * DAY_MS)
  for (let hour = 0; hour < 2; hour++) await push.clock.advance(HOUR_MS)
  expect(push.watching().status).toBe('True')
})
