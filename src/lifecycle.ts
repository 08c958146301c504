/**
 * The life of an operator's parts: they start in the order in which they can be relied on (health, watches, pages, leadership,
 * work) and stop in the opposite one. It may be told to stop at any moment, also while it starts.
 */
import type { RunningCluster } from './kubernetes/cluster.ts'
import type { LeaderElection } from './kubernetes/lease.ts'
import type { Controller } from './controller/controller.ts'
import type { Probes } from './platform/health.ts'
import type { HttpServer } from './platform/http-server.ts'
import type { Web } from './web/web.ts'

export interface LifecycleParts {
  cluster: Pick<RunningCluster, 'start' | 'stop' | 'isReady'>
  controllers: readonly Controller[]
  web: Web | undefined
  /** Undefined: this replica works without being elected. */
  election: LeaderElection | undefined
  /** Undefined: nobody asks for health or metrics. */
  createHealth: (probes: Probes) => HttpServer | undefined
  /** Begins to reconcile; called here where there is no election. */
  startWork: () => void
  /** Called once everything is there, and answers how to end what it began. */
  watchTime: () => () => void
  /** Connections, to be closed last. */
  closing: readonly { close(): Promise<void> }[]
}

export interface Lifecycle {
  start(): Promise<void>
  stop(): Promise<boolean>
  readonly health: HttpServer | undefined
}

const GRACE_MS = 7_000
/** No single step of a reconcile takes this long: every request has a deadline far below. */
const STUCK_MS = 10 * 60_000

export function createLifecycle(parts: LifecycleParts): Lifecycle {
  const { cluster, controllers, web, election } = parts
  let state: 'new' | 'started' | 'stopping' = 'new'
  let electing: Promise<void> = Promise.resolve()
  let unwatchTime = (): void => undefined
  const probes: Probes = {
    alive: () => controllers.every(({ stuckMs }) => stuckMs < STUCK_MS),
    ready: () => state === 'started' && cluster.isReady,
  }

  const health = parts.createHealth(probes)

  /** One after the other, each unless the end was asked for meanwhile. */
  const STEPS: readonly (() => unknown)[] = [
    () => health?.start(),
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
    health,
    async start() {
      for (const step of STEPS) if (!isStopping()) await step()
      if (isStopping()) await health?.stop()
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
      await Promise.all([health?.stop(), ...parts.closing.map((part) => part.close())])
      return ended
    },
  }
}
