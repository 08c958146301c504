/** Which event reconciles which keys, with the stores of the operator itself. */
import { beforeEach, describe, expect, test } from 'vitest'
import { createIntegrationRegistry } from '../src/clients/integration-registry.ts'
import type { IntegrationEntry } from '../src/clients/port.ts'
import { createCaches, type Caches } from '../src/kubernetes/caches.ts'
import { keyOf, type Cluster, type KubernetesObject } from '../src/kubernetes/port.ts'
import { NOTIFIED } from '../src/resources/names.ts'
import type { Agent, CalendarIntegration } from '../src/resources/types.ts'
import { recountAgents, registerEventHandlers } from '../src/watches.ts'
import { ManualClock } from './support/clock.ts'
import { silent } from './support/log.ts'
import { anAgent, anIntegration } from './support/resources.ts'

/** Keys in the order in which they were added, and whether they were added for later or with low priority. */
class Added {
  keys: string[] = []
  add = (key: string): void => void this.keys.push(key)
  addLowPriority = (key: string): void => void this.keys.push(`${key} behind`)
  addAfter = (key: string): void => void this.keys.push(`${key} later`)
  take = (): string[] => this.keys.splice(0).sort()
}

let caches: Caches
let clock: ManualClock
let agents: Added
let integrations: Added
let registry: ReturnType<typeof createIntegrationRegistry>
let claimed: (key: string) => void
let recount: (key: string) => void
let version = 100

const sites = { onClaim: (listener: (key: string) => void): void => void (claimed = listener) }

/** Nobody asks here what they do. */
const others = {
  agentDeadlines: new Added(),
  integrationDeadlines: new Added(),
  bookings: new Added(),
  bookingDeadlines: new Added(),
  push: { retryIntegration: () => undefined },
}

beforeEach(() => {
  caches = createCaches(silent)
  agents = new Added()
  integrations = new Added()
  clock = new ManualClock()
  registry = createIntegrationRegistry(clock)
  const cluster = caches as unknown as Cluster
  recount = (agentKey) => recountAgents({ cluster, integrations }, agentKey)
  registerEventHandlers({
    cluster,
    clock,
    registry,
    agents,
    ...others,
    integrations,
    sites,
  })
})

const newer = <T extends KubernetesObject>(object: T, metadata: Partial<T['metadata']> = {}): T => ({
  ...object,
  metadata: { ...object.metadata, resourceVersion: String(version++), ...metadata },
})

function forget(): void {
  agents.take()
  integrations.take()
}

/** Two agents of one integration, all known. */
function known(): { alice: Agent; bob: Agent; google: CalendarIntegration } {
  const [alice, bob, google] = [newer(anAgent()), newer(anAgent({}, 'bob')), newer(anIntegration())]
  caches.integrations.put(google)
  caches.agents.put(alice)
  caches.agents.put(bob)
  forget()
  return { alice, bob, google }
}

const aSecret = (name: string): KubernetesObject =>
  newer({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'booking', uid: `uid-of-${name}` } })

const entry: IntegrationEntry = {
  client: undefined,
  credentialsHash: 'a',
  ready: true,
  apiDisabled: false,
  siteAccepted: true,
  message: '',
}

const READY = {
  type: 'Ready',
  status: 'True' as const,
  reason: 'Ready' as const,
  message: '',
  lastTransitionTime: '2026-11-23T10:00:00Z',
}

