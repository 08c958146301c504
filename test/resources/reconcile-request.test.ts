import { beforeEach, expect, test } from 'vitest'
import { takeRequest, type DueRequest, type RequestState } from '../../src/resources/reconcile-request.ts'
import { ManualClock } from '../support/clock.ts'

const asking = (value: string, handled?: string) => ({
  metadata: { annotations: { 'calendar-operator.io/requestedAt': value } },
  status: { lastHandledReconcileAt: handled },
})

let state: RequestState

/** Takes the request, and keeps the next state. */
function take(clock: ManualClock, object: ReturnType<typeof asking>): DueRequest {
  const step = takeRequest(clock, object, state)
  state = step.state
  return step.due
}

beforeEach(() => {
  state = {}
})

test('a look is taken at once, and the next of the same object ten seconds later', async () => {
  const clock = new ManualClock()
  expect(take(clock, asking('1'))).toEqual({ request: '1' })
  state = { ...state, handledRequest: '1' }
  expect(take(clock, asking('1'))).toEqual({})
  await clock.advance(4_000)
  expect(take(clock, asking('2')).waitMs).toBeCloseTo(6_000, 0)
  // Set back or forward, the time of day changes nothing.
  clock.setTimeOfDay(-3_600_000)
  expect(take(clock, asking('3')).waitMs).toBeCloseTo(6_000, 0)
  await clock.advance(6_000)
  expect(take(clock, asking('3'))).toEqual({ request: '3' })
})

test('a request whose reconcile failed stays open, and waits for its turn', async () => {
  const clock = new ManualClock()
  take(clock, asking('1'))
  expect(take(clock, asking('1')).waitMs).toBeCloseTo(10_000, 0)
  await clock.advance(10_000)
  expect(take(clock, asking('1'))).toEqual({ request: '1' })
})

test('a value that was handled according to the status is not open, even if it was truncated', () => {
  const clock = new ManualClock()
  const long = 'y'.repeat(300)
  expect(take(clock, asking(long, long.slice(0, 64)))).toEqual({})
  expect(take(clock, asking(long))).toEqual({ request: long.slice(0, 64) })
})
