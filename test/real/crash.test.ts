/** Our client during what only a real API server does when it crashes and comes back: 429 for a while, then 410. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createCluster } from '../../src/kubernetes/cluster.ts'
import type { RunningCluster } from '../../src/kubernetes/cluster.ts'
import { connect } from '../../src/kubernetes/connection.ts'
import { loadKubeconfig } from '../../src/kubernetes/kubeconfig.ts'
import type { Connection } from '../../src/kubernetes/connection.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { createLog } from '../../src/platform/log.ts'
import { agent, MERGE_PATCH } from '../contract/backend.ts'
import type { Answer, Client } from '../contract/client.ts'
import { startRealKubernetes } from './cluster.ts'
import type { RealKubernetes } from './cluster.ts'

const AGENTS = '/apis/calendar-operator.io/v1alpha1/namespaces/default/agents'
/** It backs off, and the API server fills its caches again. */
const LATER = { timeout: 180_000, interval: 100 }

describe('our client of Kubernetes', () => {
  let kubernetes: RealKubernetes
  let admin: Client
  let cluster: RunningCluster
  let connection: Connection
  beforeAll(async () => {
    kubernetes = await startRealKubernetes()
    admin = await kubernetes.client()
    const config = loadKubeconfig([await kubernetes.kubeconfig()], { env: {} })
    const log = createLog({ level: 'silent', clock: systemClock, write: () => undefined })
    connection = connect(config, systemClock)
    cluster = createCluster({
      connection,
      clock: systemClock,
      random: () => 0.5,
      log,
      namespaces: [],
      instance: 'calendar-operator-1',
    })
    await cluster.start()
  })
  afterAll(async () => {
    await cluster.stop()
    await connection.close()
    await kubernetes.stop()
  })

  /** Whether the write has happened: the answer to an earlier try may have been lost. */
  const isDone = (method: string, { status, body }: Answer): boolean =>
    status < 300 || (method === 'DELETE' && status === 404 && body.kind === 'Status')
  /** Repeats a request until the API server accepts it: right after a start it answers 429. */
  const write = (method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<void> =>
    vi.waitFor(async () => {
      const type = method === 'PATCH' ? { 'content-type': MERGE_PATCH } : undefined
      const answer = await admin.request(method, AGENTS + path, body, type)
      expect(isDone(method, answer), answer.text).toBe(true)
    }, LATER)
  const seen = (name: string) => cluster.agents.get(`default/${name}`)

  it('catches up after a crash of the API server, and never confuses objects', async () => {
    for (const name of ['alice', 'bob', 'carol']) await write('POST', '', agent(name))
    await vi.waitFor(() => expect(seen('carol')).toBeDefined(), LATER)
    const changes: { before?: string; after?: string }[] = []
    cluster.agents.subscribe(({ before, after }) => {
      changes.push({ before: before?.metadata.uid, after: after?.metadata.uid })
    })
    const carol = seen('carol')?.metadata.uid

    await kubernetes.killApiServer()
    await kubernetes.restartApiServer()
    await write('PATCH', '/alice', { spec: { suspend: true } })
    await write('DELETE', '/bob')
    await write('DELETE', '/carol')
    await write('POST', '', agent('carol'))
    await write('POST', '', agent('dora'))

    await vi.waitFor(() => {
      expect(seen('alice')?.spec.suspend).toBe(true)
      expect(seen('bob')).toBeUndefined()
      expect(seen('carol')?.metadata.uid).not.toBe(carol)
      expect(seen('dora')).toBeDefined()
    }, LATER)
    expect(changes).toContainEqual({ before: carol, after: undefined })
    expect(changes.filter(({ before, after }) => before && after && before !== after)).toEqual([])
  })

  it('continues to watch afterwards', async () => {
    await write('POST', '', agent('emil'))
    await vi.waitFor(() => expect(seen('emil')).toBeDefined(), LATER)
  })

  it('distinguishes conflicts from other failures', async () => {
    await write('POST', '', agent('frida'))
    await vi.waitFor(() => expect(seen('frida')).toBeDefined(), LATER)
    const old = structuredClone(seen('frida')!)
    await write('PATCH', '/frida', { spec: { suspend: true } })
    await expect(cluster.patch(old, { spec: { displayName: 'Frida' } })).rejects.toMatchObject({ failure: 'Conflict' })
    await expect(cluster.writeStatus(old, { observedGeneration: 1 })).rejects.toMatchObject({ failure: 'Conflict' })
    await vi.waitFor(() => expect(seen('frida')?.spec.suspend).toBe(true), LATER)
    const current = structuredClone(seen('frida')!)
    await expect(cluster.patch(current, { spec: { account: 3 } })).rejects.toMatchObject({ failure: 'Invalid' })
  })
})
