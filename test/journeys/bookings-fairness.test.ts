/** What one Agent's Bookings cost the Bookings of another Agent of the same namespace. Each title is a sentence of the contract. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { integrationManifest } from './support/manifests.ts'
import { ALICE, BookingsWorld } from './support/bookings.ts'
import { startWorld, withinMs } from './support/world.ts'

const HOUR = 3_600_000
let world: BookingsWorld

beforeEach(async () => {
  world = new BookingsWorld(await startWorld({ start: false }))
  await world.world.objects.apply(integrationManifest())
  await world.world.startOperator({ workers: '2' })
  for (const name of ['alice', 'bob']) await world.addAgent(name)
  world.fixNow()
})

afterEach(() => world.stop())

test('Bookings of one Agent that Google answers slowly do not delay one of another Agent of the namespace', async () => {
  const names = ['a', 'b', 'c', 'd']
  for (const [n, name] of names.entries()) await world.book(name, world.times(30 + n, 31 + n))
  for (const name of names) await world.untilReason(name, 'Ready')
  world.google.resetRequests()
  world.google.addFault({ fault: 'slow', ms: HOUR, kind: 'events.delete', account: ALICE })
  for (const name of names) void world.delete(name)
  await world.until('it waits for Google', () => world.requests('events.delete') > 0)
  const before = world.world.clock.now()
  await world.book('honest', { agentRef: { name: 'bob' } })
  await world.untilReason('honest', 'Ready')
  expect(world.world.clock.now() - before).toBeLessThan(withinMs(5_000))
})
