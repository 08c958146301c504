/** Creates one store for each watched kind, and the reflectors that keep the stores in sync with the API server. */
import type { Log } from '../platform/log.ts'
import type { Agent } from '../resources/types.ts'
import { compactForeignAgent } from './foreign-agent.ts'
import {
  LEASES,
  STORE_NAMES,
  storeNameOf,
  stripped,
  WATCHED,
  type ObjectIn,
  type StoreName,
  type WatchedKind,
} from './kinds.ts'
import type { KubernetesObject } from './objects.ts'
import type { Lease } from './lease-object.ts'
import { collectionPath } from './paths.ts'
import { createReflector, type Reflector, type ReflectorDeps } from './reflector.ts'
import { WatchStore } from './store.ts'

/** One watch store for each watched kind. */
export type Caches = { readonly [N in StoreName]: WatchStore<ObjectIn<N>> }

/** Creates the empty caches. @param isOwn whether an Agent is reconciled here; less is kept of others. By default, all are. */
export function createCaches(log: Log, isOwn?: (agent: Agent) => boolean): Caches {
  const stores = STORE_NAMES.map((name) => [name, createStore(log, WATCHED[name] as WatchedKind)])
  const agents = { ...WATCHED.agents, strip: isOwn ? strippedAgent(isOwn) : WATCHED.agents.strip }
  return { ...Object.fromEntries(stores), agents: createStore(log, agents) } as Caches
}

/** Whose an Agent is, its labels say. A change of them comes with the whole Agent, so nothing is missing when it becomes own. */
const strippedAgent =
  (isOwn: (agent: Agent) => boolean) =>
  (agent: Agent): Agent =>
    isOwn(agent) ? stripped(agent) : compactForeignAgent(stripped(agent))

/** Creates a store for metadata that is separate from the caches. */
export const createMetadataStore = (log: Log): WatchStore<KubernetesObject> =>
  createStore(log, { ...WATCHED.secrets, indexes: {} })

const createStore = <T extends KubernetesObject>(
  log: Log,
  { strip, indexes }: Pick<WatchedKind<T>, 'strip' | 'indexes'>,
): WatchStore<T> =>
  new WatchStore({ strip, indexes, onError: (error) => log.error({ error }, 'a watch listener failed') })

/** The cache of this kind; undefined if the kind is not watched. */
export function cacheOf(caches: Caches, kind: string): WatchStore<KubernetesObject> | undefined {
  const name = storeNameOf(kind)
  return name && storeOf(caches, name)
}

/** A store by a name that is known only at run time, typed by what all objects have in common. */
const storeOf = (caches: Caches, name: StoreName): WatchStore<KubernetesObject> =>
  caches[name] as unknown as WatchStore<KubernetesObject>

/**
 * Creates a reflector for each watched kind and namespace.
 *
 * @param namespaces empty for all namespaces.
 */
export function createReflectors(deps: ReflectorDeps, caches: Caches, namespaces: readonly string[]): Reflector[] {
  const all = namespaces.length === 0
  const reflectorsIn = (scope: WatchedKind['scope'], namespace: string | undefined): Reflector[] =>
    STORE_NAMES.filter((name) => WATCHED[name].scope === scope).map((name) =>
      createReflector(deps, {
        kind: WATCHED[name],
        path: collectionPath(WATCHED[name], namespace),
        store: storeOf(caches, name),
        scope: (key) => namespace === undefined || key.startsWith(`${namespace}/`),
      }),
    )
  return [
    ...(all ? [undefined] : namespaces).flatMap((namespace) => reflectorsIn('Namespaced', namespace)),
    ...(all ? reflectorsIn('Cluster', undefined) : []),
  ]
}

/** Creates a reflector that keeps a store in sync with one Secret. The readiness of the caches does not depend on it. */
export function createSecretReflector(
  deps: ReflectorDeps,
  { namespace, name }: { namespace: string; name: string },
  store: WatchStore<KubernetesObject>,
): Reflector {
  const kind = WATCHED.secrets
  return createReflector(deps, { kind, path: collectionPath(kind, namespace), name, store, scope: () => true })
}

/** Creates a reflector for the Leases of a namespace with these labels, and its store. */
export function createLeaseReflector(
  deps: ReflectorDeps,
  { namespace, labelSelector }: { namespace: string; labelSelector: string },
): { reflector: Reflector; store: WatchStore<Lease & KubernetesObject> } {
  const onError = (error: unknown): void => deps.log.error({ error }, 'a watch listener failed')
  const store = new WatchStore<Lease & KubernetesObject>({ strip: stripped, onError })
  const kind = { ...LEASES, labelSelector, metadataOnly: false }
  const path = collectionPath(LEASES, namespace)
  return { store, reflector: createReflector(deps, { kind, path, store, scope: () => true }) }
}
