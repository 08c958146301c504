import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { agentManifest, integrationManifest } from './support/manifests.ts'
import { isNamespaced, isReal, startWorld, type World } from './support/world.ts'

const MINUTE = 60_000

let world: World

beforeEach(async () => {
  world = await startWorld()
  await world.addPerson('alice')
  await world.objects.apply(integrationManifest())
})

afterEach(() => world.stop())

const isGone = (kind: string, name: string) => async () => (await world.objects.find(kind, name)) === undefined

describe('an agent that is deleted', () => {
  test('with Retain leaves its grant, and its published calendar is deleted', async () => {
    await world.objects.apply(agentManifest('alice'))
    await world.untilReady('alice')
    expect((await world.agent('alice')).metadata.finalizers).toBeUndefined()
    await world.objects.delete('Agent', 'alice')
    await world.until('the calendar is gone', isGone('ConfigMap', 'alice-calendar'))
    expect(await world.objects.find('Secret', 'alice-google-grant')).toBeDefined()
    expect(world.google.grants({ account: 'alice@example.com' })[0]?.alive).toBe(true)
  })

  test('with Revoke ends the grant at Google, deletes our Secret and leaves the supplied one', async () => {
    await world.objects.apply(agentManifest('alice', { deletionPolicy: 'Revoke' }))
    await world.untilReady('alice')
    expect((await world.agent('alice')).metadata.finalizers).toEqual(['calendar-operator.io/revoke'])
    await world.objects.delete('Agent', 'alice')
    await world.until('the agent is gone', isGone('Agent', 'alice'))
    expect(world.google.grants({ account: 'alice@example.com' })[0]?.alive).toBe(false)
    expect(await world.objects.find('Secret', 'alice-google-grant')).toBeUndefined()
    expect(await world.objects.find('Secret', 'alice-grant')).toBeDefined()
  })

  test('with Revoke ends the grant although its Secrets were deleted before it', async () => {
    await world.objects.apply(agentManifest('alice', { deletionPolicy: 'Revoke' }))
    await world.untilReady('alice')
    await world.objects.delete('Secret', 'alice-grant')
    const text = async () => JSON.stringify((await world.agent('alice')).status)
    await world.until('it misses its Secret', async () => (await text()).includes('There is no Secret'))
    await world.objects.delete('Secret', 'alice-google-grant')
    await world.clock.advance(2_000)
    await world.objects.delete('Agent', 'alice')
    await world.until('the agent is gone', isGone('Agent', 'alice'))
    expect(world.google.grants({ account: 'alice@example.com' })[0]?.alive).toBe(false)
  })

  test('with Revoke and a grant that has ended is deleted at once', async () => {
    await world.objects.apply(agentManifest('alice', { deletionPolicy: 'Revoke' }))
    await world.untilReady('alice')
    world.google.revoke({ account: 'alice@example.com' })
    await world.objects.delete('Agent', 'alice')
    await world.until('the agent is gone', isGone('Agent', 'alice'))
  })

  test('with Revoke while Google is unreachable is deleted after a minute with a warning, and its Secret stays', async () => {
    await world.objects.apply(agentManifest('alice', { deletionPolicy: 'Revoke' }))
    await world.untilReady('alice')
    world.google.addFault({ fault: '503', kind: '*' })
    await world.objects.delete('Agent', 'alice')
    await world.clock.advance(20_000)
    if (!isReal) expect(await world.objects.find('Agent', 'alice')).toBeDefined()
    await world.until('the agent is gone', isGone('Agent', 'alice'))
    expect(await world.objects.find('Secret', 'alice-google-grant')).toBeDefined()
    await world.untilEvent('that warns', ({ reason, type }) => reason === 'RevokeFailed' && type === 'Warning')
  })

  test('and created again continues with its stored grant', async () => {
    await world.objects.apply(agentManifest('alice'))
    await world.untilReady('alice')
    await world.objects.delete('Agent', 'alice')
    await world.until('the calendar is gone', isGone('ConfigMap', 'alice-calendar'))
    await world.objects.delete('Secret', 'alice-grant')
    await world.objects.apply(agentManifest('alice', { grantSecretRef: undefined }))
    await world.untilReady('alice')
  })
})

describe('an agent that is suspended', () => {
  test('is frozen: it sends no request, its status stays, and everything continues when it is resumed', async () => {
    await world.objects.apply(agentManifest('alice'))
    await world.untilReady('alice')
    await world.objects.patch('Agent', 'alice', { spec: { suspend: true } })
    await world.clock.advance(2_000)
    world.google.resetRequests()
    await world.clock.advance(30 * MINUTE)
    expect(world.google.requests({ account: 'alice@example.com' }).log).toEqual([])
    expect((await world.agent('alice')).status?.conditions?.[0]).toMatchObject({ status: 'True', reason: 'Ready' })
    await world.objects.patch('Agent', 'alice', { spec: { suspend: false } })
    await world.until('it is read again', () => (world.google.requests().byKind['events.list'] ?? 0) > 0)
  })

  test('from the start says so', async () => {
    await world.objects.apply(agentManifest('alice', { suspend: true }))
    await world.untilReason('alice', 'Suspended')
    expect(world.google.requests({ account: 'alice@example.com' }).log).toEqual([])
  })
})

