import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { agentManifest, integrationManifest } from './support/manifests.ts'
import { startWorld, withinMs, type World } from './support/world.ts'

const MINUTE = 60_000

let world: World

beforeEach(async () => {
  world = await startWorld()
  await world.addPerson('alice')
})

afterEach(() => world.stop())

const credentials = async () =>
  (await world.integration()).status?.conditions?.find(({ type }) => type === 'CredentialsValid')

const untilCredentials = (reason: string) =>
  world.until(`the credentials say ${reason}`, async () => {
    const condition = await credentials()
    return condition?.reason === reason && condition
  })

const clientSecret = (values: Record<string, string>) => world.objects.secret('google-oauth-client', values)

describe('an OAuth client', () => {
  test('is verified, and its status has everything but the secret', async () => {
    await world.objects.apply(integrationManifest())
    await untilCredentials('Proved')
    const { status } = await world.integration()
    expect(status).toMatchObject({ clientID: world.client.clientId, projectID: 'sandbox-project' })
    expect(status?.credentialsHash).toMatch(/^[0-9a-f]{16}$/)
    expect(status?.conditions?.map(({ type, status: holds }) => `${type}=${holds}`)).toEqual([
      'Ready=True',
      'CredentialsValid=True',
      'CalendarAPIEnabled=Unknown',
      'WithinQuota=True',
      'SiteAccepted=True',
    ])
  })

  test('may be id and secret alone, pasted with quotes and white space, which is reported', async () => {
    await world.objects.delete('Secret', 'google-oauth-client')
    const { clientId, clientSecret: secret } = world.client
    await clientSecret({ client_id: `  ${clientId}\n`, client_secret: `"${secret}"` })
    await world.objects.apply(integrationManifest({}, { clientSecretRef: { name: 'google-oauth-client' } }))
    const condition = await untilCredentials('Proved')
    expect(condition.message).toContain('white space around client_id')
    expect(condition.message).toContain('quotes around client_secret')
    await world.untilEvent('that says so', ({ note }) => note.includes('quotes around client_secret'))
  })

  test.each([
    ['a service account', JSON.stringify({ type: 'service_account', project_id: 'p' }), 'WrongClientType'],
    ['a desktop client', JSON.stringify({ installed: { client_id: 'a', client_secret: 'b' } }), 'WrongClientType'],
    ['half a file', '{"web":{"client_id":', 'ClientFileInvalid'],
    ['no file at all', '', 'ClientFileInvalid'],
  ])('that is %s is told apart, and the right one repairs it', async (_, text, reason) => {
    await clientSecret({ 'client_secret.json': text })
    await world.objects.apply(integrationManifest())
    await untilCredentials(reason)
    const { status } = await world.integration()
    expect(status?.conditions?.find(({ type }) => type === 'Stalled')?.status).toBe('True')
    await clientSecret({ 'client_secret.json': JSON.stringify(world.google.clientFile(world.client.clientId)) })
    await untilCredentials('Proved')
  })

  test.each([
    ['swapped', (id: string, secret: string) => ({ client_id: secret, client_secret: id })],
    ['another product’s', () => ({ client_id: 'their-own-id', client_secret: 'their-own-secret' })],
  ])('whose id and secret are %s is named by field, and nothing of it is shown or sent', async (_how, values) => {
    await world.objects.delete('Secret', 'google-oauth-client')
    for (const text of ['their-own-id', 'their-own-secret']) world.addSecret(text)
    const { clientId, clientSecret: secret } = world.client
    await clientSecret(values(clientId, secret))
    world.google.resetRequests()
    await world.objects.apply(integrationManifest({}, { clientSecretRef: { name: 'google-oauth-client' } }))
    const condition = await untilCredentials('ClientFileInvalid')
    expect(condition.message).toContain('client_id in Secret google-oauth-client')
    expect((await world.integration()).status?.clientID).toBeUndefined()
    expect(world.google.requests().byKind).toEqual({})
  })

  test('whose Secret is missing or lacks the key is waited for', async () => {
    await world.objects.delete('Secret', 'google-oauth-client')
    await world.objects.apply(integrationManifest())
    await untilCredentials('SecretNotFound')
    await clientSecret({ other: 'x' })
    await untilCredentials('SecretKeyMissing')
    const { status } = await world.integration()
    expect(status?.conditions?.find(({ type }) => type === 'Reconciling')?.status).toBe('True')
  })

  test('with a wrong secret is reported, its agents wait, and the repair is noticed at once', async () => {
    const file = world.google.clientFile(world.client.clientId) as { web: { client_secret: string } }
    const wrong = { web: { ...file.web, client_secret: 'GOCSPX-wrong' } }
    await clientSecret({ 'client_secret.json': JSON.stringify(wrong) })
    await world.objects.apply(integrationManifest())
    await world.objects.apply(agentManifest('alice'))
    await untilCredentials('InvalidClient')
    await world.untilReason('alice', 'IntegrationNotReady')
    await clientSecret({ 'client_secret.json': JSON.stringify(file) })
    await untilCredentials('Proved')
    await world.untilReady('alice')
  })

  test.each([
    ['deleted', 'ClientDeleted'],
    ['disabled', 'ClientDisabled'],
  ] as const)('that was %s at Google says so', async (state, reason) => {
    world.google.setClient({ client: world.client.clientId, state })
    await world.objects.apply(integrationManifest())
    await untilCredentials(reason)
  })

  test('with a rotated secret is verified again, and so is every grant of its agents', async () => {
    await world.objects.apply(integrationManifest())
    await world.objects.apply(agentManifest('alice'))
    await world.untilReady('alice')
    const { clientSecret: fresh } = world.google.addSecret({ client: world.client.clientId })
    world.addSecret(fresh)
    const file = world.google.clientFile(world.client.clientId) as { web: object }
    world.google.resetRequests()
    await clientSecret({ 'client_secret.json': JSON.stringify({ web: { ...file.web, client_secret: fresh } }) })
    await world.until('client and grant were proved again', () => {
      const { byKind } = world.google.requests()
      return (byKind['token.refresh'] ?? 0) >= 2
    })
    await world.untilReady('alice')
  })

  test('stays ready while Google is unreachable, and agents stay ready as long as their output is fresh', async () => {
    await world.objects.apply(integrationManifest())
    await world.objects.apply(agentManifest('alice'))
    await world.untilReady('alice')
    world.google.addFault({ fault: '503', kind: '*' })
    await world.clock.advance(10 * MINUTE)
    const agent = await world.until('the message tells of it', async () => {
      const found = await world.agent('alice')
      return found.status?.conditions?.[0]?.message.includes('good until') && found
    })
    expect(agent.status?.conditions?.[0]).toMatchObject({ type: 'Ready', status: 'True', reason: 'Ready' })
    await world.clock.advance(10 * MINUTE)
    const failed = await world.untilReason('alice', 'SyncFailed')
    expect(failed.status?.conditions?.find(({ type }) => type === 'Authorized')?.status).toBe('True')
    world.google.clearFaults()
    await world.untilReady('alice')
  })

  test('that cannot be verified because Google hangs has a first status within ten seconds', async () => {
    world.google.addFault({ fault: 'hang', kind: '*' })
    const before = world.clock.now()
    await world.objects.apply(integrationManifest())
    await world.objects.apply(agentManifest('alice'))
    await world.until('both have a status', async () => {
      const both = [(await world.integration()).status, (await world.agent('alice')).status]
      return both.every((status) => (status?.observedGeneration ?? -1) > 0)
    })
    expect(world.clock.now() - before).toBeLessThanOrEqual(withinMs(10_000))
    world.google.clearFaults()
    await world.untilReady('alice')
  })

  test('has a first status within ten seconds, however many others wait for Google', async () => {
    world.google.addFault({ fault: 'hang', kind: 'token.refresh' })
    const names = Array.from({ length: 12 }, (_, index) => `google-${index}`)
    const before = world.clock.now()
    for (const name of names) await world.objects.apply({ ...integrationManifest(), metadata: { name } })
    const hasStatus = async (name: string): Promise<boolean> => {
      const { status } = await world.integration(name)
      return status?.conditions?.[0]?.status === 'Unknown' && status.signIn?.mode !== undefined
    }
    await world.until('all have a status', async () => (await Promise.all(names.map(hasStatus))).every(Boolean))
    expect(world.clock.now() - before).toBeLessThanOrEqual(withinMs(10_000))
    world.google.clearFaults()
    await world.until('all are ready', async () => {
      const all = await Promise.all(names.map((name) => world.integration(name)))
      return all.every(({ status }) => status?.conditions?.[0]?.status === 'True')
    })
  })
})

