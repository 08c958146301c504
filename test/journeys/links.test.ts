/**
 * The sign-in link in an Agent's status: it exists as long as a person has to act, people and programs can find it, and a new
 * grant is used at once. Other journeys are about the pages behind it.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Agent } from '../../src/resources/types.ts'
import { agentManifest, integrationManifest } from './support/manifests.ts'
import { isNamespaced, isReal, SCOPE, startWorld, withinMs, type World } from './support/world.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const SITE = 'https://booking.example.com'

let world: World

beforeEach(async () => {
  world = await startWorld()
  world.google.addAccount({ email: 'alice@example.com', timeZone: 'Europe/Paris' })
})

afterEach(() => world.stop())

/** The link in an Agent's status. @throws Error if there is none. */
function linkOf({ status }: Agent, site = SITE): string {
  const url = status?.authorization?.url ?? 'no link'
  if (!/^[\w-]{43}$/.test(url.replace(`${site}/google-calendar/sign-in/`, '')))
    throw new Error(`${url} is not at ${site}`)
  return url
}

const isAt = ({ status }: Agent, site: string): boolean => status?.authorization?.url?.startsWith(`${site}/`) === true

const condition = ({ status }: Agent, type: string) => status?.conditions?.find((one) => one.type === type)

async function apply(spec: Record<string, unknown> = {}, google: object = {}): Promise<void> {
  await world.objects.apply(integrationManifest({}, google))
  await world.objects.apply(agentManifest('alice', { grantSecretRef: undefined, ...spec }))
}

interface EventOf {
  reason: string
}

interface Given {
  account?: string
  scopes?: string[]
  clientId?: string
  /** How long the grant lasts, in ms from now. */
  endsIn?: number
}

/** Plays a sign-in: Google gives a grant, and the page stores it. Returns the refresh token. */
async function signIn(given: Given = {}): Promise<string> {
  const { account = 'alice@example.com', scopes = [SCOPE], clientId: client = world.client.clientId } = given
  if (account !== 'alice@example.com') world.google.addAccount({ email: account })
  const { refreshToken } = world.google.grant({ client, account, scopes })
  world.addSecret(refreshToken)
  const now = world.clock.now()
  const values = {
    refresh_token: refreshToken,
    scope: scopes.join(' '),
    account,
    client_id: client,
    granted_at: new Date(now).toISOString(),
    ...(given.endsIn === undefined ? {} : { grant_expires_at: new Date(now + given.endsIn).toISOString() }),
  }
  const data: Record<string, string | null> = { access_token: null, expires_at: null }
  for (const [key, value] of Object.entries(values)) data[key] = Buffer.from(value).toString('base64')
  const labels = { 'app.kubernetes.io/managed-by': 'calendar-operator', 'app.kubernetes.io/component': 'grant' }
  const annotations = { 'calendar-operator.io/agent': 'alice' }
  await world.objects.apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'alice-google-grant', labels, annotations },
    data,
  } as never)
  return refreshToken
}

const untilReadyWithout = async (what: string): Promise<Agent> =>
  world.until(`alice is ready, with no ${what}`, async () => {
    const agent = await world.agent('alice')
    return condition(agent, 'Ready')?.reason === 'Ready' && !agent.status?.authorization?.url && agent
  })

/** Checks that `status`, its message, the wide columns and an Event have the link. */
async function expectLink(reason: string): Promise<void> {
  const agent = await world.untilReason('alice', reason)
  const link = linkOf(agent)
  expect(condition(agent, 'Authorized')).toMatchObject({ reason, status: 'False' })
  expect(condition(agent, 'Authorized')?.message).toContain(`open ${link} and sign in`)
  expect((await world.objects.columns('Agent', 'alice')).Message).toContain(link)
  await world.untilEvent(`of ${reason} with the link`, (event) => event.reason === reason && event.note.includes(link))
}

