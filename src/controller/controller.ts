/**
 * The controller room: keys are added to a work queue, a worker reconciles each of them, and the outcome says when the key is
 * reconciled again. It knows neither Kubernetes nor calendars and touches only the clock and the log.
 *
 * Two workers never reconcile the same key at once, and no key is lost: a key that is added while it is being reconciled is
 * reconciled again right afterwards. An exception counts as a failure of that one key, which is retried after its backoff.
 */
import type { Clock, Random } from '../platform/clock.ts'
import { stackOf, type Log } from '../platform/log.ts'
import type { Outcome } from './outcome.ts'
import { WorkQueue, type QueueMetrics } from './queue.ts'
import { isReported, ReconcileLogger, type ReconcileResult } from './reconcile-logger.ts'

/** Reconciles one key. */
export type Reconcile = (key: string) => Promise<Outcome>

/** The current state of a controller. */
interface ControllerState {
  /** How many keys wait for a worker. */
  readonly depth: number
  /** Since when each key has been processed, in ms of the monotonic clock. */
  readonly processing: ReadonlyMap<string, number>
  /** For how long a key or the whole queue has made no progress, in ms. */
  readonly stuckMs: number
}

/** What a controller counts and measures. */
interface ControllerMetrics {
  queue: QueueMetrics
  /** Called once; the state is read at every scrape. */
  observe(controller: ControllerState): void
  /** Called after each reconcile. `result` has the names of controller-runtime. */
  reconciled(result: 'success' | 'error' | 'requeue_after', seconds: number): void
}

/** What a controller reconciles, and how. */
export interface ControllerOptions {
  name: string
  workers: number
  /**
   * The groups (the tenant, and whoever it has) of a key, the outermost first: groups take turns, so the keys of one group do not delay
   * the others. A tenant without a key in processing may use a spare worker.
   */
  groupsOf?: (key: string) => readonly string[]
  clock: Clock
  random: Random
  log: Log
  metrics?: ControllerMetrics
}

/**
 * Spare workers for each worker. They process only keys of groups that have none in processing: the workers may all be waiting
 * for slow reconciles of other groups (docs/decisions/0295).
 */
const SPARE = 1
/** The shortest pause before a key that did not fail is reconciled again, so that a wrong calculation causes no busy loop. */
const MIN_REQUEUE_MS = 100

/** After an outage, the keys are spread over this time per key, within the two limits below. */
const RESUME_EVERY_MS = 50
const MIN_RESUME_MS = 1_000
const MAX_RESUME_MS = 30_000
/** The shortest time between two resumes: a key that keeps failing for a reason of its own keeps its backoff. */
const RESUME_INTERVAL_MS = 60_000

const RESULTS = { retry: 'error', done: 'success', wait: 'requeue_after', blocked: 'requeue_after' } as const

/** Reconciles the objects of one queue with a fixed number of workers, and spare ones for groups that have none. */
export class Controller implements ControllerState {
  readonly #options: ControllerOptions
  readonly #queue: WorkQueue
  readonly #logger: ReconcileLogger
  /** The running reconciles. */
  readonly #running = new Map<string, Promise<void>>()
  /** When each key that is being processed last made progress, in ms of the monotonic clock. */
  readonly #lastProgress = new Map<string, number>()
  /** When any key last made progress, in ms of the monotonic clock. */
  #movedAt = 0
  /** The keys whose last reconcile failed because of an outage that affects every key. */
  readonly #failedByOutage = new Set<string>()
  #resumedAt = -Infinity
  /** Undefined until `start`. */
  #reconcile: Reconcile | undefined
  #dispatchPending = false

  constructor(options: ControllerOptions) {
    this.#options = options
    this.#queue = new WorkQueue({ ...options, metrics: options.metrics?.queue, onReady: () => this.#dispatchSoon() })
    this.#logger = new ReconcileLogger(options.name, options.log)
    options.metrics?.observe(this)
  }

  /** How many keys wait for a worker. */
  get depth(): number {
    return this.#queue.depth
  }

  /** Since when each key has been processed, in ms of the monotonic clock. */
  get processing(): ReadonlyMap<string, number> {
    return this.#queue.processing
  }

