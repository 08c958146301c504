import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { agentManifest, integrationManifest } from './support/manifests.ts'
import { SCOPE, startWorld, type World } from './support/world.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

let world: World

beforeEach(async () => {
  world = await startWorld()
})

afterEach(() => world.stop())

const condition = async (name: string, type: string) =>
  (await world.agent(name)).status?.conditions?.find((one) => one.type === type)

const apply = async (name = 'alice', spec: Record<string, unknown> = {}): Promise<void> => {
  await world.objects.apply(integrationManifest())
  await world.objects.apply(agentManifest(name, spec))
}

describe('a supplied grant', () => {
  test('is waited for, and used as soon as it appears', async () => {
    await apply()
    const waiting = await world.untilReason('alice', 'GrantSecretNotFound')
    expect(waiting.status?.conditions?.find(({ type }) => type === 'Reconciling')?.status).toBe('True')
    await world.objects.secret('alice-grant', { note: 'soon' })
    await world.untilReason('alice', 'GrantSecretKeyMissing')
    await world.addPerson('alice')
    await world.untilReady('alice')
  })

  test('is stored, with what Google adds to it, in a Secret of our own', async () => {
    const token = await world.addPerson('alice', { consentAge: DAY })
    await apply()
    const agent = await world.untilReady('alice')
    const kept = await world.objects.secretText('alice-google-grant')
    expect(kept).toMatchObject({
      refresh_token: token,
      account: 'alice@example.com',
      client_id: world.client.clientId,
      scope: SCOPE,
    })
    expect(kept.access_token).toMatch(/^ya29\./)
    expect(Date.parse(kept.expires_at ?? '')).toBeGreaterThan(world.clock.now())
    expect(agent.status?.authorization).toMatchObject({ account: 'alice@example.com', scopes: [SCOPE] })
    const secret = await world.objects.get('Secret', 'alice-google-grant')
    expect(secret.metadata.ownerReferences).toBeUndefined()
  })

  test('that Google rotates is stored before it is used, and the new token survives a restart', async () => {
    world.google.switches({ rotateRefreshTokens: true })
    const supplied = await world.addPerson('alice')
    await apply()
    await world.untilReady('alice')
    const { refresh_token: rotated } = await world.objects.secretText('alice-google-grant')
    expect(rotated).not.toBe(supplied)
    world.addSecret(rotated ?? '')
    await world.restartOperator()
    await world.clock.advance(50 * MINUTE)
    await world.until('the token is renewed', async () => {
      const { refresh_token: newest } = await world.objects.secretText('alice-google-grant')
      return newest !== rotated
    })
    await world.untilReady('alice')
    expect((await world.objects.secretText('alice-grant')).refresh_token).toBe(supplied)
  })

  test('whose access token expires before its account is known is renewed at once', async () => {
    world.google.switches({ rotateRefreshTokens: true })
    world.google.addFault({ fault: '503', kind: 'calendarList.get' })
    await world.addPerson('alice')
    await apply()
    await world.untilReason('alice', 'GoogleUnreachable')
    world.google.expireAccessTokens()
    world.google.clearFaults()
    await world.untilReady('alice')
  })

  test('is used again when its token changes, and not when only a label does', async () => {
    await world.addPerson('alice')
    await apply()
    await world.untilReady('alice')
    world.google.resetRequests()
    await world.objects.patch('Secret', 'alice-grant', { metadata: { labels: { looked: 'at' } } })
    await world.clock.advance(2000)
    expect(world.google.requests().byKind).toEqual({})
    const { refreshToken } = world.google.grant({
      client: world.client.clientId,
      account: 'alice@example.com',
      scopes: [SCOPE],
    })
    world.addSecret(refreshToken)
    await world.objects.secret('alice-grant', { refresh_token: refreshToken })
    await world.until('the new token is in use', async () => {
      return (await world.objects.secretText('alice-google-grant')).refresh_token === refreshToken
    })
  })

  test('in a Secret that is not ours is a conflict, and nothing is touched', async () => {
    await world.objects.secret('alice-google-grant', { refresh_token: 'theirs' })
    await world.addPerson('alice')
    await apply()
    const agent = await world.untilReason('alice', 'GrantConflict')
    expect(agent.status?.conditions?.find(({ type }) => type === 'Stalled')?.status).toBe('True')
    expect(await world.objects.secretText('alice-google-grant')).toEqual({ refresh_token: 'theirs' })
    await world.objects.delete('Secret', 'alice-google-grant')
    await world.untilReady('alice')
  })
})

