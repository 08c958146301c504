/** A tenant who names other tenants' Secrets in Agents: none of them is taken over, read, written, deleted or revoked. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { agentManifest, integrationManifest } from '../../journeys/support/manifests.ts'
import { startWorld, type World } from '../../journeys/support/world.ts'
import { conditionOf, tenantOf, worthOf, type Tenant } from './support/tenant.ts'

let world: World
let mallory: Tenant

beforeEach(async () => {
  world = await startWorld()
  await world.addPerson('alice')
  await world.objects.apply(integrationManifest())
  await world.objects.apply(
    agentManifest('alice', {
      publish: { calendar: { kind: 'Secret', name: 'alice-calendar' }, accessToken: { name: 'alice-token' } },
    }),
  )
  await world.untilReady('alice')
  mallory = await tenantOf(world)
})

afterEach(async () => {
  await mallory.close()
  await world.stop()
})

const VICTIMS = ['alice-google-grant', 'alice-grant', 'alice-calendar', 'alice-token', 'google-oauth-client'] as const

async function worth(): Promise<object[]> {
  const found = await Promise.all(VICTIMS.map((name) => world.objects.get('Secret', name)))
  return found.map(worthOf)
}

const isAlive = (): boolean => world.google.grants({ account: 'alice@example.com' })[0]?.alive === true

const isGone = (name: string) => async () => (await world.objects.find('Agent', name)) === undefined

describe('names that are reserved for grants and keys', () => {
  test.each(['alice-google-grant', 'zoe-google-grant', 'calendar-operator-keys'])(
    'are refused as published names: %s',
    async (name) => {
      const token = await mallory.tries(agentManifest('bob', { publish: { accessToken: { name } } }))
      expect(token).toMatchObject({
        status: 422,
        text: expect.stringContaining('spec.publish.accessToken.name') as string,
      })
      const calendar = await mallory.tries(agentManifest('bob', { publish: { calendar: { kind: 'Secret', name } } }))
      expect(calendar).toMatchObject({
        status: 422,
        text: expect.stringContaining('spec.publish.calendar.name') as string,
      })
    },
  )
})

describe('an Agent that would publish into an object of somebody else', () => {
  test.each(VICTIMS.filter((name) => !name.endsWith('-google-grant')))(
    'leaves Secret %s as it is, and says whose name it is; deleting that Agent changes nothing',
    async (name) => {
      await world.addPerson('bob')
      const before = await worth()
      await mallory.objects.apply(agentManifest('bob', { publish: { accessToken: { name } } }))
      const bob = await world.untilReason('bob', 'PublishConflict')
      expect(bob.status?.conditions?.find(({ type }) => type === 'Ready')?.message).toContain(name)
      expect(await worth()).toEqual(before)
      // Renaming and deleting remove what belongs to bob, which is nothing here.
      await mallory.objects.patch('Agent', 'bob', { spec: { publish: { accessToken: { name: 'bob-token' } } } })
      await world.untilReady('bob')
      await mallory.objects.delete('Agent', 'bob')
      await world.until('bob is gone', isGone('bob'))
      expect(await worth()).toEqual(before)
      await world.untilReady('alice')
    },
  )
})

describe('an Agent that names the grant of another one as its own', () => {
  test('may not use the operator’s Secret; deleted with Revoke, it ends nobody’s grant', async () => {
    const before = await worth()
    const spec = { grantSecretRef: { name: 'alice-google-grant' }, deletionPolicy: 'Revoke' }
    const tried = await mallory.tries(agentManifest('bob', spec))
    // The CRD or the operator refuses it. In any case nothing happens.
    if (tried.status < 300) {
      await world.untilReason('bob', 'GrantSecretInvalid')
      await mallory.objects.delete('Agent', 'bob')
      await world.until('bob is gone', isGone('bob'))
    } else expect(tried.status).toBe(422)
    expect(isAlive()).toBe(true)
    expect(await worth()).toEqual(before)
  })

  test('for another account gets an error; deleted with Revoke, it ends nobody’s grant', async () => {
    const spec = { grantSecretRef: { name: 'alice-grant' }, deletionPolicy: 'Revoke' }
    await mallory.objects.apply(agentManifest('bob', spec))
    await world.untilReason('bob', 'WrongAccount')
    await mallory.objects.delete('Agent', 'bob')
    await world.until('bob is gone', isGone('bob'))
    expect(isAlive()).toBe(true)
    await world.until(
      'alice is read again',
      async () => conditionOf(await world.objects.get('Agent', 'alice'), 'Ready')?.status === 'True',
    )
  })

  test('for the same account uses it, and does not end it for its owner', async () => {
    const spec = { account: 'alice@example.com', grantSecretRef: { name: 'alice-grant' }, deletionPolicy: 'Revoke' }
    await mallory.objects.apply(agentManifest('bob', spec))
    await world.untilReady('bob')
    await mallory.objects.delete('Agent', 'bob')
    await world.until('bob is gone', isGone('bob'))
    expect(isAlive()).toBe(true)
    expect(await world.objects.find('Secret', 'alice-google-grant')).toBeDefined()
  })
})

describe('a foreign Secret that appears with a grant’s name during a request to Google', () => {
  test('is not written to', async () => {
    await world.addPerson('dave')
    const { id } = world.google.addFault({ fault: 'hang', kind: 'calendarList.get', account: 'dave@example.com' })
    await mallory.objects.apply(agentManifest('dave'))
    await world.until('dave’s account is asked for', () => world.google.faults().some(({ struck }) => struck > 0))
    await world.objects.secret('dave-google-grant', { password: 'of another product' })
    const before = worthOf(await world.objects.get('Secret', 'dave-google-grant'))
    world.google.clearFaults({ id })
    await world.untilReason('dave', 'GrantConflict')
    expect(worthOf(await world.objects.get('Secret', 'dave-google-grant'))).toEqual(before)
  })
})
