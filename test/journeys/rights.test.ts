/** Requests to Kubernetes that the operator makes rarely, so that the audit log covers the rights for them. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findCondition } from '../../src/resources/conditions.ts'
import { agentManifest, integrationManifest } from './support/manifests.ts'
import { startWorld, type World } from './support/world.ts'

let world: World

beforeEach(async () => {
  world = await startWorld()
  await world.addPerson('alice')
  await world.objects.apply(integrationManifest())
})

afterEach(() => world.stop())

test('the same Event within ten minutes is counted and not created again', async () => {
  const values = await world.objects.secretText('google-oauth-client')
  const isValid = (status: string) => async () =>
    findCondition((await world.integration()).status?.conditions, 'CredentialsValid')?.status === status
  for (let round = 1; round <= 2; round++) {
    await world.objects.secret('google-oauth-client', values)
    await world.until('the client is proved', isValid('True'))
    await world.objects.delete('Secret', 'google-oauth-client')
    await world.until('the client is missed', isValid('False'))
  }
  const event = await world.untilEvent('that was counted', ({ series }) => series !== undefined)
  expect(event).toMatchObject({ reason: 'SecretNotFound', series: { count: 2 } })
})

test('the sign-in keys are rotated after thirty days, and the former ones stay valid', async () => {
  const keys = async () =>
    (await world.objects.get('Secret', 'calendar-operator-keys', world.leaseNamespace)).data ?? {}
  const { current } = await keys()
  world.clock.jump(31 * 24 * 60 * 60_000)
  const rotated = await world.until('there is another key', async () => {
    const now = await keys()
    return now.current !== current && now
  })
  expect(rotated.previous).toBe(current)
})

describe('what is published under one name', () => {
  test.each(['ConfigMap', 'Secret'])('is a %s that goes once the spec says another name', async (kind) => {
    const publish = (name: string) => ({ publish: { calendar: { kind, name } } })
    await world.objects.apply(agentManifest('alice', publish('before')))
    await world.untilReady('alice')
    await world.objects.patch('Agent', 'alice', { spec: publish('after') })
    await world.until('the old one is gone', async () => (await world.objects.find(kind, 'before')) === undefined)
    expect(await world.objects.find(kind, 'after')).toBeDefined()
  })

  test('is repaired when somebody changed it', async () => {
    await world.objects.apply(agentManifest('alice'))
    await world.untilReady('alice')
    await world.objects.patch('ConfigMap', 'alice-calendar', { data: { 'busy.json': '{}' } })
    await world.until('it is whole again', async () => 'busy' in (await world.busy('alice')))
  })
})

test('an operator for several namespaces serves all of them, including agents that use an integration in another one', async () => {
  const other = await world.addNamespace('sales')
  await world.restartOperator()
  await world.objects.patch('CalendarIntegration', 'google', { spec: { allowedNamespaces: { from: 'All' } } })
  const { refresh_token = '' } = await world.objects.secretText('alice-grant')
  await world.objects.secret('alice-grant', { refresh_token }, other)
  const far = agentManifest('alice', { integrationRef: { name: 'google', namespace: world.namespace } })
  await world.objects.apply({ ...far, metadata: { name: 'alice', namespace: other } })
  await world.addPerson('bob')
  await world.objects.apply(agentManifest('bob'))
  await world.untilReady('bob')
  const published = () => world.objects.find('ConfigMap', 'alice-calendar', other)
  const map = await world.until('the other namespace has a calendar', published)
  expect(map.data?.['busy.json']).toContain(`"agent":"${other}/alice"`)
})
