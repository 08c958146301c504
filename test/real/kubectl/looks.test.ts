/**
 * What people see with the real kubectl on a real API server, word by word: the files in golden/ are what they get. `vitest
 * --update` writes them anew; read them then as somebody would who has never seen them.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { agentManifest, integrationManifest } from '../../journeys/support/manifests.ts'
import { startWorld, type World } from '../../journeys/support/world.ts'
import { descriptionOf, tableOf, textOf } from './screen.ts'

const HOUR = 60 * 60_000
/** A terminal's width that nobody has to widen. */
const COLUMNS = 120

let world: World

const kubectl = async (...args: string[]): Promise<string> =>
  (await world.kubernetes?.kubectl(...args, '-n', world.namespace)) ?? ''
const golden = (name: string): string => `golden/${name}.txt`

/** People in every state that there is, and integrations in the most frequent ones. */
beforeAll(async () => {
  world = await startWorld()
  await world.addPerson('alice')
  await world.addPerson('bob', { consentAge: (5 * 24 + 20) * HOUR })
  const carols = await world.addPerson('carol')
  world.google.addAccount({ email: 'dora@example.com' })
  await world.addPerson('erin')
  await world.addPerson('frank', { scopes: ['openid'] })
  await world.addPerson('gina')
  await world.objects.secret('not-a-client', { 'client_secret.json': clientFile('GOCSPX-of-another-client') })
  await world.objects.apply(integrationManifest())
  await world.objects.apply(integration('mistyped', 'not-a-client'))
  await world.objects.apply(integration('unfinished', 'to-come'))
  for (const name of ['alice', 'bob', 'carol', 'frank', 'gina']) await world.objects.apply(agentManifest(name))
  await world.objects.apply(agentManifest('dora', { grantSecretRef: undefined }))
  await world.objects.apply(agentManifest('erin', { suspend: true }))
  await world.objects.apply(agentManifest('hugo', { integrationRef: { name: 'mistyped' } }))
  await allAre({
    alice: 'Ready',
    bob: 'Ready',
    carol: 'Ready',
    dora: 'AwaitingSignIn',
    erin: 'Suspended',
    frank: 'ScopeMissing',
    gina: 'Ready',
    hugo: 'IntegrationNotReady',
  })
  world.google.revoke({ refreshToken: carols })
  await lookAgain('carol')
  await world.untilReason('carol', 'GrantRevoked')
  await world.untilEvent('GrantRevoked', ({ reason }) => reason === 'GrantRevoked')
  world.google.addFault({ fault: '500', kind: 'events.list', account: 'gina@example.com' })
  await lookAgain('gina')
  await world.until('gina says since when', async () => {
    const { status } = await world.agent('gina')
    return status?.conditions?.find(({ type }) => type === 'Synced')?.message.includes('since')
  })
  await world.untilEvent('InvalidClient', ({ reason }) => reason === 'InvalidClient')
})
afterAll(() => world.stop())

const clientFile = (secret: string): string => {
  const file = world.google.clientFile(world.client.clientId) as { web: object }
  return JSON.stringify({ web: { ...file.web, client_secret: secret } })
}

const integration = (name: string, secret: string) => ({
  ...integrationManifest({}, { clientSecretRef: { name: secret, key: 'client_secret.json' } }),
  metadata: { name },
})

async function allAre(reasons: Record<string, string>): Promise<void> {
  for (const [name, reason] of Object.entries(reasons)) await world.untilReason(name, reason)
}

/** As the interval would, but now. */
async function lookAgain(name: string): Promise<void> {
  world.google.expireAccessTokens({ account: `${name}@example.com` })
  const annotations = { 'calendar-operator.io/requestedAt': 'now' }
  await world.objects.patch('Agent', name, { metadata: { annotations } })
}

describe('kubectl get', () => {
  it.each([
    ['agents', ['get', 'agents']],
    ['integrations', ['get', 'calendarintegrations']],
  ])('shows %s within a terminal’s width', async (name, args) => {
    const output = await kubectl(...args)
    for (const line of output.split('\n')) expect(line.length, line).toBeLessThanOrEqual(COLUMNS)
    await expect(tableOf(output)).toMatchFileSnapshot(golden(`get-${name}`))
  })

  it.each([
    ['agents', ['get', 'agents', '-o', 'wide']],
    ['integrations', ['get', 'calendarintegrations', '-o', 'wide']],
  ])('shows more of %s with -o wide', async (name, args) => {
    await expect(tableOf(await kubectl(...args))).toMatchFileSnapshot(golden(`get-${name}-wide`))
  })

  it('shows both kinds by their category', async () => {
    await expect(tableOf(await kubectl('get', 'calendar'))).toMatchFileSnapshot(golden('get-calendar'))
  })

  it('takes the short names', async () => {
    expect(await kubectl('get', 'calint', '-o', 'name')).toBe(
      await kubectl('get', 'calendarintegrations', '-o', 'name'),
    )
  })
})

describe('kubectl describe', () => {
  it.each(['alice', 'bob', 'carol', 'dora', 'gina'])('tells about %s', async (name) => {
    const output = descriptionOf(await kubectl('describe', 'agent', name))
    await expect(output).toMatchFileSnapshot(golden(`describe-${name}`))
  })

  it.each(['google', 'mistyped', 'unfinished'])('tells about the integration %s', async (name) => {
    const output = descriptionOf(await kubectl('describe', 'calendarintegration', name))
    await expect(output).toMatchFileSnapshot(golden(`describe-${name}`))
  })
})

describe('kubectl explain', () => {
  it.each([
    'agent',
    'agent.spec',
    'agent.spec.publish.calendar',
    'agent.status',
    'calendarintegration.spec.google',
    'calendarintegration.spec.sync',
    'calendarintegration.status',
  ])('%s', async (path) => {
    await expect(textOf(await kubectl('explain', path))).toMatchFileSnapshot(golden(`explain-${path}`))
  })

  it('has words for every field', async () => {
    for (const kind of ['agent', 'calendarintegration']) {
      const all = await kubectl('explain', kind, '--recursive')
      expect(all).not.toContain('<empty>')
      expect(await kubectl('explain', `${kind}.spec`)).not.toContain('<empty>')
    }
  })
})
