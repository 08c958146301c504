/** An API server with the objects of a snapshot, which refuses what a test tells it to refuse. */
import type { ClusterSnapshot } from '../../../src/cli/status/cluster-snapshot.ts'
import { CUSTOM_STORE_NAMES, WATCHED } from '../../../src/kubernetes/kinds.ts'
import { connect, type Connection } from '../../../src/kubernetes/connection.ts'
import type { Clock } from '../../../src/platform/clock.ts'
import { ScriptedApi, type Incoming, type Reply } from '../../kubernetes/support/api.ts'
import { configOf } from '../../kubernetes/support/kubeconfig.ts'

export interface Refusals {
  /** The response to every request. */
  refuse?: number
  /** Where Leases may be read. */
  leasesFor?: 'all' | 'own' | 'none'
}

interface SceneAPI {
  paths: string[]
  connect(clock: Clock): Connection
  close(): Promise<void>
}

export async function startAPI(scene: ClusterSnapshot, refusals: Refusals): Promise<SceneAPI> {
  const paths: string[] = []
  const api = await ScriptedApi.start((request, reply) => {
    paths.push(request.path)
    if (refusals.refuse !== undefined) return reply.refuse(refusals.refuse, 'No')
    if (request.path.endsWith('/leases')) return answerLeases(request, reply, scene, refusals.leasesFor ?? 'all')
    const name = CUSTOM_STORE_NAMES.find((one) => request.path.endsWith(`/${WATCHED[one].plural}`))
    page(request, reply, name ? scene[name] : [])
  })
  return {
    paths,
    connect: (clock) => connect(configOf({ cluster: api.cluster, namespace: 'of-the-context' }), clock),
    close: () => api.kill(),
  }
}

function answerLeases(request: Incoming, reply: Reply, { leases }: ClusterSnapshot, allowed: string): void {
  const own = request.path.includes('/namespaces/calendar-operator/')
  if (!leases || allowed === 'none' || (allowed === 'own' && !own)) return reply.refuse(403, 'Forbidden')
  if (request.query.get('fieldSelector') !== 'metadata.name=calendar-operator') return reply.refuse(400, 'BadRequest')
  page(request, reply, leases)
}

function page({ query }: Incoming, reply: Reply, items: readonly object[]): void {
  const from = Number(query.get('continue') ?? 0)
  const to = from + Number(query.get('limit'))
  reply.json({ metadata: to < items.length ? { continue: String(to) } : {}, items: items.slice(from, to) })
}
