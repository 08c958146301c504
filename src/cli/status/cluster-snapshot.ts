/** Reads the objects that `status` needs. */
import type { Lease } from '../../kubernetes/lease-object.ts'
import { CUSTOM_STORE_NAMES, LEASES, WATCHED, type CustomStoreName, type ObjectIn } from '../../kubernetes/kinds.ts'
import { collectionPath } from '../../kubernetes/paths.ts'
import type { SendRequest } from '../../kubernetes/request.ts'
import { RING_LABEL } from '../../resources/shard-labels.ts'

/** The objects of each of the operator's kinds. */
type CustomObjectLists = { [N in CustomStoreName]: ObjectIn<N>[] }

/** Everything that was read. */
export interface ClusterSnapshot extends CustomObjectLists {
  /** Undefined for all namespaces. */
  namespace: string | undefined
  /** The operators' Leases; undefined if they can't be read. */
  leases: Lease[] | undefined
  /** The Leases of the members of rings; undefined if they can't be read. */
  shardLeases?: Lease[]
}

const PAGE = 500
/** The name of the Lease, and of the namespace in which the manifests install the operator. */
const OPERATOR = 'calendar-operator'

/** Reads the snapshot. @throws ApiError if one of the operator's kinds cannot be read; Leases are optional. */
export async function readSnapshot(send: SendRequest, namespace: string | undefined): Promise<ClusterSnapshot> {
  const lists = CUSTOM_STORE_NAMES.map(async (name) => [
    name,
    await list(send, collectionPath(WATCHED[name], namespace)),
  ])
  const [objects, leases, shardLeases] = await Promise.all([
    Promise.all(lists),
    readLeases(send, `fieldSelector=metadata.name%3D${OPERATOR}`),
    readLeases(send, `labelSelector=${encodeURIComponent(RING_LABEL)}`),
  ])
  return { namespace, ...(Object.fromEntries(objects) as CustomObjectLists), leases, shardLeases }
}

/** In all namespaces if that is allowed, else in the operator's usual namespace. */
async function readLeases(send: SendRequest, query: string): Promise<Lease[] | undefined> {
  for (const namespace of [undefined, OPERATOR]) {
    try {
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
