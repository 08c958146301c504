/** A tenant who writes integrations can neither read other tenants' Secrets, nor use up their clients' limits, nor take their sites. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { agentManifest, integrationManifest } from '../../journeys/support/manifests.ts'
import { startWorld, type World } from '../../journeys/support/world.ts'
import { conditionOf, tenantOf, type Tenant } from './support/tenant.ts'

let world: World
let mallory: Tenant
let elsewhere: string

beforeEach(async () => {
  world = await startWorld({ start: false })
  elsewhere = await world.addNamespace('elsewhere')
  await world.startOperator()
  await world.addPerson('alice')
  await world.objects.apply(integrationManifest({ sync: { interval: '10s' } }))
  await world.objects.apply(agentManifest('alice'))
  await world.untilReady('alice')
  mallory = await tenantOf(world, elsewhere)
})

afterEach(async () => {
  await mallory.close()
  await world.stop()
})

const untilReason = (name: string, reason: string) =>
  world.until(`${name} says ${reason}`, async () => {
    const object = await world.objects.get('CalendarIntegration', name, elsewhere)
    return conditionOf(object, 'Ready')?.reason === reason && object
  })

/** It has its own site, so that only the Secret is wrong. */
const ownIntegration = (secret: { name: string; key?: string }) =>
  integrationManifest({}, { clientSecretRef: secret, siteURI: 'https://elsewhere.example.org' })

describe('an integration that points at a Secret of another product', () => {
  const FOREIGN = 'hunter2-of-another-product'

  test.each<[string, Record<string, string>, string | undefined]>([
    ['its id is no client id', { client_id: FOREIGN, client_secret: 'x' }, undefined],
    [
      'id and secret are swapped',
      { client_id: 'GOCSPX-of-somebody', client_secret: '1-a.apps.googleusercontent.com' },
      undefined,
    ],
    ['the key holds something else', { password: FOREIGN }, 'password'],
  ])('shows nothing of it, and sends nothing of it: %s', async (_what, values, key) => {
    world.addSecret(FOREIGN)
    world.addSecret('GOCSPX-of-somebody')
    await world.objects.secret('database', values, elsewhere)
    world.google.resetRequests()
    await mallory.objects.apply(ownIntegration({ name: 'database', ...(key === undefined ? {} : { key }) }))
    const found = await untilReason('google', 'ClientFileInvalid')
    expect(JSON.stringify(found.status)).not.toMatch(/hunter2|GOCSPX/)
    const clients = world.google.requests().log.map(({ client }) => client ?? '')
    expect(clients.filter((client) => /hunter2|GOCSPX/.test(client))).toEqual([])
  })
})

describe('an integration with another tenant’s client id and a wrong secret', () => {
  test('that Google limits delays nobody of that client', async () => {
    const file = world.google.clientFile(world.client.clientId) as { web: Record<string, unknown> }
    const wrong = JSON.stringify({ web: { ...file.web, client_secret: 'GOCSPX-wrong' } })
    await world.objects.secret('stolen', { 'client_secret.json': wrong }, elsewhere)
    world.google.addFault({ fault: '429', kind: 'token.refresh', retryAfter: 3600 })
    await mallory.objects.apply(ownIntegration({ name: 'stolen' }))
    await world.until('Google limits it', () => world.google.faults().some(({ struck }) => struck > 0))
    world.google.clearFaults()
    const before = world.google.requests().byKind['events.list'] ?? 0
    await world.clock.advance(25_000)
    await world.until('alice is read on', () => (world.google.requests().byKind['events.list'] ?? 0) >= before + 2)
    expect(conditionOf(await world.objects.get('CalendarIntegration', 'google'), 'WithinQuota')?.status).not.toBe(
      'False',
    )
    // Nor is the token endpoint blocked for the right secret when a grant is renewed.
    world.google.expireAccessTokens({ account: 'alice@example.com' })
    await world.until(
      'her token is renewed',
      () =>
        (world.google.requests({ kind: 'token.refresh', account: 'alice@example.com' }).log.at(-1)?.status ?? 0) ===
        200,
    )
  })
})

describe('an integration that claims another namespace’s site', () => {
  test('gets no pages there, and the owner keeps its site', async () => {
    await world.objects.secret(
      'google-oauth-client',
      { 'client_secret.json': JSON.stringify(world.google.clientFile(world.client.clientId)) },
      elsewhere,
    )
    await mallory.objects.apply(integrationManifest())
    const found = await untilReason('google', 'SiteConflict')
    expect(conditionOf(found, 'SiteAccepted')).toMatchObject({ status: 'False', reason: 'SiteConflict' })
    await mallory.objects.apply(agentManifest('victim', { grantSecretRef: undefined }))
    const victim = await world.until('its Agent waits', async () => {
      const agent = await world.objects.get('Agent', 'victim', elsewhere)
      return conditionOf(agent, 'Ready')?.reason === 'IntegrationNotReady' && agent
    })
    expect(JSON.stringify(victim.status)).not.toContain('https://booking.example.com/google-calendar/sign-in')
    expect(conditionOf(await world.objects.get('CalendarIntegration', 'google'), 'SiteAccepted')?.status).toBe('True')
    await world.untilReady('alice')
  })
})
