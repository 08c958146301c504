/**
 * The life of an operator's parts: they start in the order in which they can be relied on (health, watches, pages, leadership,
 * work) and stop in the opposite one. It may be told to stop at any moment, also while it starts.
 */
import type { RunningCluster } from './kubernetes/cluster.ts'
import type { LeaderElection } from './kubernetes/lease.ts'
import type { Controller } from './controller/controller.ts'
import type { HealthServer } from './platform/health.ts'
import type { Web } from './web/web.ts'

export interface LifecycleParts {
  cluster: Pick<RunningCluster, 'start' | 'stop' | 'isReady'>
  controllers: readonly Controller[]
  web: Web | undefined
  /** Undefined: this replica works without being elected. */
  election: LeaderElection | undefined
  serveHealth: (probes: Probes) => Promise<HealthServer | undefined>
  /** Begins to reconcile; called here where there is no election. */
  startWork: () => void
  /** Called once everything is there, and answers how to end what it began. */
  watchTime: () => () => void
  /** Connections, to be closed last. */
  closing: readonly { close(): Promise<void> }[]
}

export interface Probes {
  /** Whether work goes on. */
  alive: () => boolean
  /** Whether this replica is of use: started, and its picture of the cluster is whole and fresh. */
  ready: () => boolean
}

export interface Lifecycle {
  start(): Promise<void>
  stop(): Promise<boolean>
  readonly health: HealthServer | undefined
}

const GRACE_MS = 7_000
/** No single step of a reconcile takes this long: every request has a deadline far below. */
const STUCK_MS = 10 * 60_000

export function createLifecycle(parts: LifecycleParts): Lifecycle {
  const { cluster, controllers, web, election } = parts
  let state: 'new' | 'started' | 'stopping' = 'new'
  let health: HealthServer | undefined
  let electing: Promise<void> = Promise.resolve()
  let unwatchTime = (): void => undefined
  const probes: Probes = {
    alive: () => controllers.every(({ stuckMs }) => stuckMs < STUCK_MS),
    ready: () => state === 'started' && cluster.isReady,
  }

  /** One after the other, each unless the end was asked for meanwhile. */
  const STEPS: readonly (() => unknown)[] = [
    async () => {
      health = await parts.serveHealth(probes)
    },
    () => cluster.start(),
    () => web?.start(),
    () => {
      unwatchTime = parts.watchTime()
      if (election) electing = election.run()
      else parts.startWork()
      state = 'started'
    },
  ]
  const isStopping = (): boolean => state === 'stopping'

  return {
    get health() {
      return health
    },
    async start() {
      for (const step of STEPS) if (!isStopping()) await step()
      if (isStopping()) await health?.close()
    },
    async stop() {
      state = 'stopping'
      unwatchTime()
      // Beside the workers: what is under way there has a few seconds, too, and needs what is closed below.
      const webStopped = web?.stop()
      const stopped = await Promise.all(controllers.map((controller) => controller.stop(GRACE_MS)))
      const ended = stopped.every(Boolean)
      // What still runs may still write: then the Lease is left to run out, and nobody begins beside us.
      await election?.stop(ended)
      await electing
      await webStopped
      await cluster.stop()
      await Promise.all([...parts.closing, ...(health ? [health] : [])].map((part) => part.close()))
      return ended
    },
  }
}
