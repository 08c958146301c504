/** What `status` looks at, as the API server gives it. */
import type { Lease } from '../../kubernetes/lease-object.ts'
import { collectionPath } from '../../kubernetes/paths.ts'
import type { SendRequest } from '../../kubernetes/request.ts'
import { GROUP_VERSION } from '../../resources/names.ts'
import type { Agent, CalendarIntegration } from '../../resources/types.ts'

export interface ClusterSnapshot {
  /** Undefined: all of them. */
  namespace: string | undefined
  integrations: CalendarIntegration[]
  agents: Agent[]
  /** The Leases by which operators lead; undefined where they can't be read. */
  leases: Lease[] | undefined
}

const PAGE = 500
const LEASES = 'coordination.k8s.io/v1'
/** What the Lease is called, and the namespace that our manifests put the operator in. */
const OPERATOR = 'calendar-operator'

/** Fails with an `ApiError` where integrations and agents can't be read; Leases are a courtesy. */
export async function readSnapshot(send: SendRequest, namespace: string | undefined): Promise<ClusterSnapshot> {
  const [integrations, agents, leases] = await Promise.all([
    list<CalendarIntegration>(send, collectionPath(GROUP_VERSION, namespace, 'calendarintegrations')),
    list<Agent>(send, collectionPath(GROUP_VERSION, namespace, 'agents')),
    readLeases(send),
  ])
  return { namespace, integrations, agents, leases }
}

/** Everywhere where that is allowed, else where the operator usually is. */
async function readLeases(send: SendRequest): Promise<Lease[] | undefined> {
  for (const namespace of [undefined, OPERATOR]) {
    try {
      const query = `fieldSelector=metadata.name%3D${OPERATOR}`
      return await list<Lease>(send, collectionPath(LEASES, namespace, 'leases'), query)
    } catch {
      // Not allowed, most likely. What went wrong beyond that, the other reads say.
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
