/** Google's token endpoint is unreachable and its Calendar API is not: each Agent continues with its current access token. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Agent, Condition } from '../../src/resources/types.ts'
import { agentManifest, integrationManifest } from './support/manifests.ts'
import { startWorld, type World } from './support/world.ts'

const MINUTE = 60_000

let world: World

beforeEach(async () => {
  world = await startWorld()
  for (const name of ['alice', 'carol']) await world.addPerson(name)
  await world.objects.apply(integrationManifest({ sync: { interval: '30s' } }))
  await world.objects.apply(agentManifest('alice'))
  await world.untilReady('alice')
})

afterEach(() => world.stop())

const condition = ({ status }: Agent, type: string): Condition | undefined =>
  status?.conditions?.find((one) => one.type === type)

const sent = (kind: string, account: string): number =>
  world.google.requests({ account: `${account}@example.com` }).byKind[kind] ?? 0

test('an agent continues to read as long as its access token is valid', async () => {
  await world.clock.advance(36 * MINUTE)
  world.google.addFault({ fault: '503', kind: 'token.refresh' })
  await world.clock.advance(8 * MINUTE)
  // Two thirds of the token's hour have passed, and it could not be renewed.
  expect(condition(await world.agent('alice'), 'Ready')?.message).toContain("Google can't be reached")
  world.google.resetRequests()
  await world.clock.advance(10 * MINUTE)
  expect(sent('events.list', 'alice')).toBeGreaterThanOrEqual(18)
  // About one attempt in an interval.
  expect(world.google.requests().byKind['token.refresh'] ?? 0).toBeLessThanOrEqual(32)
  expect(condition(await world.agent('alice'), 'Ready')).toMatchObject({ status: 'True', reason: 'Ready' })
  const { freshUntil } = await world.busy('alice')
  expect(Date.parse(freshUntil) - world.clock.now()).toBeGreaterThan(5 * MINUTE)
})

test('an agent without a token waits for its backoff, however often others are answered', async () => {
  for (let index = 0; index < 10; index++) {
    await world.addPerson(`agent-${index}`)
    await world.objects.apply(agentManifest(`agent-${index}`))
  }
  for (let index = 0; index < 10; index++) await world.untilReady(`agent-${index}`)
  world.google.addFault({ fault: '503', kind: 'token.refresh' })
  world.google.resetRequests()
  await world.objects.apply(agentManifest('carol'))
  await world.clock.advance(5 * MINUTE)
  expect(world.google.requests().byKind['events.list'] ?? 0).toBeGreaterThan(80)
  // Ten intervals, one wake-up, and the short pauses at the beginning.
  expect(world.google.requests().byKind['token.refresh'] ?? 0).toBeLessThanOrEqual(22)
})