describe('an agent', () => {
  test('that is new is reconciled, and its integration counts it a moment later', () => {
    caches.agents.put(newer(anAgent()))
    expect(agents.take()).toEqual(['booking/alice'])
    expect(integrations.take()).toEqual(['booking/google later'])
  })

  test('that existed before the handlers were registered is reconciled, too', () => {
    const late = new Added()
    known()
    registerEventHandlers({
      cluster: caches as unknown as Cluster,
      clock,
      registry,
      agents: late,
      ...others,
      integrations,
      sites,
    })
    expect(late.take()).toEqual(expect.arrayContaining(['booking/alice', 'booking/bob']))
  })

  test('whose status somebody else has written is reconciled, and nothing that depends on it', () => {
    const { alice } = known()
    caches.agents.put(newer({ ...alice, status: { observedGeneration: 1 } }))
    expect([agents.take(), integrations.take()]).toEqual([['booking/alice'], []])
  })

  test('whose conditions another replica has written is counted again by its integration', () => {
    const { alice } = known()
    caches.agents.put(newer({ ...alice, status: { conditions: [READY] } }))
    expect(new Set(integrations.take())).toEqual(new Set(['booking/google later']))
    caches.agents.put(newer({ ...alice, status: { conditions: [{ ...READY }], observedGeneration: 1 } }))
    expect(integrations.take()).toEqual([])
  })

  test('whose status somebody writes all the time is reconciled once in ten seconds', () => {
    const { alice } = known()
    for (const observedGeneration of [1, 2, 3]) caches.agents.put(newer({ ...alice, status: { observedGeneration } }))
    expect(agents.take()).toEqual(['booking/alice', 'booking/alice later', 'booking/alice later'])
    clock.jump(10_000)
    caches.agents.put(newer({ ...alice, status: { observedGeneration: 4 } }))
    expect(agents.take()).toEqual(['booking/alice'])
  })

  test('whose status we have written ourselves is not reconciled, nor after an event without a change', async () => {
    const { alice } = known()
    const status = { observedGeneration: 1 }
    const written = newer({ ...alice, status })
    await caches.agents.writing(keyOf(alice), alice.metadata.resourceVersion, async () => written)
    caches.agents.put(written)
    caches.agents.put(newer({ ...written, status: { ...status } }))
    expect([agents.take(), integrations.take()]).toEqual([[], []])
  })

  test.each([
    ['spec', { generation: 2 }],
    ['annotations: somebody asks for a run', { annotations: { 'calendar-operator.io/requestedAt': 'now' } }],
    ['labels', { labels: { team: 'sales' } }],
    ['finalizers', { finalizers: ['calendar-operator.io/revoke'] }],
    ['time of deletion', { deletionTimestamp: '2026-11-23T10:00:00Z' }],
  ])('is looked at when its %s change', (_what, metadata) => {
    const { alice } = known()
    caches.agents.put(newer(alice, metadata))
    expect(agents.take()).toEqual(['booking/alice'])
    expect(integrations.take()).toEqual([])
  })

  test('is not looked at because one replica tells another about a notification', () => {
    const { alice } = known()
    const told = newer(alice, { annotations: { [NOTIFIED]: 'sealed' } })
    caches.agents.put(told)
    caches.agents.put(newer(told, { annotations: { [NOTIFIED]: 'sealed again' } }))
    caches.agents.put(newer(told, { annotations: {} }))
    expect([agents.take(), integrations.take()]).toEqual([[], []])
  })

  test('that is gone is reconciled once more, and is no longer counted', () => {
    const { alice } = known()
    caches.agents.remove(keyOf(alice))
    expect(agents.take()).toEqual(['booking/alice'])
    expect(integrations.take()).toEqual(['booking/google later'])
  })

  test('that moves to another integration is counted again by both', () => {
    const { alice } = known()
    const moved = { ...alice, spec: { ...alice.spec, integrationRef: { name: 'other', namespace: 'elsewhere' } } }
    caches.agents.put(newer(moved, { generation: 2 }))
    expect(integrations.take()).toEqual(['booking/google later', 'elsewhere/other later'])
  })

  test('whose own status was written has its integration count again, unless it is gone by then', () => {
    known()
    recount('booking/alice')
    recount('booking/nobody')
    expect(integrations.take()).toEqual(['booking/google later'])
  })

  test('that was deleted and created again is reconciled, and counted', () => {
    const { alice } = known()
    caches.agents.put(newer(alice, { uid: 'another' }))
    expect(new Set(agents.take())).toEqual(new Set(['booking/alice']))
    expect(integrations.take()).toContain('booking/google later')
  })
})

