/** The operator as it ships is killed again and again during a burst of Bookings: none is lost, doubled or left over. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { killDuringBurst } from '../../../bench/kills/burst.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { Harness } from './support/harness.ts'

let harness: Harness

beforeAll(async () => {
  harness = await Harness.start()
})
afterAll(() => harness.stop())

test('a burst of Bookings ends with one event each, and none for those that are refused', async () => {
  const fixture = await harness.namespace('booking')
  const replica = await harness.replica('killed', { namespace: 'booking' })
  // The sandbox has more of them in the same time.
  const burst = { fixture, google: harness.google, replica, random: seededRandom(9), kills: 6 }
  expect(await killDuringBurst(burst)).toEqual([])
})