describe('a grant that does not fit', () => {
  test('because it belongs to another account is refused, and its calendar is never published', async () => {
    await world.addPerson('alice', { account: 'mallory@example.com' })
    await apply()
    const agent = await world.untilReason('alice', 'WrongAccount')
    expect(agent.status?.conditions?.find(({ type }) => type === 'Ready')?.message).toContain('spec.account')
    expect(await world.objects.find('ConfigMap', 'alice-calendar')).toBeUndefined()
    await world.objects.patch('Agent', 'alice', { spec: { account: 'Mallory@Example.com' } })
    await world.untilReady('alice')
  })

  test('because a scope is missing names the scope', async () => {
    await world.addPerson('alice', { scopes: ['https://www.googleapis.com/auth/calendar.events.readonly'] })
    await apply()
    const agent = await world.untilReason('alice', 'ScopeMissing')
    expect(agent.status?.conditions?.find(({ type }) => type === 'Authorized')?.message).toContain(SCOPE)
  })

  test('because the integration has another client now says so without asking Google', async () => {
    await world.addPerson('alice')
    await apply()
    await world.untilReady('alice')
    const other = world.google.addClient({})
    world.addSecret(other.clientSecret)
    await world.objects.secret('google-oauth-client', {
      'client_secret.json': JSON.stringify(world.google.clientFile(other.clientId)),
    })
    world.google.resetRequests()
    await world.untilReason('alice', 'ClientChanged')
    expect(world.google.requests().byKind['token.refresh'] ?? 0).toBeLessThanOrEqual(1)
  })

  test('because the administrator blocks the app says who can help', async () => {
    await world.addPerson('alice')
    world.google.restrict({ client: world.client.clientId, for: 'alice@example.com' })
    await apply()
    const agent = await world.untilReason('alice', 'BlockedByAdmin')
    expect(agent.status?.conditions?.find(({ type }) => type === 'Ready')?.message).toContain('administrator')
  })
})

describe('a grant that ends', () => {
  test('because it was revoked is reported at once, and the published calendar stays', async () => {
    const token = await world.addPerson('alice', { consentAge: DAY })
    await apply()
    await world.untilReady('alice')
    const published = await world.busy('alice')
    world.google.revoke({ refreshToken: token })
    await world.untilReason('alice', 'GrantRevoked')
    const agent = await world.agent('alice')
    expect(agent.status?.authorization?.likelyCause).toContain('took the access back')
    expect(await world.busy('alice')).toEqual(published)
    expect((await world.objects.secretText('alice-google-grant')).refresh_token).toBe(token)
  })

  test('after seven days in Testing has expired, with warnings at 48 and at 12 hours', async () => {
    world.google.setProject({ publishing: 'Testing' })
    await world.addPerson('alice')
    await apply()
    const agent = await world.untilReady('alice')
    const end = Date.parse(agent.status?.authorization?.expiresAt ?? '')
    expect(Math.abs(end - world.clock.now() - 7 * DAY)).toBeLessThan(MINUTE)
    world.clock.jump(end - 47 * HOUR - world.clock.now())
    await world.until('48 hours are warned about', async () =>
      (await condition('alice', 'Authorized'))?.message.includes('less than 48 hours'),
    )
    expect((await condition('alice', 'Ready'))?.status).toBe('True')
    world.clock.jump(end - 11 * HOUR - world.clock.now())
    await world.until('12 hours are warned about', async () =>
      (await condition('alice', 'Authorized'))?.message.includes('less than 12 hours'),
    )
    world.clock.jump(end + 2 * HOUR - world.clock.now())
    const dead = await world.untilReason('alice', 'GrantExpired')
    expect(dead.status?.authorization?.likelyCause).toContain('Testing')
    const reasons = await world.until('there is an Event of it', async () => {
      const events = await world.objects.list('Event')
      const found = events.map((event) => (event as unknown as { reason: string }).reason)
      return found.includes('GrantExpired') && found
    })
    expect(reasons.filter((reason) => reason === 'GrantExpiresSoon')).toHaveLength(2)
  })

  test('by a session policy has expired', async () => {
    await world.addPerson('alice')
    await apply()
    await world.untilReady('alice')
    world.google.requireReauthentication({ account: 'alice@example.com' })
    world.clock.jump(HOUR)
    await world.untilReason('alice', 'GrantExpired')
  })

  test('is checked again on request, and the status answers the request', async () => {
    const token = await world.addPerson('alice')
    await apply()
    await world.untilReady('alice')
    world.google.revoke({ refreshToken: token })
    await world.untilReason('alice', 'GrantRevoked')
    world.google.resetRequests()
    await world.objects.patch('Agent', 'alice', {
      metadata: { annotations: { 'calendar-operator.io/requestedAt': 'now please' } },
    })
    await world.until('the request is answered', async () => {
      return (await world.agent('alice')).status?.lastHandledReconcileAt === 'now please'
    })
    expect(world.google.requests().byKind['token.refresh']).toBe(1)
  })
})