describe('an agent in another namespace', () => {
  test('gets the same message for an integration that does not exist and for one that does not serve it', async ({
    skip,
  }) => {
    skip(isNamespaced, 'an operator of one namespace sees no Agents of another one')
    const other = await world.addNamespace('marketing')
    for (const name of ['google', 'nowhere']) {
      const manifest = agentManifest('alice', { integrationRef: { name, namespace: world.namespace } })
      await world.objects.apply({ ...manifest, metadata: { name: `of-${name}`, namespace: other } })
    }
    const said = async (name: string): Promise<string[]> => {
      const { status } = (await world.objects.get('Agent', `of-${name}`, other)) as {
        status?: { conditions?: { type: string; reason: string; message: string }[] }
      }
      return (status?.conditions ?? []).map(
        ({ type, reason, message }) => `${type} ${reason} ${message.replace(name, 'NAME')}`,
      )
    }
    await world.until('both are refused', async () =>
      [await said('google'), await said('nowhere')].every(([ready]) =>
        ready?.startsWith('Ready IntegrationNotAllowed'),
      ),
    )
    expect(await said('nowhere')).toEqual(await said('google'))
    const appeared = integrationManifest({ allowedNamespaces: { from: 'All' } })
    await world.objects.apply({ ...appeared, metadata: { name: 'nowhere' } })
    await world.until('the one that appeared is used', async () => !(await said('nowhere'))[0]?.includes('NotAllowed'))
  })

  test('is served only as the integration allows, by all or by label', async ({ skip }) => {
    skip(isNamespaced, 'the labels of namespaces are read by an operator of all namespaces only')
    const other = await world.addNamespace('sales')
    const refresh = world.google.grants({ account: 'alice@example.com' })[0]?.refreshToken ?? ''
    await world.objects.secret('alice-grant', { refresh_token: refresh }, other)
    const manifest = agentManifest('alice', { integrationRef: { name: 'google', namespace: world.namespace } })
    await world.objects.apply({ ...manifest, metadata: { name: 'alice', namespace: other } })
    const reason = async () => {
      const { status } = (await world.objects.get('Agent', 'alice', other)) as {
        status?: { conditions?: { reason: string }[] }
      }
      return status?.conditions?.[0]?.reason
    }
    await world.until('it is not allowed', async () => (await reason()) === 'IntegrationNotAllowed')
    const selector = { matchLabels: { calendars: 'yes' } }
    await world.objects.patch('CalendarIntegration', 'google', {
      spec: { allowedNamespaces: { from: 'Selector', selector } },
    })
    await world.clock.advance(2_000)
    expect(await reason()).toBe('IntegrationNotAllowed')
    await world.objects.patch('Namespace', other, { metadata: { labels: { calendars: 'yes' } } })
    await world.until('it is ready', async () => (await reason()) === 'Ready')
    await world.objects.patch('Namespace', other, { metadata: { labels: { calendars: null } } })
    await world.until('it is no longer allowed', async () => (await reason()) === 'IntegrationNotAllowed')
    await world.objects.patch('CalendarIntegration', 'google', {
      spec: { allowedNamespaces: { from: 'All', selector: null } },
    })
    await world.until('it is ready again', async () => (await reason()) === 'Ready')
  })
})

describe.skipIf(isReal)('an API server that fails', () => {
  test('that is unavailable for minutes, drops its history and breaks every watch: the operator catches up', async () => {
    await world.objects.apply(agentManifest('alice'))
    await world.untilReady('alice')
    await world.sandbox?.stop()
    await world.clock.advance(3 * MINUTE)
    await world.sandbox?.start()
    world.sandbox?.compact()
    await world.addPerson('bob')
    await world.objects.apply(agentManifest('bob'))
    await world.untilReady('bob')
    world.sandbox?.dropWatches()
    await world.addPerson('carol')
    await world.objects.apply(agentManifest('carol'))
    await world.untilReady('carol')
  })

  test('that refuses our writes: they only come later', async () => {
    await world.objects.apply(agentManifest('alice'))
    await world.untilReady('alice')
    world.sandbox?.failNext({ method: 'PATCH', status: 500, times: 3 })
    world.google.addEvent({
      calendar: 'alice@example.com',
      event: { start: { dateTime: world.inHours(2) }, end: { dateTime: world.inHours(3) } },
    })
    await world.until('it is published all the same', async () => (await world.busy('alice')).busy.length === 1)
    await world.untilReady('alice')
  })

  test('that refuses a status write: it is retried although nothing has changed since', async () => {
    const publish = { calendar: { name: 'alice-calendar' }, staleAfter: '10m', whenStale: 'Block' }
    await world.objects.apply(agentManifest('alice', { publish }))
    await world.untilReady('alice')
    world.google.addFault({ fault: '500', kind: '*' })
    await world.clock.advance(9 * MINUTE)
    world.sandbox?.failNext({ method: 'PATCH', path: 'alice-calendar', status: 500, times: 1 })
    await world.until('it is blocked', async () => (await world.busy('alice')).busy.length === 1)
  })
})

describe('two replicas', () => {
  test('never act at the same time, and the second takes over when the first stops', async () => {
    await world.stopOperator()
    await world.startOperator({ 'leader-elect': 'true' })
    await world.objects.apply(agentManifest('alice'))
    await world.untilReady('alice')
    const lease = await world.until('the Lease is there', async () => {
      return world.objects.find('Lease', 'calendar-operator', world.leaseNamespace)
    })
    expect((lease.spec as { holderIdentity: string }).holderIdentity).not.toBe('')
    await world.restartOperator()
    await world.addPerson('bob')
    await world.objects.apply(agentManifest('bob'))
    await world.untilReady('bob')
  })
})
