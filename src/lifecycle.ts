/**
 * The lifecycle of the operator: what starts in which order (health, caches, pages, leadership, reconciles), when the replica
 * is ready and alive, what stops in which order, and what happens when a start fails. It can be stopped at any moment, even
 * while it starts, and every stop has a time limit.
 */
import type { Controller, Reconcile } from './controller/controller.ts'
import type { RunningCluster } from './kubernetes/cluster.ts'
import type { Leadership } from './kubernetes/leadership.ts'
import { sleep, type Clock } from './platform/clock.ts'
import type { Probes } from './platform/health.ts'
import type { HttpServer } from './platform/http-server.ts'
import type { Log } from './platform/log.ts'
import type { NotificationRelay } from './push/notifications.ts'

/** A controller with what it runs once this replica leads. */
export interface Workload {
  controller: Pick<Controller, 'start' | 'stop' | 'resume' | 'stuckMs'>
  reconcile: Reconcile
  /** Resolves when its first keys may be reconciled. By default, at once. */
  ready?: () => Promise<void>
}

/** The parts of the operator that are started and stopped. */
export interface LifecycleParts {
  clock: Clock
  log: Pick<Log, 'info' | 'error'>
  cluster: Pick<RunningCluster, 'start' | 'stop' | 'isReady' | 'onRecovery' | 'readAhead'>
  workloads: readonly Workload[]
  /** The sign-in pages; undefined if they are not served. */
  web: HttpServer | undefined
  leadership: Leadership
  notifications: Pick<NotificationRelay, 'takeOver' | 'stop'>
  /** Called when leadership is lost: nothing may be written from then on, so it ends the process at once. */
  onLeaseLost(): void
  /** Returns the server of the probes; undefined if neither health nor metrics are served. */
  createHealth(probes: Probes): HttpServer | undefined
  /** Called once everything has started; returns a function that ends what it began. */
  watchTime(): () => void
  /** Connections that are closed last. */
  connections: readonly { close(): Promise<void> }[]
}

/** Starts and stops the operator. */
export interface Lifecycle {
  /** Resolves when the caches are synced and the servers listen; reconciles begin once this replica leads. */
  start(): Promise<void>
  /** Stops in order within ten seconds. Returns whether everything that ran ended by itself. */
  stop(): Promise<boolean>
  /** Starts, works until `ended` resolves, and stops. Returns the exit code: 0, or 1 if the start failed. */
  run(ended: Promise<string>): Promise<number>
  readonly health: HttpServer | undefined
}

/** How long running reconciles may take to end. */
const GRACE_MS = 7_000
/** No single step of a reconcile takes so long: every request has a deadline far below it. */
const STUCK_MS = 10 * 60_000
/** The kubelet kills a container after thirty seconds at the earliest; we promise ten. */
const MAX_STOP_MS = 9_500
/** After a failed start there is no work that has to end in order. */
const MAX_STOP_AFTER_FAILURE_MS = 5_000

/** Creates the lifecycle of the operator from its parts. */
export function createLifecycle(parts: LifecycleParts): Lifecycle {
  const { clock, log, cluster, workloads, web, leadership } = parts
  let state: 'new' | 'started' | 'stopping' = 'new'
  let leading: Promise<void> = Promise.resolve()
  let unwatchTime = (): void => undefined

  const health = parts.createHealth({
    alive: () => workloads.every(({ controller }) => controller.stuckMs < STUCK_MS),
    ready: () => state === 'started' && cluster.isReady,
  })
  const onLeading = (): void => {
    log.info({}, 'reconciling')
    parts.notifications.takeOver()
    cluster.readAhead()
    for (const { controller, reconcile, ready } of workloads) {
      if (ready) void ready().then(() => controller.start(reconcile))
      else controller.start(reconcile)
    }
  }
  // Otherwise a key that failed during the outage may wait for minutes.
  cluster.onRecovery(() => {
    for (const { controller } of workloads) controller.resume()
  })

  /** Run one after another until a stop is requested. */
  const STEPS: readonly (() => unknown)[] = [
    () => health?.start(),
    () => cluster.start(),
    () => web?.start(),
    () => {
      unwatchTime = parts.watchTime()
      leading = leadership.run({ onLeading, onLost: () => parts.onLeaseLost() })
      state = 'started'
    },
  ]
  const isStopping = (): boolean => state === 'stopping'

  const start = async (): Promise<void> => {
    for (const step of STEPS) if (!isStopping()) await step()
    if (isStopping()) await health?.stop()
  }
  const stop = async (): Promise<boolean> => {
    state = 'stopping'
    unwatchTime()
    // At the same time as the controllers: requests to the pages may take a few seconds too, and need what is closed below.
    const webStopped = Promise.resolve(web?.stop()).then(() => parts.notifications.stop())
    const stopped = await Promise.all(workloads.map(({ controller }) => controller.stop(GRACE_MS)))
    const ended = stopped.every(Boolean)
    // A reconcile that still runs may still write: then the Lease is not released, so that no other replica begins meanwhile.
    await leadership.stop(ended)
    await leading
    await webStopped
    await cluster.stop()
    await Promise.all([health?.stop(), ...parts.connections.map((connection) => connection.close())])
    return ended
  }
  return { health, start, stop, run: (ended) => runUntil(ended, { start, stop }, { clock, log }) }
}

async function runUntil(
  ended: Promise<string>,
  { start, stop }: Pick<Lifecycle, 'start' | 'stop'>,
  { clock, log }: Pick<LifecycleParts, 'clock' | 'log'>,
): Promise<number> {
  const stopWithin = (ms: number): Promise<unknown> => Promise.race([stop().catch(() => undefined), sleep(clock, ms)])
  const started = start()
  // A start that is interrupted by the stop may fail because of it. That failure is not reported.
  started.catch(() => undefined)
  try {
    await Promise.race([started, ended])
  } catch (error) {
    log.error({ error }, 'could not start')
    await stopWithin(MAX_STOP_AFTER_FAILURE_MS)
    return 1
  }
  log.info({ signal: await ended }, 'stopping')
  // What still runs after that ends with the process; nothing is lost that a new process does not find again.
  await stopWithin(MAX_STOP_MS)
  log.info({}, 'stopped')
  return 0
}
