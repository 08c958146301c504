/**
 * The Kubernetes room: the only one that sends requests to the API server. Other rooms use `port.ts`, which this file
 * implements with one connection pool (`connection.ts`), one way to send a request (`request.ts`), a reflector and a store for
 * each watched kind (`kinds.ts`, `caches.ts`), writes (`writer.ts`) and Events (`events.ts`). Leader election is in `lease.ts`.
 * The room touches only the API server, the kubeconfig's files, and what it is given.
 */
import type { Clock, Random } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Agent } from '../resources/types.ts'
import { ApiHealth } from './api-health.ts'
import {
  createCaches,
  createLeaseReflector,
  createMetadataStore,
  createReflectors,
  createSecretReflector,
} from './caches.ts'
import type { Connection } from './connection.ts'
import { createEventRecorder, type EventsDeps } from './events.ts'
import type { Lease } from './lease-object.ts'
import type { Cluster, KubernetesObject, WatchEvent } from './port.ts'
import { createReader } from './reader.ts'
import { createRequest, type RequestDeps, type SendRequest } from './request.ts'
import type { Reflector, ReflectorDeps } from './reflector.ts'
import { createWriter } from './writer.ts'

/** What the cluster client needs. */
interface ClusterDeps {
  connection: Connection
  clock: Clock
  random: Random
  log: Log
  /** The watched namespaces; empty for all namespaces. */
  namespaces: readonly string[]
  /** Whether this Agent is reconciled here, or is being handed over; by its labels only. By default, all are. */
  isOwn?: (agent: Agent) => boolean
  /** The reporter of Events: the name of the pod. */
  instance: string
  /** Called after every attempt of a request. */
  observe?: RequestDeps['observe']
  /** Called for every Event that was not written. */
  eventDropped?: EventsDeps['dropped']
}

/** The cluster client with its lifecycle. */
export interface RunningCluster extends Cluster {
  /**
   * Watches the Leases of a namespace with these labels. Calls `listener` once for each, then for every change. Resolves once they
   * were listed. The readiness of the replica does not depend on it.
   */
  watchLeases(
    namespace: string,
    labelSelector: string,
    listener: (change: WatchEvent<Lease & KubernetesObject>) => void,
  ): Promise<void>
  /** Sends any other request. */
  readonly send: SendRequest
  /** Starts the watches; resolves once every kind has been listed. */
  start(): Promise<void>
  /** All objects will be reconciled now: what the operator has stored is read in pages, for a while. */
  readAhead(): void
  /** Whether every kind has been listed. */
  readonly hasSynced: boolean
  /** Whether every kind has been listed, and the API server accepted each watch within the last minute. */
  readonly isReady: boolean
  /** Calls `listener` shortly after the end of each outage of the API server. */
  onRecovery(listener: () => void): void
  /** Ends the watches, and waits a moment for recorded Events to be written. */
  stop(): Promise<void>
}

/** Creates the cluster client. */
export function createCluster(deps: ClusterDeps): RunningCluster {
  const health = new ApiHealth(deps)
  const send = createRequest({ ...deps, health })
  const caches = createCaches(deps.log, deps.isOwn)
  const reflectors = createReflectors({ ...deps, send, health }, caches, deps.namespaces)
  const single = createFurtherWatches({ ...deps, send, health })
  const reader = createReader({ ...deps, send, isOwn: deps.isOwn ?? (() => true) }, caches)
  const events = createEventRecorder({ ...deps, send, dropped: deps.eventDropped })
  let running: Promise<unknown> = Promise.resolve()
  return {
    ...caches,
    namespaces: deps.namespaces.length === 0 ? caches.namespaces : undefined,
    ...reader,
    ...createWriter(send, caches),
    watchSecret: (...which) => single.watch(...which),
    watchLeases: (...which) => single.watchLeases(...which),
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
      reader.stop()
      for (const reflector of reflectors) reflector.stop()
      await Promise.all([running, single.stop(), events.stop()])
    },
  }
}

/** Watches that begin after the start. */
interface FurtherWatches {
  watch: Cluster['watchSecret']
  watchLeases: RunningCluster['watchLeases']
  stop(): Promise<unknown>
}

/** Creates the watches of single Secrets and of Leases. The readiness of the replica does not depend on them. */
function createFurtherWatches(deps: ReflectorDeps): FurtherWatches {
  const reflectors: Reflector[] = []
  return {
    watchLeases(namespace, labelSelector, listener) {
      const { reflector, store } = createLeaseReflector(deps, { namespace, labelSelector })
      store.subscribe(listener)
      reflectors.push(reflector)
      void reflector.run()
      return reflector.synced
    },
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