describe('an agent that nobody has signed in for', () => {
  test('shows the link, until somebody has signed in', async () => {
    await apply()
    await expectLink('AwaitingSignIn')
    expect(await world.objects.columns('Agent', 'alice')).toMatchObject({ Ready: 'False', Reason: 'AwaitingSignIn' })
    await signIn()
    await untilReadyWithout('link')
  })

  test('is connected at once after a sign-in, however long it would have waited', async () => {
    await apply()
    await world.untilReason('alice', 'AwaitingSignIn')
    world.clock.jump(40 * MINUTE)
    const before = world.clock.now()
    await signIn()
    await world.untilReady('alice')
    expect(world.clock.now() - before).toBeLessThan(withinMs(10_000))
  })

  test('shows no link but what to do instead, if no pages are served', async () => {
    await world.stopOperator()
    await world.startOperator({ 'web-bind-address': '0' })
    await apply()
    const agent = await world.untilReason('alice', 'AwaitingSignIn')
    expect(agent.status?.authorization).toBeUndefined()
    expect(condition(agent, 'Authorized')?.message).toContain('spec.grantSecretRef')
  })

  // An operator with named namespaces does not watch its own namespace.
  test.skipIf(isNamespaced)('shows its link as soon as the keys exist', async () => {
    await world.stopOperator()
    await world.objects.delete('Secret', 'calendar-operator-keys', world.leaseNamespace)
    await world.objects.secret('calendar-operator-keys', { current: 'of somebody else' }, world.leaseNamespace)
    await world.startOperator()
    await apply()
    const before = await world.untilReason('alice', 'AwaitingSignIn')
    expect(before.status?.authorization?.url).toBeUndefined()
    await world.clock.advance(MINUTE)
    await world.objects.delete('Secret', 'calendar-operator-keys', world.leaseNamespace)
    const deletedAt = world.clock.now()
    await world.until('there is a link', async () => isAt(await world.agent('alice'), SITE))
    expect(world.clock.now() - deletedAt).toBeLessThan(withinMs(10_000))
  })

  test('shows the Secret instead of a link if its grant is supplied', async () => {
    await apply()
    await world.untilReason('alice', 'AwaitingSignIn')
    await world.objects.patch('Agent', 'alice', { spec: { grantSecretRef: { name: 'alice-grant' } } })
    const agent = await world.untilReason('alice', 'GrantSecretNotFound')
    expect(agent.status?.authorization).toBeUndefined()
    const { clientId: client } = world.client
    const { refreshToken } = world.google.grant({ client, account: 'alice@example.com', scopes: [SCOPE] })
    world.addSecret(refreshToken)
    await world.objects.secret('alice-grant', { refresh_token: refreshToken })
    await world.untilReady('alice')
    world.google.revoke({ refreshToken })
    const dead = await world.untilReason('alice', 'GrantRevoked')
    expect(dead.status?.authorization?.url).toBeUndefined()
    expect(condition(dead, 'Authorized')?.message).toContain('put the new refresh token into Secret alice-grant')
    await world.objects.patch('Agent', 'alice', { spec: { grantSecretRef: null } })
    await world.until('there is a link', async () => {
      const now = await world.agent('alice')
      return isAt(now, SITE) && condition(now, 'Authorized')?.message.includes(linkOf(now))
    })
  })

  test('has its link at the site of its integration, also after the site changes', async () => {
    await apply()
    await world.untilReason('alice', 'AwaitingSignIn')
    await world.objects.patch('CalendarIntegration', 'google', {
      spec: { google: { siteURI: 'https://other.example.com' } },
    })
    await world.until('the link has moved', async () => {
      const agent = await world.agent('alice')
      const moved = isAt(agent, 'https://other.example.com')
      return moved && condition(agent, 'Ready')?.message.includes(linkOf(agent, 'https://other.example.com'))
    })
  })

  test('has its link at the current site, although its grant is known to have ended', async () => {
    await apply()
    const token = await signIn()
    await world.untilReady('alice')
    world.google.revoke({ refreshToken: token })
    await world.untilReason('alice', 'GrantRevoked')
    await world.objects.patch('CalendarIntegration', 'google', {
      spec: { google: { siteURI: 'https://other.example.com' } },
    })
    const before = world.clock.now()
    await world.until('the message has the new link', async () => {
      const agent = await world.agent('alice')
      const moved = isAt(agent, 'https://other.example.com')
      return moved && condition(agent, 'Ready')?.message.includes(linkOf(agent, 'https://other.example.com'))
    })
    expect(world.clock.now() - before).toBeLessThan(withinMs(10_000))
  })

  // With named namespaces the operator sees only these, and on a real API server it gets one.
  test.skipIf(isReal)('has none while its integration does not serve its namespace', async () => {
    await world.objects.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'other' } })
    await world.objects.apply(integrationManifest({ allowedNamespaces: { from: 'All' } }))
    const manifest = agentManifest('bob', {
      grantSecretRef: undefined,
      integrationRef: { name: 'google', namespace: world.namespace },
    })
    await world.objects.apply({ ...manifest, metadata: { name: 'bob', namespace: 'other' } })
    const reasonAndURL = async (): Promise<[string | undefined, string | undefined]> => {
      const bob = (await world.objects.get('Agent', 'bob', 'other')) as unknown as Agent
      return [condition(bob, 'Ready')?.reason, bob.status?.authorization?.url]
    }
    await world.until('bob has a link', async () => (await reasonAndURL())[1])
    await world.objects.patch('CalendarIntegration', 'google', { spec: { allowedNamespaces: { from: 'Same' } } })
    await world.until('bob is refused', async () => (await reasonAndURL())[0] === 'IntegrationNotAllowed')
    expect((await reasonAndURL())[1]).toBeUndefined()
  })

  test('has none while its integration is gone', async () => {
    await apply()
    await world.untilReason('alice', 'AwaitingSignIn')
    await world.objects.delete('CalendarIntegration', 'google')
    const agent = await world.untilReason('alice', 'IntegrationNotFound')
    expect(agent.status?.authorization?.url).toBeUndefined()
  })

  test('keeps its link while it is suspended', async () => {
    await apply()
    const before = await world.untilReason('alice', 'AwaitingSignIn')
    await world.objects.patch('Agent', 'alice', { spec: { suspend: true } })
    const agent = await world.until('the suspension is seen', async () => {
      const now = await world.agent('alice')
      return now.status?.observedGeneration === now.metadata.generation && now
    })
    expect(agent.status?.authorization).toEqual(before.status?.authorization)
  })
})