  /** Records that a step of this key's reconcile has completed. A reconcile may take any time while it makes progress. */
  progress(key: string): void {
    this.#movedAt = this.#options.clock.monotonic()
    if (this.#lastProgress.has(key)) this.#lastProgress.set(key, this.#movedAt)
  }

  /**
   * For how long a key has been processed without progress, or keys have waited while no key made progress; 0 if there is
   * nothing to do. Neither the length of a reconcile nor the time of day matters.
   */
  get stuckMs(): number {
    const now = this.#options.clock.monotonic()
    const waits = this.#reconcile ? this.#queue.waitingSince : undefined
    const since = [...this.#lastProgress.values(), ...(waits === undefined ? [] : [Math.max(waits, this.#movedAt)])]
    return since.length > 0 ? now - Math.min(...since) : 0
  }

  /** Reconciles this key as soon as possible, whatever its backoff: somebody waits for it. */
  add(key: string): void {
    this.#queue.add(key)
  }

  /** Reconciles this key now, but behind the keys of `add`: nobody waits for it, or it is one of many. */
  addLowPriority(key: string): void {
    this.#queue.addAfter(key, 0)
  }

  /** Reconciles this key with low priority after `delayMs` at the latest. */
  addAfter(key: string, delayMs: number): void {
    this.#queue.addAfter(key, delayMs)
  }

  /** An outage is over: every key that failed because of it is reconciled soon, whatever its backoff. */
  resume(): void {
    const { clock, random } = this.#options
    const now = clock.monotonic()
    if (this.#failedByOutage.size === 0 || now - this.#resumedAt < RESUME_INTERVAL_MS) return
    this.#resumedAt = now
    const spread = Math.min(Math.max(this.#failedByOutage.size * RESUME_EVERY_MS, MIN_RESUME_MS), MAX_RESUME_MS)
    for (const key of this.#failedByOutage) this.#queue.addAfter(key, random() * spread)
  }

  /** Starts to process keys, including those that were added before. Does nothing after `stop`. */
  start(reconcile: Reconcile): void {
    this.#reconcile ??= reconcile
    this.#dispatchSoon()
  }

  /** Accepts no more keys, and waits up to `graceMs` for the running reconciles. Returns whether all of them ended in time. */
  async stop(graceMs: number): Promise<boolean> {
    this.#queue.stop()
    return allWithin(this.#options.clock, graceMs, [...this.#running.values()])
  }

  /** Dispatches in a microtask, because the caller may have more to add or to change before the key is reconciled. */
  #dispatchSoon(): void {
    if (this.#dispatchPending) return
    this.#dispatchPending = true
    queueMicrotask(() => {
      this.#dispatchPending = false
      this.#dispatch()
    })
  }

  #dispatch(): void {
    const reconcile = this.#reconcile
    const { workers, groupsOf } = this.#options
    const spare = groupsOf ? SPARE * workers : 0
    while (reconcile && this.#running.size < workers + spare) {
      const key = this.#queue.get(workers - this.#running.size)
      if (key === undefined) return
      this.#running.set(key, this.#process(key, reconcile))
    }
  }

  async #process(key: string, reconcile: Reconcile): Promise<void> {
    const { clock, metrics } = this.#options
    const startedAt = clock.monotonic()
    this.#lastProgress.set(key, startedAt)
    this.#movedAt = startedAt
    try {
      const result = await attempt(key, reconcile)
      metrics?.reconciled(RESULTS[result.outcome.kind], (clock.monotonic() - startedAt) / 1000)
      this.#logger.logOutcome(key, result, this.#requeue(key, result.outcome))
    } finally {
      this.#movedAt = clock.monotonic()
      this.#lastProgress.delete(key)
      this.#running.delete(key)
      this.#queue.done(key)
      this.#dispatch()
    }
  }

  /** Returns in how many ms the key is reconciled again; undefined if only when something changes. */
  #requeue(key: string, outcome: Outcome): number | undefined {
    if (outcome.kind === 'retry' && isReported(outcome.error)) this.#failedByOutage.add(key)
    else this.#failedByOutage.delete(key)
    if (outcome.kind === 'retry') return this.#queue.addRateLimited(key, outcome)
    this.#queue.forget(key)
    const asked = outcome.kind === 'wait' ? outcome.for : outcome.checkAgainIn
    if (asked === undefined) return undefined
    const pause = asked > MIN_REQUEUE_MS ? asked : MIN_REQUEUE_MS
    this.#queue.addAfter(key, pause)
    return pause
  }
}

/** Creates a controller. */
export const createController = (options: ControllerOptions): Controller => new Controller(options)

/** Never rejects: nobody would handle the rejection, and it would end the process. */
async function attempt(key: string, reconcile: Reconcile): Promise<ReconcileResult> {
  try {
    return { outcome: await reconcile(key) }
  } catch (error) {
    return { outcome: { kind: 'retry', error }, stack: stackOf(error) }
  }
}

/** Whether all of the promises settle within `ms`. */
async function allWithin(clock: Clock, ms: number, promises: readonly Promise<void>[]): Promise<boolean> {
  let cancel = (): void => undefined
  const bound = new Promise<boolean>((resolve) => {
    cancel = clock.setTimer(ms, () => resolve(false))
  })
  const all = Promise.all(promises).then(() => true)
  return Promise.race([all, bound]).finally(cancel)
}
