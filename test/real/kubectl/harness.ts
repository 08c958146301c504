/** The objects of the golden files: people in every state that exists, and integrations in the most frequent ones. */
import { BookingsWorld } from '../../journeys/support/bookings.ts'
import { agentManifest, integrationManifest } from '../../journeys/support/manifests.ts'
import { SCOPE, startWorld, type World } from '../../journeys/support/world.ts'

const HOUR = 60 * 60_000
const SUPPLIED = ['alice', 'bob', 'carol', 'frank', 'gina']

/** Waits for everything that the golden files show, including Events and counts, which are written after the status. */
export async function startHarness(): Promise<World> {
  const world = await startWorld()
  await seed(world)
  await settled(world, {
    alice: 'Ready',
    bob: 'Ready',
    carol: 'Ready',
    dora: 'AwaitingSignIn',
    erin: 'Suspended',
    frank: 'ScopeMissing',
    gina: 'Ready',
    hugo: 'IntegrationNotReady',
    kate: 'Ready',
  })
  await book(world)
  await revokeCarols(world)
  await breakGinas(world)
  await waver(world)
  await limit(world)
  await world.untilEvent('InvalidClient', ({ reason }) => reason === 'InvalidClient')
  await world.until('hugo is counted', async () => (await world.integration('mistyped')).status?.agents?.total === 1)
  await world.until('all are counted', async () => {
    const { status } = await world.integration()
    return status?.agents?.summary === '4/8' && status.agents.failing === 2
  })
  return world
}

async function seed(world: World): Promise<void> {
  const { google, objects } = world
  for (const name of ['alice', 'carol', 'erin', 'gina', 'kate']) await world.addPerson(name)
  await world.addPerson('bob', { consentAge: (5 * 24 + 20) * HOUR })
  await world.addPerson('frank', { scopes: ['openid'] })
  google.addAccount({ email: 'dora@example.com' })
  await objects.secret('not-a-client', { 'client_secret.json': clientFile(world, 'GOCSPX-of-another-client') })
  await objects.apply(integrationManifest())
  await objects.apply(integration('mistyped', 'not-a-client'))
  await objects.apply(integration('unfinished', 'to-come'))
  for (const name of SUPPLIED) await objects.apply(agentManifest(name))
  await objects.apply(agentManifest('dora', { grantSecretRef: undefined }))
  await objects.apply(agentManifest('erin', { suspend: true }))
  await objects.apply(agentManifest('kate', { calendars: { read: ['primary'], write: 'primary' } }))
  await objects.apply(agentManifest('hugo', { integrationRef: { name: 'mistyped' } }))
}

/** Two that want one slot of Kate's, and one of a person who writes nowhere. */
async function book(world: World): Promise<void> {
  const site = new BookingsWorld(world)
  const [date] = world.inHours(30 * 24).split('T')
  const times = { start: `${date}T14:00:00Z`, end: `${date}T15:00:00Z` }
  const of = (name: string): Record<string, unknown> => ({ agentRef: { name }, ...times })
  await site.book('viewing', of('kate'))
  await site.untilReason('viewing', 'Ready')
  await site.book('second-viewing', of('kate'))
  await site.untilReason('second-viewing', 'SlotTaken')
  await site.book('tasting', of('alice'))
  await site.untilReason('tasting', 'NoWriteCalendar')
  await world.untilEvent('of the second one', ({ reason }) => reason === 'SlotTaken')
}

async function settled(world: World, reasons: Record<string, string>): Promise<void> {
  for (const [name, reason] of Object.entries(reasons)) await world.untilReason(name, reason)
}

async function revokeCarols(world: World): Promise<void> {
  const { refresh_token: refreshToken = '' } = await world.objects.secretText('carol-grant')
  world.google.revoke({ refreshToken })
  await lookAgain(world, 'carol')
  await world.untilReason('carol', 'GrantRevoked')
  await world.untilEvent('GrantRevoked', ({ reason }) => reason === 'GrantRevoked')
}

async function breakGinas(world: World): Promise<void> {
  world.google.addFault({ fault: '500', kind: 'events.list', account: 'gina@example.com' })
  await lookAgain(world, 'gina')
  await world.until('gina says since when', async () => {
    const { status } = await world.agent('gina')
    return status?.conditions?.find(({ type }) => type === 'Synced')?.message.includes('since')
  })
}

/** An integration whose Secret appears, is useless, and disappears again: the same failure twice is one Event with a count. */
async function waver(world: World): Promise<void> {
  await world.objects.apply(integration('wavering', 'now-and-then'))
  await untilSays(world, 'wavering', 'SecretNotFound')
  await world.objects.secret('now-and-then', { 'client_secret.json': '{"type": "service_account"}' })
  await untilSays(world, 'wavering', 'WrongClientType')
  await world.objects.delete('Secret', 'now-and-then')
  await untilSays(world, 'wavering', 'SecretNotFound')
  await world.untilEvent('that counts', ({ note, series }) => note.includes('now-and-then') && series?.count === 2)
}

/** It has its own client, because Google limits a client with all of its agents. */
async function limit(world: World): Promise<void> {
  const { google, objects } = world
  const { clientId: client, clientSecret } = google.addClient({})
  const account = 'ivan@example.com'
  google.addAccount({ email: account })
  const { refreshToken } = google.grant({ client, account, scopes: [SCOPE] })
  for (const secret of [clientSecret, refreshToken]) world.addSecret(secret)
  google.addFault({ fault: '429', kind: 'events.list', account })
  await objects.secret('busy-client', { 'client_secret.json': JSON.stringify(google.clientFile(client)) })
  await objects.secret('ivan-grant', { refresh_token: refreshToken })
  await objects.apply(integration('limited', 'busy-client'))
  await objects.apply(agentManifest('ivan', { integrationRef: { name: 'limited' } }))
  await world.untilReason('ivan', 'RateLimited')
  await world.until('the integration says so', async () => {
    const { status } = await world.integration('limited')
    const quota = status?.conditions?.find(({ type }) => type === 'WithinQuota')
    return quota?.reason === 'RateLimited' && status?.agents?.total === 1
  })
  await world.untilEvent('of the client', ({ reason, note }) => reason === 'RateLimited' && note.includes('client'))
}

async function untilSays(world: World, name: string, expected: string): Promise<void> {
  await world.until(`${name} says ${expected}`, async () => {
    const { status } = await world.integration(name)
    return status?.conditions?.find(({ type }) => type === 'Ready')?.reason === expected
  })
}

/** Reads all calendars now, as the interval would. */
async function lookAgain(world: World, name: string): Promise<void> {
  world.google.expireAccessTokens({ account: `${name}@example.com` })
  const annotations = { 'calendar-operator.io/requestedAt': 'now' }
  await world.objects.patch('Agent', name, { metadata: { annotations } })
}

function clientFile(world: World, secret: string): string {
  const file = world.google.clientFile(world.client.clientId) as { web: object }
  return JSON.stringify({ web: { ...file.web, client_secret: secret } })
}

const integration = (name: string, secret: string) => ({
  ...integrationManifest({}, { clientSecretRef: { name: secret, key: 'client_secret.json' } }),
  metadata: { name },
})
