/** Ownership of Secrets: nothing that a tenant writes into an Agent can take, end or overwrite the grant of another one. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { agentManifest, integrationManifest } from './support/manifests.ts'
import { SCOPE, startWorld, withinMs, type World } from './support/world.ts'

const ALICES = 'alice-google-grant'

let world: World

beforeEach(async () => {
  world = await startWorld()
  await world.addPerson('alice')
  await world.objects.apply(integrationManifest())
})

afterEach(() => world.stop())

const alive = (account = 'alice@example.com') => world.google.grants({ account }).map((grant) => grant.alive)
const isGone = (kind: string, name: string) => async () => (await world.objects.find(kind, name)) === undefined
const connectAlice = async (spec: Record<string, unknown> = {}): Promise<void> => {
  await world.objects.apply(agentManifest('alice', spec))
  await world.untilReady('alice')
}
const messageOf = async (name: string) =>
  (await world.agent(name)).status?.conditions?.find(({ type }) => type === 'Ready')?.message ?? ''

describe('an Agent that names the grant of another one', () => {
  test.each([
    ['as its access token', { accessToken: { name: ALICES } }],
    ['as its calendar', { calendar: { kind: 'Secret', name: ALICES } }],
    ['or the keys', { accessToken: { name: 'calendar-operator-keys' } }],
  ])('%s is refused', async (_, publish) => {
    await expect(world.objects.apply(agentManifest('bob', { publish }))).rejects.toThrow(
      'reserved for what the operator stores',
    )
  })

  test('as its supplied grant gets an error, and its deletion with Revoke ends nothing', async () => {
    await connectAlice()
    const grantSecretRef = { name: ALICES }
    await world.objects.apply(
      agentManifest('bob', { account: 'alice@example.com', grantSecretRef, deletionPolicy: 'Revoke' }),
    )
    await world.untilReason('bob', 'GrantSecretInvalid')
    expect(await messageOf('bob')).toContain('is one of those that the operator makes')
    const before = await world.objects.get('Secret', ALICES)
    await world.objects.delete('Agent', 'bob')
    await world.until('bob is gone', isGone('Agent', 'bob'))
    expect(alive()).toEqual([true])
    expect((await world.objects.get('Secret', ALICES)).data).toEqual(before.data)
    expect((await world.agent('alice')).status?.conditions?.[0]?.status).toBe('True')
  })
})

describe('a Secret of somebody else', () => {
  test('that appears with the name of a grant while Google is slow is a conflict, and is not written', async () => {
    await world.addPerson('dave')
    world.google.addFault({ fault: 'slow', ms: 5_000, kind: 'calendarList.get', account: 'dave@example.com' })
    await world.objects.apply(agentManifest('dave'))
    await world.until('Google is asked', () => world.google.requests().byKind['calendarList.get'] === 1)
    await world.objects.secret('dave-google-grant', { theirs: 'x' })
    const before = await world.objects.get('Secret', 'dave-google-grant')
    await world.untilReason('dave', 'GrantConflict')
    expect(await world.objects.get('Secret', 'dave-google-grant')).toEqual(before)
    await world.objects.delete('Secret', 'dave-google-grant')
    await world.untilReady('dave')
  })

  test('with the name of a published object is checked again every five minutes', async () => {
    await world.objects.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'alice-calendar' } })
    await world.objects.apply(agentManifest('alice'))
    await world.untilReason('alice', 'PublishConflict')
    await world.objects.delete('ConfigMap', 'alice-calendar')
    const since = world.clock.now()
    // Most of it at once: in small steps, a real API server takes minutes for it.
    await world.clock.advance(4 * 60_000)
    await world.untilReady('alice')
    expect(world.clock.now() - since).toBeLessThan(6 * 60_000)
  })
})

describe('what was edited by hand', () => {
  test.each([
    ['Secret', ALICES, 'grant'],
    ['ConfigMap', 'alice-calendar', 'calendar'],
  ])('of %s %s is put right within seconds, and what others added stays', async (kind, name, role) => {
    await connectAlice()
    const labels = { 'app.kubernetes.io/component': null, theirs: 'x' }
    await world.objects.patch(kind, name, { metadata: { labels, annotations: { 'calendar-operator.io/agent': null } } })
    const since = world.clock.now()
    const { metadata } = await world.until('it is marked again', async () => {
      const object = await world.objects.get(kind, name)
      return object.metadata.annotations?.['calendar-operator.io/agent'] === 'alice' && object
    })
    expect(world.clock.now() - since).toBeLessThan(withinMs(5_000))
    expect(metadata.labels).toEqual({
      'app.kubernetes.io/managed-by': 'calendar-operator',
      'app.kubernetes.io/component': role,
      theirs: 'x',
    })
  })
})

describe('deleting with Revoke', () => {
  test('leaves a grant alone that another Agent uses, deletes the Secret, and says so', async () => {
    await connectAlice({ deletionPolicy: 'Revoke' })
    const others = { account: 'Alice@example.com', grantSecretRef: { name: 'alice-grant' } }
    await world.objects.apply(agentManifest('second', others))
    await world.untilReady('second')
    await world.objects.delete('Agent', 'alice')
    await world.until('alice is gone', isGone('Agent', 'alice'))
    expect(alive()).toEqual([true])
    expect(await world.objects.find('Secret', ALICES)).toBeUndefined()
    const event = await world.untilEvent('that says so', ({ reason }) => reason === 'GrantShared')
    expect(event.type).toBe('Normal')
    expect(event.note).not.toContain('second')
    await world.objects.patch('Agent', 'second', { spec: { deletionPolicy: 'Revoke' } })
    await world.until(
      'it has its finalizer',
      async () => (await world.agent('second')).metadata.finalizers !== undefined,
    )
    await world.objects.delete('Agent', 'second')
    await world.until('the other is gone, too', isGone('Agent', 'second'))
    expect(alive()).toEqual([false])
  })

  test('leaves a supplied grant alone that never passed its checks', async () => {
    world.google.addAccount({ email: 'mallory@example.com' })
    const { refreshToken } = world.google.grant({
      client: world.client.clientId,
      account: 'mallory@example.com',
      scopes: [SCOPE],
    })
    world.addSecret(refreshToken)
    world.google.switches({ rotateRefreshTokens: true })
    await world.objects.secret('alice-grant', { refresh_token: refreshToken })
    await world.objects.apply(agentManifest('alice', { deletionPolicy: 'Revoke' }))
    await world.untilReason('alice', 'WrongAccount')
    world.addSecret((await world.objects.secretText(ALICES)).refresh_token ?? '')
    await world.objects.delete('Agent', 'alice')
    await world.until('alice is gone', isGone('Agent', 'alice'))
    expect(alive('mallory@example.com')).toEqual([true])
    expect(await world.objects.find('Secret', ALICES)).toBeUndefined()
    expect(await world.objects.find('Secret', 'alice-grant')).toBeDefined()
  })

  test('ends the grant of a suspended Agent too', async () => {
    await connectAlice({ deletionPolicy: 'Revoke' })
    await world.objects.patch('Agent', 'alice', { spec: { suspend: true } })
    await world.objects.delete('Agent', 'alice')
    await world.until('alice is gone', isGone('Agent', 'alice'))
    expect(alive()).toEqual([false])
    expect(await world.objects.find('Secret', ALICES)).toBeUndefined()
  })
})
