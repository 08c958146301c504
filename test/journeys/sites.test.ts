/** Two namespaces with one site: which of them owns it, and what the other one loses. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Agent, CalendarIntegration, Condition } from '../../src/resources/types.ts'
import { agentManifest, integrationManifest } from './support/manifests.ts'
import { startWorld, type World } from './support/world.ts'

const HOST = 'booking.example.com'

let world: World
let rival: string

beforeEach(async () => {
  world = await startWorld({ start: false })
  rival = await world.addNamespace('rival')
  const file = await world.objects.secretText('google-oauth-client')
  await world.objects.secret('google-oauth-client', file, rival)
})

afterEach(() => world.stop())

type Google = Record<string, unknown>

async function integrate(namespace = world.namespace, google: Google = {}, spec: Google = {}): Promise<void> {
  const manifest = integrationManifest(spec, google)
  await world.objects.apply({ ...manifest, metadata: { name: 'google', namespace } })
}

const found = async (namespace: string): Promise<CalendarIntegration> =>
  (await world.objects.get('CalendarIntegration', 'google', namespace)) as unknown as CalendarIntegration

const conditionsIn = async (namespace: string): Promise<Condition[]> =>
  (await found(namespace)).status?.conditions ?? []

function untilSite(reason: string, namespace = world.namespace): Promise<Condition> {
  return world.until(`the site says ${reason} in ${namespace}`, async () => {
    const condition = (await conditionsIn(namespace)).find(({ type }) => type === 'SiteAccepted')
    return condition?.reason === reason && condition
  })
}

const untilReady = (reason: string, namespace: string): Promise<unknown> =>
  world.until(`the integration says ${reason} in ${namespace}`, async () => {
    return (await conditionsIn(namespace)).find(({ type }) => type === 'Ready')?.reason === reason
  })

const people = (name: string, namespace: string, spec: Google = {}): Promise<unknown> => {
  const manifest = agentManifest(name, spec)
  return world.objects.apply({ ...manifest, metadata: { name, namespace } })
}

const agentIn = async (namespace: string, name: string): Promise<Agent> =>
  (await world.objects.get('Agent', name, namespace)) as unknown as Agent

const untilAgent = (name: string, namespace: string, reason: string): Promise<Agent> =>
  world.until(`${name} in ${namespace} says ${reason}`, async () => {
    const agent = await agentIn(namespace, name)
    return agent.status?.conditions?.find(({ type }) => type === 'Ready')?.reason === reason && agent
  })

describe('a host', () => {
  test('belongs to the namespace that was accepted first; another one reports the conflict at once, on any port', async () => {
    await world.startOperator()
    await integrate()
    expect(await untilSite('Accepted')).toMatchObject({ status: 'True' })
    await untilReady('Ready', world.namespace)
    await integrate(rival, { siteURI: `https://${HOST}:8443` })
    const refused = await untilSite('SiteConflict', rival)
    expect(refused).toMatchObject({ status: 'False' })
    expect(refused.message).toContain(`spec.google.siteURI names ${HOST}`)
    expect(refused.message).toContain('--sites')
    await untilReady('SiteConflict', rival)
    const types = (await conditionsIn(rival)).map(({ type, status }) => `${type}=${status}`)
    expect(types).toEqual(expect.arrayContaining(['CredentialsValid=True', 'Stalled=True']))
    await untilReady('Ready', world.namespace)
  })

  test('is shared by the integrations of its namespace, and passes on when the last of them is deleted', async () => {
    await world.startOperator()
    await integrate()
    await untilSite('Accepted')
    await integrate(rival)
    await untilSite('SiteConflict', rival)
    const second = { ...integrationManifest(), metadata: { name: 'second', namespace: world.namespace } }
    await world.objects.apply(second)
    // Both at once, as GitOps renames an object.
    await world.objects.delete('CalendarIntegration', 'google')
    await world.until('the second one has the site', async () => {
      const { status } = await world.integration('second')
      return status?.conditions?.some(({ reason }) => reason === 'Accepted')
    })
    await untilSite('SiteConflict', rival)
    await world.objects.delete('CalendarIntegration', 'second')
    await untilSite('Accepted', rival)
    await untilReady('Ready', rival)
  })

  test('stays with its namespace when its credentials fail, even after a restart', async () => {
    await world.startOperator()
    await integrate()
    await untilSite('Accepted')
    await integrate(rival)
    await untilSite('SiteConflict', rival)
    await world.objects.delete('Secret', 'google-oauth-client')
    await untilReady('SecretNotFound', world.namespace)
    await world.restartOperator()
    await world.clock.advance(60_000)
    expect((await untilSite('Accepted')).status).toBe('True')
    expect((await untilSite('SiteConflict', rival)).status).toBe('False')
  })

  test('goes to the older of two integrations at the start, whichever Google answers first', async () => {
    await integrate()
    await world.clock.advance(2_000)
    await integrate(rival)
    await world.startOperator()
    await untilSite('Accepted')
    await untilSite('SiteConflict', rival)
  })

  test('goes to the younger one if Google refuses the older one, and stays there', async () => {
    await world.startOperator()
    const wrong = { web: { client_id: world.client.clientId, client_secret: 'GOCSPX-wrong' } }
    await world.objects.secret('wrong', { 'client_secret.json': JSON.stringify(wrong) })
    await integrate(world.namespace, { clientSecretRef: { name: 'wrong', key: 'client_secret.json' } })
    await untilReady('InvalidClient', world.namespace)
    await untilSite('NotYetKnown')
    await integrate(rival)
    await untilSite('Accepted', rival)
    await integrate(world.namespace, { clientSecretRef: { name: 'google-oauth-client', key: 'client_secret.json' } })
    await untilSite('SiteConflict')
    await untilSite('Accepted', rival)
  })

  test('is given up with a change of siteURI', async () => {
    await world.startOperator()
    await integrate()
    await untilSite('Accepted')
    await integrate(rival)
    await untilSite('SiteConflict', rival)
    await integrate(world.namespace, { siteURI: 'https://elsewhere.example.com' })
    await untilSite('Accepted', rival)
    await untilSite('Accepted')
  })

  test('belongs to the namespaces that --sites lists with it, and to no other, at once', async () => {
    await world.startOperator({ sites: `${HOST}=${rival},${HOST}=nobody` })
    await integrate()
    expect((await untilSite('SiteConflict')).message).toContain('--sites gives to other namespaces')
    await integrate(rival)
    await untilSite('Accepted', rival)
    await untilReady('Ready', rival)
  })

  test('passes on when --sites says so, from the next start on', async () => {
    await world.startOperator()
    await integrate()
    await untilSite('Accepted')
    await integrate(rival)
    await untilSite('SiteConflict', rival)
    await world.stopOperator()
    await world.startOperator({ sites: `${HOST}=${rival}` })
    await untilSite('Accepted', rival)
    await untilSite('SiteConflict')
  })
})

describe('an integration whose site belongs to another namespace', () => {
  const supplied = async (namespace: string): Promise<void> => {
    await world.objects.secret('alice-grant', { refresh_token: await world.addPerson('alice') }, namespace)
  }

  test('reads Agents that have a grant, or are supplied one later; one without is not ready, and has no link', async () => {
    await world.startOperator()
    await integrate()
    await untilSite('Accepted')
    await integrate(rival)
    await untilSite('SiteConflict', rival)
    await supplied(rival)
    await people('alice', rival)
    await untilAgent('alice', rival, 'Ready')
    await people('bob', rival, { grantSecretRef: undefined })
    const bob = await untilAgent('bob', rival, 'IntegrationNotReady')
    expect(bob.status?.authorization?.url).toBeUndefined()
    expect(JSON.stringify(bob.status)).toContain('claimed first')
    expect(JSON.stringify(bob.status)).not.toContain('/google-calendar/sign-in/')
    await world.objects.secret('bob-grant', { refresh_token: await world.addPerson('bob') }, rival)
    await people('bob', rival, { grantSecretRef: { name: 'bob-grant' } })
    await untilAgent('bob', rival, 'Ready')
  })

  test('keeps its Agents ready and reads them at every interval when it loses the site', async () => {
    await integrate()
    await supplied(world.namespace)
    await people('alice', world.namespace)
    await people('bob', world.namespace, { grantSecretRef: undefined })
    await world.startOperator()
    const bob = await untilAgent('bob', world.namespace, 'AwaitingSignIn')
    expect(bob.status?.authorization?.url).toContain(HOST)
    await untilAgent('alice', world.namespace, 'Ready')
    await world.stopOperator()
    await world.startOperator({ sites: `${HOST}=${rival}` })
    await untilSite('SiteConflict')
    const barred = await untilAgent('bob', world.namespace, 'IntegrationNotReady')
    expect(JSON.stringify(barred.status)).not.toContain('/google-calendar/sign-in/')
    const before = world.google.requests().byKind['events.list'] ?? 0
    for (let minutes = 0; minutes < 30; minutes += 5) await world.clock.advance(5 * 60_000)
    expect(world.google.requests().byKind['events.list'] ?? 0).toBeGreaterThan(before + 3)
    await untilAgent('alice', world.namespace, 'Ready')
  })

  test('has its links again as soon as it owns the site', async () => {
    await world.startOperator()
    await integrate()
    await untilSite('Accepted')
    await integrate(rival)
    await people('bob', rival, { grantSecretRef: undefined })
    await untilAgent('bob', rival, 'IntegrationNotReady')
    await world.objects.delete('CalendarIntegration', 'google')
    const bob = await untilAgent('bob', rival, 'AwaitingSignIn')
    expect(bob.status?.authorization?.url).toContain(HOST)
  })
})

test('an integration says what to register at Google before its client exists, without a mode', async () => {
  await world.startOperator()
  await integrate(world.namespace, { clientSecretRef: { name: 'not-there' } })
  await untilReady('SecretNotFound', world.namespace)
  const redirectURI = `https://${HOST}/google-calendar/callback`
  expect((await found(world.namespace)).status?.signIn).toEqual({ redirectURI, javascriptOrigin: `https://${HOST}` })
})
