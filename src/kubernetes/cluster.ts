/**
 * The room of Kubernetes: the only one that speaks to the API server. `port.ts` says what the others may ask; here it is
 * put together: one pool of connections (`connection.ts`), one way to send a request (`request.ts`), a reflector and a store
 * for each watched resource (`caches.ts`), writes (`writer.ts`) and Events (`events.ts`). Leader election (`lease.ts`) stands
 * beside it. It may touch nothing but the API server and what it is handed.
 */
import type { Clock, Random } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import { ApiHealth } from './api-health.ts'
import { createCaches, createMetadataStore, createReflectors, createSecretReflector } from './caches.ts'
import type { Connection } from './connection.ts'
import { createEventRecorder, type EventsDeps } from './events.ts'
import { WATCHED, type ResourceKind } from './kinds.ts'
import { collectionPath, isName } from './paths.ts'
import { ApiError } from './port.ts'
import type { Cluster, ConfigMap, Secret } from './port.ts'
import { createRequest, type RequestDeps, type SendRequest } from './request.ts'
import type { Reflector, ReflectorDeps } from './reflector.ts'
import { createWriter } from './writer.ts'

export interface ClusterDeps {
  connection: Connection
  clock: Clock
  random: Random
  log: Log
  /** Empty: all of them. */
  namespaces: readonly string[]
  /** Who reports Events. */
  instance: string
  /** Called for every request that was tried. */
  observe?: RequestDeps['observe']
  /** Called for every Event that was not written. */
  eventDropped?: EventsDeps['dropped']
}

export interface RunningCluster extends Cluster {
  readonly send: SendRequest
  /** Begins to watch; resolves once everything was listed. */
  start(): Promise<void>
  readonly hasSynced: boolean
  /** Whether everything was listed, and is watched: each watch was accepted within the last minute. */
  readonly isReady: boolean
  /** Calls back a moment after each time that the API server answers again. */
  onRecovery(listener: () => void): void
  /** Ends the watches, and gives the Events that were noted a moment to be written. */
  stop(): Promise<void>
}

export function createCluster(deps: ClusterDeps): RunningCluster {
  const health = new ApiHealth(deps)
  const send = createRequest({ ...deps, health })
  const caches = createCaches(deps.log)
  const reflectors = createReflectors({ ...deps, send, health }, caches, deps.namespaces)
  const single = createSecretWatches({ ...deps, send, health })
  const events = createEventRecorder({ ...deps, send, dropped: deps.eventDropped })
  let running: Promise<unknown> = Promise.resolve()
  return {
    ...caches,
    namespaces: deps.namespaces.length === 0 ? caches.namespaces : undefined,
    ...createReader(send),
    ...createWriter(send, caches),
    watchSecret: (...which) => single.watch(...which),
    recordEvent: (event) => events.record(event),
    send,
    onRecovery(listener) {
      const again = (): void => {
        health.onRecovery(again)
        listener()
      }
      health.onRecovery(again)
    },
    async start() {
      running = Promise.all(reflectors.map((reflector) => reflector.run()))
      await Promise.all(reflectors.map((reflector) => reflector.synced))
    },
    get hasSynced() {
      return reflectors.every((reflector) => reflector.hasSynced)
    },
    get isReady() {
      return reflectors.every((reflector) => reflector.hasSynced && reflector.isFresh)
    },
    async stop() {
      for (const reflector of reflectors) reflector.stop()
      await Promise.all([running, single.stop(), events.stop()])
    },
  }
}

/** Watches of one Secret each, beside those that the work relies on. */
function createSecretWatches(deps: ReflectorDeps): { watch: Cluster['watchSecret']; stop(): Promise<unknown> } {
  const reflectors: Reflector[] = []
  return {
    watch(namespace, name, listener) {
      const store = createMetadataStore(deps.log)
      store.subscribe(listener)
      const reflector = createSecretReflector(deps, { namespace, name }, store)
      reflectors.push(reflector)
      void reflector.run()
    },
    stop() {
      for (const reflector of reflectors) reflector.stop()
      return Promise.all(reflectors.map((reflector) => reflector.run()))
    },
  }
}

function createReader(send: SendRequest): Pick<Cluster, 'readSecret' | 'readConfigMap'> {
  const read = async <T>(kind: ResourceKind, namespace: string, name: string): Promise<T | undefined> => {
    // Nothing can have such a name, so there is nothing to read.
    if (!isName(namespace) || !isName(name)) return undefined
    try {
      return await send<T>({ method: 'GET', path: `${collectionPath(kind, namespace)}/${name}` })
    } catch (error) {
      if (error instanceof ApiError && error.failure === 'NotFound') return undefined
      throw error
    }
  }
  return {
    readSecret: (namespace, name) => read<Secret>(WATCHED.secrets, namespace, name),
    readConfigMap: (namespace, name) => read<ConfigMap>(WATCHED.configMaps, namespace, name),
  }
}
