/** Another tenant's client id with a wrong secret: Google's limits on it apply to nobody else. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { CalendarIntegration } from '../../src/resources/types.ts'
import { agentManifest, integrationManifest } from './support/manifests.ts'
import { startWorld, type World } from './support/world.ts'

const MINUTE = 60_000

let world: World
let rival: string

beforeEach(async () => {
  world = await startWorld({ start: false })
  rival = await world.addNamespace('rival')
  await world.startOperator()
  await world.addPerson('alice')
  await world.objects.apply(integrationManifest())
  await world.objects.apply(agentManifest('alice'))
  await world.untilReady('alice')
})

afterEach(() => world.stop())

async function claim(secret: string): Promise<void> {
  const file = { web: { client_id: world.client.clientId, client_secret: secret } }
  await world.objects.secret('google-oauth-client', { 'client_secret.json': JSON.stringify(file) }, rival)
  const manifest = integrationManifest({}, { siteURI: 'https://rival.example.com' })
  await world.objects.apply({ ...manifest, metadata: { name: 'google', namespace: rival } })
}

const quotaIn = async (namespace: string): Promise<string | undefined> => {
  const { status } = (await world.objects.get(
    'CalendarIntegration',
    'google',
    namespace,
  )) as unknown as CalendarIntegration
  return status?.conditions?.find(({ type }) => type === 'WithinQuota')?.reason
}

test('a 429 for a wrong secret pauses only its own integration: tokens are renewed, calendars are read', async () => {
  world.google.addFault({ fault: '429', kind: 'token.refresh', times: 1, retryAfter: 3_000 })
  await claim('GOCSPX-guessed')
  await world.until('the rival is limited', async () => (await quotaIn(rival)) === 'RateLimited')
  expect(await quotaIn(world.namespace)).toBe('WithinQuota')
  const before = world.google.requests().byKind['events.list'] ?? 0
  // A token is renewed within the time of the pause.
  for (let minutes = 0; minutes < 45; minutes += 5) {
    await world.clock.advance(5 * MINUTE)
    expect(await quotaIn(world.namespace)).toBe('WithinQuota')
  }
  expect((world.google.requests().byKind['events.list'] ?? 0) - before).toBeGreaterThanOrEqual(8)
  await world.untilReady('alice')
})

test('a hundred changes of a wrong secret cost Google few requests', async () => {
  world.google.resetRequests()
  for (let turn = 0; turn < 100; turn++) {
    await claim(`GOCSPX-guess-${turn}`)
    await world.clock.advance(300)
  }
  expect(world.google.requests().byKind['token.refresh'] ?? 0).toBeLessThanOrEqual(8)
  await claim(world.client.clientSecret)
  await world.until('the right one is proved', async () => {
    const found = (await world.objects.get('CalendarIntegration', 'google', rival)) as unknown as CalendarIntegration
    return found.status?.conditions?.some(({ reason }) => reason === 'Proved')
  })
})
