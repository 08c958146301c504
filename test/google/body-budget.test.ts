/** The slots of large answers, where the order of events at a connection would depend on the version of Node. */
import { expect, test } from 'vitest'
import { BodyBudget, MAX_BYTES } from '../../src/google/body-budget.ts'
import { ManualClock } from '../support/clock.ts'

const ALICE = { client: 'a', account: 'alice' }

test('an answer whose connection failed while it waited for a slot gives the slot back', async () => {
  const clock = new ManualClock()
  const budget = new BodyBudget(clock)
  const [first, failed, next] = [budget.lease(ALICE), budget.lease(ALICE), budget.lease(ALICE)]
  await first.grow()
  const growing = failed.grow()
  failed.release()
  first.release()
  await expect(growing).rejects.toMatchObject({ failure: 'Unknown' })
  await next.grow()
  expect(next.bytes).toBe(MAX_BYTES)
  expect(clock.pending).toEqual([])
})
