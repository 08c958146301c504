import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WATCHED } from '../../src/kubernetes/kinds.ts'
import { createCluster, type RunningCluster } from '../../src/kubernetes/cluster.ts'
import { keyOf, type WatchEvent, type KubernetesObject, type Secret } from '../../src/kubernetes/port.ts'
import { ManualClock } from '../support/clock.ts'
import { ScriptedApi, type Incoming, type Reply, type Script } from './support/api.ts'
import { agent, integration, thing } from './support/objects.ts'
import { LogBook, until } from './support/wait.ts'

const GROUP = '/apis/calendar-operator.io/v1alpha1'
const secret = (name: string, metadata: object = {}): Secret => ({
  ...thing(name, metadata),
  kind: 'Secret',
  data: { token: 'c2VjcmV0' },
})

let clock: ManualClock
let log: LogBook
let api: ScriptedApi
let cluster: RunningCluster
/** What lists answer, by path. */
let lists: Record<string, KubernetesObject[]>
/** The open watches, by path. */
let watches: Map<string, Reply>
/** What is answered to requests that are neither lists nor watches. */
let rest: Script

const serve: Script = (request, reply) => {
  const { method, path, query } = request
  if (query.get('watch') === 'true') {
    watches.set(path, reply)
    return reply.begin()
  }
  if (method === 'GET' && query.has('limit')) {
    return reply.json({ metadata: { resourceVersion: '100' }, items: lists[path] ?? [] })
  }
  rest(request, reply)
}

/** Agents with another value of this label are another replica's. */
const isOwn = ({ metadata }: KubernetesObject): boolean => (metadata.labels?.shard ?? 'here') === 'here'

function create(namespaces: string[] = []): RunningCluster {
  const connection = api.connect(clock)
  const random = (): number => 0.5
  return (cluster = createCluster({ connection, clock, random, log, namespaces, isOwn, instance: 'pod' }))
}

const KINDS = Object.keys(WATCHED).length

async function started(namespaces: string[] = []): Promise<RunningCluster> {
  await create(namespaces).start()
  const count = namespaces.length === 0 ? KINDS : (KINDS - 1) * namespaces.length
  await until('everything is watched', () => watches.size === count)
  api.requests.length = 0
  return cluster
}

const told = (changes: WatchEvent<KubernetesObject>[]): string[] =>
  changes.map(
    ({ before, after }) => `${before?.metadata.resourceVersion ?? '-'} > ${after?.metadata.resourceVersion ?? '-'}`,
  )

beforeEach(async () => {
  clock = new ManualClock()
  log = new LogBook()
  lists = {}
  watches = new Map()
  rest = (_request, reply) => reply.refuse(404, 'NotFound')
  api = await ScriptedApi.start(serve)
})

afterEach(async () => {
  await cluster.stop()
  await api.kill()
})

