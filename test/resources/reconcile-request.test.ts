import { expect, test } from 'vitest'
import { takeRequest, type RequestMemory } from '../../src/resources/reconcile-request.ts'
import { ManualClock } from '../support/clock.ts'

const asking = (value: string, handled?: string) => ({
  metadata: { annotations: { 'calendar-operator.io/requestedAt': value } },
  status: { lastHandledReconcileAt: handled },
})

test('a look is taken at once, and the next of the same object ten seconds later', async () => {
  const clock = new ManualClock()
  const memory: RequestMemory = {}
  expect(takeRequest(clock, asking('1'), memory)).toEqual({ request: '1' })
  memory.handledRequest = '1'
  expect(takeRequest(clock, asking('1'), memory)).toEqual({})
  await clock.advance(4_000)
  expect(takeRequest(clock, asking('2'), memory).waitMs).toBeCloseTo(6_000, 0)
  // Set back or forward, the time of day changes nothing.
  clock.setTimeOfDay(-3_600_000)
  expect(takeRequest(clock, asking('3'), memory).waitMs).toBeCloseTo(6_000, 0)
  await clock.advance(6_000)
  expect(takeRequest(clock, asking('3'), memory)).toEqual({ request: '3' })
})

test('a request whose reconcile failed stays open, and waits for its turn', async () => {
  const clock = new ManualClock()
  const memory: RequestMemory = {}
  takeRequest(clock, asking('1'), memory)
  expect(takeRequest(clock, asking('1'), memory).waitMs).toBeCloseTo(10_000, 0)
  await clock.advance(10_000)
  expect(takeRequest(clock, asking('1'), memory)).toEqual({ request: '1' })
})

test('a value that was handled according to the status is not open, even if it was truncated', () => {
  const clock = new ManualClock()
  const long = 'y'.repeat(300)
  expect(takeRequest(clock, asking(long, long.slice(0, 64)), {})).toEqual({})
  expect(takeRequest(clock, asking(long), {})).toEqual({ request: long.slice(0, 64) })
})