describe('the Calendar API', () => {
  test('that is disabled is reported by the integration, checked by one request, and noticed once it is enabled', async () => {
    world.google.setProject({ calendarApi: false })
    await world.addPerson('bob')
    await world.objects.apply(integrationManifest())
    await world.objects.apply(agentManifest('alice'))
    await world.objects.apply(agentManifest('bob'))
    await world.until('the integration says so', async () => {
      const { status } = await world.integration()
      return status?.conditions?.[0]?.reason === 'APIDisabled'
    })
    await world.untilReason('alice', 'IntegrationNotReady')
    await world.untilReason('bob', 'IntegrationNotReady')
    world.google.resetRequests()
    await world.clock.advance(6 * MINUTE)
    const { byKind } = world.google.requests()
    const calls = Object.entries(byKind).filter(([kind]) => !kind.startsWith('token'))
    expect(calls.reduce((sum, [, count]) => sum + count, 0)).toBeLessThanOrEqual(1)
    world.google.setProject({ calendarApi: true })
    await world.untilReady('alice')
    await world.untilReady('bob')
    const { status } = await world.integration()
    expect(status?.conditions?.find(({ type }) => type === 'CalendarAPIEnabled')?.reason).toBe('Enabled')
  })
})

describe('an integration', () => {
  test('counts its agents', async () => {
    await world.addPerson('bob')
    await world.objects.apply(integrationManifest())
    for (const name of ['alice', 'bob', 'carol']) await world.objects.apply(agentManifest(name))
    const counted = await world.until('all three are counted', async () => {
      const agents = (await world.integration()).status?.agents
      return agents?.ready === 2 && agents
    })
    expect(counted).toEqual({ total: 3, ready: 2, awaitingSignIn: 0, expiringSoon: 0, failing: 0, summary: '2/3' })
    await world.objects.delete('Agent', 'carol')
    await world.until('the third is forgotten', async () => (await world.integration()).status?.agents?.total === 2)
  })

  test('that does not exist is waited for, and its deletion is noticed', async () => {
    await world.objects.apply(agentManifest('alice'))
    await world.untilReason('alice', 'IntegrationNotFound')
    await world.objects.apply(integrationManifest())
    await world.untilReady('alice')
  })

  test('that is suspended sends nothing to Google, nor do its agents, and everything continues when it is resumed', async () => {
    await world.objects.apply(integrationManifest())
    await world.objects.apply(agentManifest('alice'))
    await world.untilReady('alice')
    await world.objects.patch('CalendarIntegration', 'google', { spec: { suspend: true } })
    await world.until('it is seen', async () => {
      const { metadata, status } = await world.integration()
      return status?.observedGeneration === metadata.generation
    })
    world.google.resetRequests()
    await world.clock.advance(60 * MINUTE)
    expect(world.google.requests().total).toBe(0)
    expect((await world.agent('alice')).status?.conditions?.[0]?.reason).toBe('Ready')
    await world.objects.patch('CalendarIntegration', 'google', { spec: { suspend: false } })
    await world.until('it is read again', () => (world.google.requests().byKind['events.list'] ?? 0) > 0)
  })
})