describe('the watches', () => {
  it('cover every kind in all namespaces', async () => {
    await started()
    expect([...watches.keys()].sort()).toEqual([
      '/api/v1/configmaps',
      '/api/v1/namespaces',
      '/api/v1/secrets',
      `${GROUP}/agents`,
      `${GROUP}/bookings`,
      `${GROUP}/calendarintegrations`,
    ])
    expect(cluster.namespaces).toBeDefined()
  })

  it('cover every kind in each named namespace, but no Namespaces, which may not be read then', async () => {
    lists['/apis/calendar-operator.io/v1alpha1/namespaces/team/agents'] = [
      { ...agent('bob'), metadata: { ...agent('bob').metadata, namespace: 'team' } },
    ]
    lists['/apis/calendar-operator.io/v1alpha1/namespaces/booking/agents'] = [agent('alice')]
    await started(['booking', 'team'])
    expect(cluster.namespaces).toBeUndefined()
    expect([...cluster.agents.list()].map(keyOf).sort()).toEqual(['booking/alice', 'team/bob'])
    // One of the two lists again: the other namespace's objects stay.
    lists = {}
    watches.get(`${GROUP}/namespaces/booking/agents`)?.event('ERROR', { code: 410, reason: 'Expired' })
    await until('it pauses', () => log.lines.length === 1)
    await clock.advance(2_000)
    await until('alice is gone', () => cluster.agents.get('booking/alice') === undefined)
    expect([...cluster.agents.list()].map(keyOf)).toEqual(['team/bob'])
  })

  it('are synced once every kind was listed, and not before', async () => {
    let answer = (): void => undefined
    api.script = (request, reply) => {
      if (request.path === '/api/v1/secrets' && request.query.has('limit')) answer = () => serve(request, reply)
      else serve(request, reply)
    }
    const running = create()
    const ready = running.start()
    await until('the others are watched', () => watches.size === KINDS - 1)
    expect(running.hasSynced).toBe(false)
    answer()
    await ready
    expect(running.hasSynced).toBe(true)
  })

  it('never keep the data of a Secret: neither listed, nor watched, nor written', async () => {
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{"data":{"token":"c2VjcmV0"}}' }
    lists['/api/v1/secrets'] = [secret('listed', { annotations })]
    await started()
    watches.get('/api/v1/secrets')?.event('ADDED', secret('watched', { resourceVersion: '101' }))
    rest = (_request, reply) => reply.json(secret('written', { resourceVersion: '102' }), 201)
    const answered = await cluster.create(secret('written', { resourceVersion: undefined }))
    expect(answered.data).toEqual({ token: 'c2VjcmV0' })
    await until('all are there', () => [...cluster.secrets.list()].length === 3)
    expect(JSON.stringify([...cluster.secrets.list()])).not.toContain('c2VjcmV0')
  })

  it('fill the indexes: who uses what', async () => {
    const users = [
      agent('alice', {
        integrationRef: { name: 'google', namespace: 'site' },
        grantSecretRef: { name: 'supplied' },
        publish: { accessToken: { name: 'token' }, calendar: { kind: 'Secret', name: 'calendar' } },
      }),
      agent('bob', { publish: { calendar: { kind: 'ConfigMap', name: 'calendar' } } }),
    ]
    lists[`${GROUP}/agents`] = users
    lists[`${GROUP}/calendarintegrations`] = [integration('google')]
    await started()
    const by = (index: string, value: string) =>
      cluster.agents.byIndex(index, value).map(({ metadata }) => metadata.name)
    expect(by('integration', 'site/google')).toEqual(['alice'])
    expect(by('integration', 'booking/google')).toEqual(['bob'])
    for (const name of ['alice-google-grant', 'supplied', 'token', 'calendar']) {
      expect(by('secret', `booking/${name}`), name).toEqual(['alice'])
    }
    expect(by('secret', 'booking/bob-google-grant')).toEqual(['bob'])
    expect(by('configMap', 'booking/calendar')).toEqual(['bob'])
    expect(by('namespace', 'booking')).toEqual(['alice', 'bob'])
    expect(cluster.integrations.byIndex('secret', 'booking/client').map(keyOf)).toEqual(['booking/google'])
  })
})

describe('of an Agent of another replica', () => {
  const conditions = [
    {
      type: 'Ready',
      status: 'True',
      reason: 'Ready',
      message: 'All is well.',
      lastTransitionTime: '2026-11-23T10:00:00Z',
    },
  ]
  const status = { observedGeneration: 1, conditions, authorization: { account: 'alice@example.com', scopes: ['a'] } }
  const inVersion = (resourceVersion: string, shard: string) =>
    ({
      ...agent('alice'),
      metadata: { ...agent('alice').metadata, resourceVersion, labels: { shard } },
      status,
    }) as const
  const stored = () => cluster.agents.get('booking/alice')

  it('less is kept: its status is not written here', async () => {
    lists[`${GROUP}/agents`] = [inVersion('1', 'there')]
    await started()
    expect(stored()?.spec).toEqual(agent('alice').spec)
    expect(stored()?.status).toEqual({
      conditions: [{ ...conditions[0], message: '', lastTransitionTime: '' }],
      authorization: { account: 'alice@example.com' },
    })
  })

  it('everything is there as soon as its labels say that it is reconciled here', async () => {
    lists[`${GROUP}/agents`] = [inVersion('1', 'there')]
    await started()
    watches.get(`${GROUP}/agents`)?.event('MODIFIED', inVersion('101', 'here'))
    await until('it has come', () => stored()?.metadata.resourceVersion === '101')
    expect(stored()?.status).toEqual(status)
    watches.get(`${GROUP}/agents`)?.event('MODIFIED', inVersion('102', 'there'))
    await until('it has left', () => stored()?.metadata.resourceVersion === '102')
    expect(stored()?.status).not.toHaveProperty('observedGeneration')
  })

  it('nothing is read ahead', async () => {
    const of = (name: string, shard: string) => agent(name, {}, { labels: { shard }, uid: `uid-${name}` })
    lists[`${GROUP}/agents`] = [of('ann', 'there'), of('bob', 'here')]
    await started()
    lists['/api/v1/secrets'] = ['ann-google-grant', 'bob-google-grant'].map((name) => secret(name))
    cluster.readAhead()
    expect(await cluster.readSecret('booking', 'bob-google-grant', '1')).toBeDefined()
    expect(await cluster.readSecret('booking', 'ann-google-grant', '1')).toBeUndefined()
  })
})