describe('a grant that is no longer good', () => {
  beforeEach(() => apply())

  test('because it was revoked shows the link, and the next one is used at once', async () => {
    const token = await signIn()
    await world.untilReady('alice')
    world.google.revoke({ refreshToken: token })
    await expectLink('GrantRevoked')
    // Long enough that it is checked once an hour.
    world.clock.jump(5 * HOUR)
    await world.untilReason('alice', 'GrantRevoked')
    await world.clock.advance(2 * MINUTE)
    const before = world.clock.now()
    await signIn()
    const agent = await untilReadyWithout('link')
    expect(world.clock.now() - before).toBeLessThan(withinMs(10_000))
    expect(agent.status?.authorization?.likelyCause).toBeUndefined()
  })

  test('because of a session policy shows it', async () => {
    await signIn()
    await world.untilReady('alice')
    world.google.requireReauthentication({ account: 'alice@example.com' })
    world.clock.jump(HOUR)
    await expectLink('GrantExpired')
  })

  test('because a scope is missing shows it, and how to grant all of them', async () => {
    await signIn({ scopes: ['https://www.googleapis.com/auth/calendar.events.readonly'] })
    await expectLink('ScopeMissing')
    expect(condition(await world.agent('alice'), 'Authorized')?.message).toContain('every permission ticked')
    await signIn()
    await untilReadyWithout('link')
  })

  test('because it is another account’s shows it', async () => {
    await signIn({ account: 'mallory@example.com' })
    await expectLink('WrongAccount')
    await signIn()
    await untilReadyWithout('link')
  })

  test('because another client made it shows it', async () => {
    const other = world.google.addClient({})
    world.addSecret(other.clientSecret)
    await signIn({ clientId: other.clientId })
    await expectLink('ClientChanged')
    await signIn()
    await untilReadyWithout('link')
  })

  test('because of an administrator shows none: signing in again does not help', async () => {
    await signIn()
    await world.untilReady('alice')
    world.google.restrict({ client: world.client.clientId, for: 'alice@example.com' })
    world.clock.jump(HOUR)
    const agent = await world.untilReason('alice', 'BlockedByAdmin')
    expect(agent.status?.authorization?.url).toBeUndefined()
  })

  test('for one calendar, which shows only when it is read: the next grant clears the failure', async () => {
    const narrow = 'https://www.googleapis.com/auth/calendar.calendarlist.readonly'
    await world.objects.patch('CalendarIntegration', 'google', { spec: { google: { scopes: [narrow] } } })
    await signIn({ scopes: [narrow] })
    await expectLink('ScopeMissing')
    const before = world.clock.now()
    await signIn()
    await untilReadyWithout('link')
    expect(world.clock.now() - before).toBeLessThan(withinMs(10_000))
  })
})