describe('an integration', () => {
  test.each([
    ['changed', (google: CalendarIntegration) => caches.integrations.put(newer(google, { generation: 2 }))],
    ['deleted', (google: CalendarIntegration) => caches.integrations.remove(keyOf(google))],
  ])('that is %s is looked at, and so are its agents, and no others', (_how, change) => {
    const { google } = known()
    caches.agents.put(newer(anAgent({ integrationRef: { name: 'other' } }, 'carol')))
    forget()
    change(google)
    expect(integrations.take()).toEqual(['booking/google'])
    expect(agents.take()).toEqual(['booking/alice behind', 'booking/bob behind'])
  })

  test('that is created after its agents has them reconciled', () => {
    caches.agents.put(newer(anAgent()))
    forget()
    caches.integrations.put(newer(anIntegration()))
    expect(agents.take()).toEqual(['booking/alice behind'])
  })

  test('whose status somebody else has written is reconciled, and none of its agents', () => {
    const { google } = known()
    caches.integrations.put(newer({ ...google, status: { observedGeneration: 1 } }))
    expect([agents.take(), integrations.take()]).toEqual([[], ['booking/google']])
  })

  test('whose client becomes usable has its agents reconciled, once', () => {
    known()
    registry.put('booking/google', entry)
    expect(agents.take()).toEqual(['booking/alice behind', 'booking/bob behind'])
    registry.put('booking/google', { ...entry })
    expect(agents.take()).toEqual([])
  })

  test('that leaves a site, or is deleted, has the others there reconciled; one that joins or stays does not', () => {
    const { google } = known()
    const on = (host: string, namespace: string): CalendarIntegration => {
      const one = anIntegration({ siteURI: `https://${host}` })
      return newer(one, { namespace, uid: `uid-of-${namespace}` })
    }
    const rival = on('booking.example.com:8443', 'rival')
    caches.integrations.put(rival)
    caches.integrations.put(on('other.example.com', 'other'))
    forget()
    caches.integrations.put(newer(google, { generation: 2 }))
    expect(integrations.take()).toEqual(['booking/google'])
    caches.integrations.put(newer({ ...google, spec: on('moved.example.com', 'x').spec }, { generation: 3 }))
    expect(integrations.take()).toEqual(['booking/google', 'rival/google behind'])
    caches.integrations.put(newer(google, { generation: 4 }))
    expect(integrations.take()).toEqual(['booking/google'])
    caches.integrations.remove(keyOf(google))
    expect(integrations.take()).toEqual(['booking/google', 'rival/google behind'])
  })

  test('is reconciled when its site was assigned', () => {
    known()
    claimed('rival/google')
    expect(integrations.take()).toEqual(['rival/google behind'])
  })

  test('that gets its site has its agents reconciled', () => {
    known()
    registry.put('booking/google', { ...entry, siteAccepted: false })
    forget()
    registry.put('booking/google', entry)
    expect(agents.take()).toEqual(['booking/alice behind', 'booking/bob behind'])
  })

  test('is reconciled when an agent has observed something about its client or its API', () => {
    known()
    registry.report('booking/google', { clientRefused: true })
    registry.report('booking/google', { api: 'Disabled' })
    expect(integrations.take()).toEqual(['booking/google', 'booking/google'])
  })
})

describe('a Secret', () => {
  test.each([
    ['the grant that an agent brings', 'alice-grant', ['booking/alice'], []],
    ['the grant that we keep', 'alice-google-grant', ['booking/alice'], []],
    ['the client of an integration', 'google-oauth-client', [], ['booking/google']],
    ['nobody’s', 'unrelated', [], []],
  ])('that is %s wakes who uses it, when it comes, changes and goes', (_whose, name, whoOfAgents, whoElse) => {
    known()
    const secret = aSecret(name)
    for (const change of [
      () => caches.secrets.put(secret),
      () => caches.secrets.put(newer(secret)),
      () => caches.secrets.remove(keyOf(secret)),
    ]) {
      change()
      expect([agents.take(), integrations.take()]).toEqual([whoOfAgents, whoElse])
    }
  })

  test('that we have written reconciles nothing', async () => {
    known()
    const secret = aSecret('alice-google-grant')
    await caches.secrets.writing(keyOf(secret), undefined, async () => secret)
    caches.secrets.put(secret)
    expect(agents.take()).toEqual([])
  })

  test('that several agents use reconciles all of them, and not one that no longer uses it', () => {
    const { alice, bob } = known()
    const shared = { grantSecretRef: { name: 'shared' } }
    caches.agents.put(newer({ ...alice, spec: { ...alice.spec, ...shared } }, { generation: 2 }))
    caches.agents.put(newer({ ...bob, spec: { ...bob.spec, ...shared } }, { generation: 2 }))
    forget()
    caches.secrets.put(aSecret('shared'))
    expect(agents.take()).toEqual(['booking/alice', 'booking/bob'])
    caches.agents.put(newer({ ...bob, spec: { ...bob.spec, grantSecretRef: { name: 'own' } } }, { generation: 3 }))
    forget()
    caches.secrets.put(aSecret('shared'))
    expect(agents.take()).toEqual(['booking/alice'])
  })
})

test('a published ConfigMap that somebody edits or deletes has its agent reconciled', () => {
  known()
  const configMap = { ...aSecret('alice-calendar'), kind: 'ConfigMap' }
  caches.configMaps.put(configMap)
  caches.configMaps.put(newer(configMap))
  caches.configMaps.remove(keyOf(configMap))
  expect(agents.take()).toEqual(['booking/alice', 'booking/alice', 'booking/alice'])
})

describe('a namespace', () => {
  const booking: KubernetesObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'booking', uid: 'n' } }

  test('has its agents reconciled when its labels change: integrations may select by them', () => {
    known()
    caches.namespaces.put(newer(booking, { labels: { team: 'sales' } }))
    expect(agents.take()).toEqual(['booking/alice behind', 'booking/bob behind'])
  })

  test('reconciles nothing when anything else of it changes', () => {
    known()
    caches.namespaces.put(newer(booking, { labels: { team: 'sales' } }))
    forget()
    caches.namespaces.put(newer(booking, { labels: { team: 'sales' }, annotations: { note: 'hi' } }))
    expect(agents.take()).toEqual([])
  })
})