describe('a read', () => {
  it('returns the object, or undefined if there is none', async () => {
    await started()
    expect(await cluster.readSecret('booking', 'x')).toBeUndefined()
    rest = (_request, reply) => reply.json(secret('x'))
    expect(await cluster.readSecret('booking', 'x')).toEqual(secret('x'))
    await cluster.readConfigMap('booking', 'x')
    expect(api.requests.map(({ path }) => path)).toEqual([
      '/api/v1/namespaces/booking/secrets/x',
      '/api/v1/namespaces/booking/secrets/x',
      '/api/v1/namespaces/booking/configmaps/x',
    ])
  })

  it('fails if it is unknown whether there is one', async () => {
    await started()
    rest = (_request, reply) => reply.text('no such page', 404)
    await expect(cluster.readSecret('booking', 'x')).rejects.toMatchObject({ failure: 'Unknown' })
    rest = (_request, reply) => reply.refuse(403, 'Forbidden')
    await expect(cluster.readSecret('booking', 'x')).rejects.toMatchObject({ failure: 'Forbidden' })
  })

  it.each(['', '.', '..', '../configmaps/x', 'x?watch=true', 'x/', 'X'])(
    'of a name that nothing can have (%j) asks nobody',
    async (name) => {
      await started()
      expect(await cluster.readSecret('booking', name)).toBeUndefined()
      expect(await cluster.readSecret(name, 'x')).toBeUndefined()
      expect(api.requests).toEqual([])
    },
  )
})

