/** The objects that `status` needs, as the API server returns them. */
import type { Lease } from '../../kubernetes/lease-object.ts'
import { LEASES, WATCHED } from '../../kubernetes/kinds.ts'
import { collectionPath } from '../../kubernetes/paths.ts'
import type { SendRequest } from '../../kubernetes/request.ts'
import type { Agent, CalendarIntegration } from '../../resources/types.ts'

/** Everything that was read. */
export interface ClusterSnapshot {
  /** Undefined for all namespaces. */
  namespace: string | undefined
  integrations: CalendarIntegration[]
  agents: Agent[]
  /** The operators' Leases; undefined if they can't be read. */
  leases: Lease[] | undefined
}

const PAGE = 500
/** The name of the Lease, and of the namespace in which the manifests install the operator. */
const OPERATOR = 'calendar-operator'

/** @throws ApiError if integrations or agents can't be read; Leases are optional. */
export async function readSnapshot(send: SendRequest, namespace: string | undefined): Promise<ClusterSnapshot> {
  const [integrations, agents, leases] = await Promise.all([
    list<CalendarIntegration>(send, collectionPath(WATCHED.integrations, namespace)),
    list<Agent>(send, collectionPath(WATCHED.agents, namespace)),
    readLeases(send),
  ])
  return { namespace, integrations, agents, leases }
}

/** In all namespaces if that is allowed, else in the operator's usual namespace. */
async function readLeases(send: SendRequest): Promise<Lease[] | undefined> {
  for (const namespace of [undefined, OPERATOR]) {
    try {
      const query = `fieldSelector=metadata.name%3D${OPERATOR}`
      return await list<Lease>(send, collectionPath(LEASES, namespace), query)
    } catch {
      // Most likely forbidden. The other reads report any other failure.
    }
  }
  return undefined
}

interface List<T> {
  metadata?: { continue?: string }
  items: T[]
}

async function list<T>(send: SendRequest, path: string, query = ''): Promise<T[]> {
  const items: T[] = []
  let next = ''
  do {
    const page = [`limit=${PAGE}`, query, next && `continue=${encodeURIComponent(next)}`].filter(Boolean).join('&')
    const answer = await send<List<T>>({ method: 'GET', path: `${path}?${page}` })
    items.push(...answer.items)
    next = answer.metadata?.continue ?? ''
  } while (next !== '')
  return items
}
