/** Reads single objects with their data. At a start they come from pages (`read-ahead.ts`), as far as the watch shows no other version. */
import type { Clock } from '../platform/clock.ts'
import { MANAGED_BY_SELECTOR, ROLE_LABEL } from '../resources/names.ts'
import type { Agent } from '../resources/types.ts'
import type { Caches } from './caches.ts'
import { WATCHED } from './kinds.ts'
import { collectionPath, isName } from './paths.ts'
import { ApiError, type Cluster, type ConfigMap, type Secret } from './port.ts'
import { ReadAhead } from './read-ahead.ts'
import type { SendRequest } from './request.ts'

/** Reads objects. */
interface Reader extends Pick<Cluster, 'readSecret' | 'readConfigMap'> {
  readAhead(): void
  stop(): void
}

/** The Secrets that a reconcile of an Agent reads. */
const AGENT_SECRETS = `${MANAGED_BY_SELECTOR},${ROLE_LABEL} in (grant,calendar,access-token)`

/** What is needed to read. */
interface ReaderDeps {
  send: SendRequest
  clock: Clock
  /** The watched namespaces; empty for all. */
  namespaces: readonly string[]
  /** Whether this Agent is reconciled here. What belongs to others is not read ahead. */
  isOwn: (agent: Agent) => boolean
}

/** Creates the functions that read. */
export function createReader(deps: ReaderDeps, { agents }: Pick<Caches, 'agents'>): Reader {
  const { namespaces, isOwn } = deps
  const everywhere = namespaces.length === 0 ? [undefined] : namespaces
  const readerOf = <T extends Secret | ConfigMap>(of: 'secrets' | 'configMaps') => {
    const kind = WATCHED[of]
    const [labelSelector, index] = of === 'secrets' ? [AGENT_SECRETS, 'secret'] : [MANAGED_BY_SELECTOR, 'configMap']
    const isWanted = (key: string): boolean => agents.byIndex(index, key).some(isOwn)
    const pages = new Map(
      everywhere.map((namespace) => [
        namespace,
        new ReadAhead(deps, { path: collectionPath(kind, namespace), kind, labelSelector, isWanted }),
      ]),
    )
    const read = async (namespace: string, name: string, seen: string | undefined): Promise<T | undefined> => {
      // No object can have such a name, and its path would lead somewhere else.
      if (!isName(namespace) || !isName(name)) return undefined
      const ahead = pages.get(undefined) ?? pages.get(namespace)
      const found = seen === undefined ? undefined : await ahead?.take(`${namespace}/${name}`, seen)
      return (found as T | undefined) ?? readNow<T>(deps.send, `${collectionPath(kind, namespace)}/${name}`)
    }
    return { read, pages: [...pages.values()] }
  }
  const secrets = readerOf<Secret>('secrets')
  const configMaps = readerOf<ConfigMap>('configMaps')
  const all = [...secrets.pages, ...configMaps.pages]
  return {
    readSecret: (namespace, name, seen) => secrets.read(namespace, name, seen),
    readConfigMap: (namespace, name, seen) => configMaps.read(namespace, name, seen),
    readAhead: () => all.forEach((one) => one.begin()),
    stop: () => all.forEach((one) => one.end()),
  }
}

async function readNow<T>(send: SendRequest, path: string): Promise<T | undefined> {
  try {
    return await send<T>({ method: 'GET', path })
  } catch (error) {
    if (error instanceof ApiError && error.failure === 'NotFound') return undefined
    throw error
  }
}