describe('a write', () => {
  const changes: WatchEvent<KubernetesObject>[] = []

  beforeEach(async () => {
    changes.length = 0
    lists[`${GROUP}/agents`] = [
      { ...agent('alice'), status: { observedGeneration: 1, sync: { busyIntervals: 2 } } } as never,
    ]
    lists['/api/v1/secrets'] = [secret('x')]
    await started()
    cluster.agents.subscribe((change) => changes.push(change))
    cluster.secrets.subscribe((change) => changes.push(change))
    changes.length = 0
  })

  const alice = () => cluster.agents.get('booking/alice')!
  const answerWith =
    (object: object, status = 200): Script =>
    (_request, reply) =>
      reply.json(object, status)

  it('of a status is a merge patch for the version that was read, in which removed fields are null', async () => {
    rest = answerWith({ ...alice(), metadata: { ...alice().metadata, resourceVersion: '101' }, status: {} })
    await cluster.writeStatus(alice(), { observedGeneration: 2, conditions: [] })
    const [request] = api.requests
    expect(request).toMatchObject({
      method: 'PATCH',
      path: `${GROUP}/namespaces/booking/agents/alice/status`,
      body: { metadata: { resourceVersion: '1' }, status: { observedGeneration: 2, conditions: [], sync: null } },
    })
    expect(request?.headers['content-type']).toBe('application/merge-patch+json')
    expect(alice().metadata.resourceVersion).toBe('101')
    watches.get(`${GROUP}/agents`)?.event('MODIFIED', alice())
    watches
      .get(`${GROUP}/agents`)
      ?.event('ADDED', { ...agent('bob'), metadata: { ...agent('bob').metadata, resourceVersion: '102' } })
    await until('bob was told', () => changes.length > 0)
    expect(told(changes)).toEqual(['- > 102'])
  })

  it('is not reported even if the watch event arrives before its response', async () => {
    const written = { ...alice(), metadata: { ...alice().metadata, resourceVersion: '101' } }
    let answer = (): void => undefined
    rest = (_request, reply) => (answer = () => reply.json(written))
    const writing = cluster.writeStatus(alice(), {})
    await until('it arrived', () => api.requests.length === 1)
    const bob = { ...agent('bob'), metadata: { ...agent('bob').metadata, resourceVersion: '102' } }
    watches.get(`${GROUP}/agents`)?.event('MODIFIED', written)
    watches.get(`${GROUP}/agents`)?.event('ADDED', bob)
    await until('the watch was heard', () => cluster.agents.get('booking/bob') !== undefined)
    answer()
    await writing
    expect(told(changes)).toEqual(['- > 102'])
  })

  it('that conflicts changes nothing in the store, and is left to the caller to repeat', async () => {
    rest = (_request, reply) => reply.refuse(409, 'Conflict')
    await expect(cluster.patch(alice(), { metadata: { labels: {} } })).rejects.toMatchObject({ failure: 'Conflict' })
    expect(alice().metadata.resourceVersion).toBe('1')
    expect(api.requests).toHaveLength(1)
  })

  it.each<[string, (object: Secret) => Promise<unknown>]>([
    ['patch', (object) => cluster.patch(object, { data: { a: null } })],
    ['status', (object) => cluster.writeStatus({ ...alice(), metadata: object.metadata }, {})],
    ['deletion', (object) => cluster.delete(object)],
  ])(
    'that does not name the version it was decided on is a fault of ours, and never sent: a %s',
    async (_what, write) => {
      await expect(write(secret('x', { resourceVersion: undefined }))).rejects.toThrow('names no resourceVersion')
      expect(api.requests).toEqual([])
    },
  )

  it('of a new object goes to its collection, and fails if the object exists', async () => {
    rest = (_request, reply) => reply.refuse(409, 'AlreadyExists')
    const made = secret('new', { resourceVersion: undefined })
    await expect(cluster.create(made)).rejects.toMatchObject({ failure: 'AlreadyExists' })
    expect(api.requests[0]).toMatchObject({ method: 'POST', path: '/api/v1/namespaces/booking/secrets' })
  })

  it('that deletes an object which the API server returns as it was takes it out of the store, too', async () => {
    rest = answerWith(alice())
    await cluster.delete(alice())
    expect(cluster.agents.get('booking/alice')).toBeUndefined()
  })

  it('deletes exactly this object, at once and without an event', async () => {
    rest = answerWith({ kind: 'Status', status: 'Success' })
    await cluster.delete(cluster.secrets.get('booking/x')!)
    expect(api.requests[0]).toMatchObject({
      method: 'DELETE',
      path: '/api/v1/namespaces/booking/secrets/x',
      body: { kind: 'DeleteOptions', preconditions: { uid: 'uid-x', resourceVersion: '1' } },
    })
    expect(cluster.secrets.get('booking/x')).toBeUndefined()
    watches.get('/api/v1/secrets')?.event('DELETED', secret('x', { resourceVersion: '101' }))
    watches.get('/api/v1/secrets')?.event('ADDED', secret('y', { resourceVersion: '102' }))
    await until('y was told', () => changes.length > 0)
    expect(told(changes)).toEqual(['- > 102'])
  })

  it('that deletes an object which is gone does nothing; one that finds another object of that name leaves it alone', async () => {
    await cluster.delete(cluster.secrets.get('booking/x')!)
    rest = (_request, reply) => reply.refuse(409, 'Conflict')
    await expect(cluster.delete(cluster.secrets.get('booking/x')!)).rejects.toMatchObject({ failure: 'Conflict' })
    expect(cluster.secrets.get('booking/x')).toBeDefined()
  })

  it('that deletes an object with finalizers keeps it in the store until they are removed', async () => {
    const metadata = { ...alice().metadata, resourceVersion: '101', deletionTimestamp: '2026-11-23T10:00:00Z' }
    rest = answerWith({ ...alice(), metadata })
    await cluster.delete(alice())
    expect(alice().metadata.deletionTimestamp).toBeDefined()
    expect(changes).toEqual([])
  })
})

describe('stopping', () => {
  it('ends every watch, and leaves no timer', async () => {
    await started()
    await cluster.stop()
    await until('the watches are closed', () => clock.pending.length === 0)
    const before: Incoming[] = [...api.requests]
    await clock.advance(600_000)
    expect(api.requests).toEqual(before)
  })
})