describe('a grant that is about to end', () => {
  const warned = (hours: number): Promise<Agent> =>
    world.until(`${hours} hours are warned about`, async () => {
      const agent = await world.agent('alice')
      return condition(agent, 'Authorized')?.message.includes(`less than ${hours} hours`) && agent
    })

  test('is reported at 48 and at 12 hours, each time with the link and an Event, and the agent stays ready', async () => {
    world.google.setProject({ publishing: 'Testing' })
    await apply()
    await signIn({ endsIn: 7 * DAY })
    const fresh = await world.untilReady('alice')
    expect(fresh.status?.authorization?.url).toBeUndefined()
    const end = world.clock.now() + 7 * DAY
    for (const hours of [48, 12]) {
      world.clock.jump(end - (hours - 1) * HOUR - world.clock.now())
      const agent = await warned(hours)
      const link = linkOf(agent)
      expect(condition(agent, 'Ready')).toMatchObject({ status: 'True', reason: 'Ready' })
      expect(condition(agent, 'Authorized')).toMatchObject({ status: 'True', reason: 'GrantExpiresSoon' })
      await world.untilEvent(
        `of ${hours} hours, with the link`,
        ({ reason, type, note }) =>
          reason === 'GrantExpiresSoon' &&
          type === 'Warning' &&
          note.includes(`${hours} hours`) &&
          note.includes(`open ${link} and sign in again`),
      )
    }
  })

  test('is extended by signing in again, without a gap in what is published', async () => {
    world.google.setProject({ publishing: 'Testing' })
    await apply()
    await signIn({ endsIn: 7 * DAY })
    await world.untilReady('alice')
    const end = world.clock.now() + 7 * DAY
    world.clock.jump(end - 11 * HOUR - world.clock.now())
    await warned(12)
    const fresh = async (): Promise<void> => {
      const { freshUntil, complete } = await world.busy('alice')
      expect(complete).toBe(true)
      expect(Date.parse(freshUntil)).toBeGreaterThan(world.clock.now())
    }
    await fresh()
    await signIn({ endsIn: 7 * DAY })
    await untilReadyWithout('link')
    const renewed = await world.agent('alice')
    expect(Date.parse(renewed.status?.authorization?.expiresAt ?? '')).toBeGreaterThan(end + 6 * DAY)
    await fresh()
    // Past the end of the first grant, in steps shorter than `staleAfter`.
    while (world.clock.now() < end + HOUR) {
      world.clock.jump(5 * MINUTE)
      await world.clock.advance(2_000)
      expect(condition(await world.agent('alice'), 'Ready')?.status).toBe('True')
    }
    await world.until('it is read by the new grant', async () => {
      const { freshUntil } = await world.busy('alice')
      return Date.parse(freshUntil) > world.clock.now()
    })
    const events = await world.objects.list('Event')
    const reasons = events.map((event) => (event as unknown as EventOf).reason)
    expect(reasons).not.toContain('GrantExpired')
  })
})

test('a new grant that arrives during a refresh of the old one is not overwritten', async () => {
  await apply()
  await signIn()
  const before = await world.untilReady('alice')
  world.google.resetRequests()
  world.google.addFault({ fault: 'slow', ms: 8_000, kind: 'token.refresh', times: 1 })
  world.clock.jump(50 * MINUTE)
  await world.until('the old grant is being renewed', () => world.google.requests().byKind['token.refresh'] === 1)
  const token = await signIn()
  await world.until('the new grant is in use', async () => {
    const { status } = await world.agent('alice')
    return status?.authorization?.grantedAt !== before.status?.authorization?.grantedAt
  })
  await world.untilReady('alice')
  expect((await world.objects.secretText('alice-google-grant')).refresh_token).toBe(token)
})
