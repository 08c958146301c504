/**
 * The room of the loop: keys go in, a reconcile is run for each, and its outcome says when the key comes back. It knows
 * neither Kubernetes nor calendars, and touches nothing but the clock.
 *
 * A key is never worked on twice at once, and never lost: what is added while it is in hand is looked at again right
 * afterwards. A crash in one reconcile costs that key only: it counts as a failure, and comes back after its backoff.
 */
import type { Clock, Random } from '../platform/clock.ts'
import { stackOf, type Log } from '../platform/log.ts'
import type { Outcome } from './outcome.ts'
import { WorkQueue, type QueueMetrics } from './queue.ts'
import { isReported, ReconcileLogger, type ReconcileResult } from './reconcile-logger.ts'

export interface ControllerMetrics {
  queue: QueueMetrics
  /** `result` as controller-runtime names it: success, error, requeue_after. */
  reconciled(result: 'success' | 'error' | 'requeue_after', seconds: number): void
}

export interface ControllerOptions {
  name: string
  /** `signal` aborts when the program can no longer wait for this reconcile to end. */
  reconcile: (key: string, signal: AbortSignal) => Promise<Outcome>
  workers: number
  /** Whose key it is: one tenant's many keys don't keep another's few waiting. */
  groupOf?: (key: string) => string
  clock: Clock
  random: Random
  log: Log
  metrics?: ControllerMetrics
}

/** Nothing needs to come back sooner, and a mistake in somebody's reckoning doesn't become a busy loop. */
const LEAST_PAUSE_MS = 100

/** Those who are looked at after an outage come at this pace, but none of them later than the last figure. */
const RESUME_EVERY_MS = 50
const LEAST_RESUME_MS = 1_000
const LONGEST_RESUME_MS = 30_000
/** So often at most: what fails again and again for a reason of its own keeps its backoff. */
const RESUME_AGAIN_MS = 60_000

const RESULTS = { retry: 'error', done: 'success', wait: 'requeue_after', blocked: 'requeue_after' } as const

export class Controller {
  readonly #options: ControllerOptions
  readonly #queue: WorkQueue
  readonly #logger: ReconcileLogger
  /** The reconciles that run, each with what aborts it. */
  readonly #running = new Map<Promise<void>, AbortController>()
  /** When each key in hand last gave a sign of life, by the monotonic clock. */
  readonly #lastProgress = new Map<string, number>()
  /** When anything last moved here. */
  #movedAt = 0
  /** The keys whose last reconcile failed because of what struck everybody alike. */
  readonly #failedByOutage = new Set<string>()
  #resumedAt = -Infinity
  #state: 'new' | 'started' | 'stopped' = 'new'
  #dispatchPending = false

  constructor(options: ControllerOptions) {
    this.#options = options
    this.#queue = new WorkQueue({ ...options, metrics: options.metrics?.queue, onReady: () => this.#dispatchSoon() })
    this.#logger = new ReconcileLogger(options.name, options.log)
  }

  /** How many keys wait for a worker. */
  get depth(): number {
    return this.#queue.depth
  }

  /** Since when the keys in hand have been in hand, by the monotonic clock. */
  get processing(): ReadonlyMap<string, number> {
    return this.#queue.processing
  }

  /** A step of this key's reconcile has come on: it may take as long as it will. */
  progress(key: string): void {
    this.#movedAt = this.#options.clock.monotonic()
    if (this.#lastProgress.has(key)) this.#lastProgress.set(key, this.#movedAt)
  }

  /**
   * For how long something has stood still, in ms: a key in hand of which nothing was heard, or keys that wait while nothing
   * moves at all. 0 where there is nothing to do. How long a reconcile takes does not matter, nor does the time of day.
   */
  get stuckMs(): number {
    const now = this.#options.clock.monotonic()
    const waits = this.#state === 'started' ? this.#queue.waitingSince : undefined
    const since = [...this.#lastProgress.values(), ...(waits === undefined ? [] : [Math.max(waits, this.#movedAt)])]
    return since.length > 0 ? now - Math.min(...since) : 0
  }

  /**
   * Looks at this key as soon as possible, whatever its backoff. Where `delayMs` is given: after that long at the latest,
   * as a matter of routine, which what is wanted at once may pass (0: now, but behind that).
   */
  add(key: string, delayMs?: number): void {
    if (delayMs === undefined) this.#queue.add(key)
    else this.#queue.addAfter(key, delayMs)
  }

  /** What struck everybody alike is over: whoever failed because of it is looked at soon, whatever its backoff. */
  resume(): void {
    const { clock, random } = this.#options
    const now = clock.monotonic()
    if (this.#failedByOutage.size === 0 || now - this.#resumedAt < RESUME_AGAIN_MS) return
    this.#resumedAt = now
    const spread = Math.min(Math.max(this.#failedByOutage.size * RESUME_EVERY_MS, LEAST_RESUME_MS), LONGEST_RESUME_MS)
    for (const key of this.#failedByOutage) this.#queue.addAfter(key, random() * spread)
  }

  /** Keys that were added before are taken from now on. */
  start(): void {
    if (this.#state === 'new') this.#state = 'started'
    this.#dispatchSoon()
  }

  /** Takes no more keys and lets the running ones end, for at most `graceMs`. Answers whether all of them did. */
  async stop(graceMs: number): Promise<boolean> {
    this.#state = 'stopped'
    this.#queue.stop()
    const ended = await allWithin(this.#options.clock, graceMs, [...this.#running.keys()])
    if (!ended) for (const abort of this.#running.values()) abort.abort()
    return ended
  }

  /** Not while somebody is still telling: whoever adds a key may have more to say before it is looked at. */
  #dispatchSoon(): void {
    if (this.#dispatchPending) return
    this.#dispatchPending = true
    queueMicrotask(() => {
      this.#dispatchPending = false
      this.#dispatch()
    })
  }

  #dispatch(): void {
    while (this.#state === 'started' && this.#running.size < this.#options.workers) {
      const key = this.#queue.get(this.#options.workers - this.#running.size)
      if (key === undefined) return
      const abort = new AbortController()
      this.#lastProgress.set(key, this.#options.clock.monotonic())
      this.progress(key)
      const run = this.#process(key, abort.signal).finally(() => {
        this.#running.delete(run)
        this.progress(key)
        this.#lastProgress.delete(key)
        this.#queue.done(key)
        this.#dispatch()
      })
      this.#running.set(run, abort)
    }
  }

  async #process(key: string, signal: AbortSignal): Promise<void> {
    const { clock, metrics } = this.#options
    const startedAt = clock.monotonic()
    const result = await this.#attempt(key, signal)
    metrics?.reconciled(RESULTS[result.outcome.kind], (clock.monotonic() - startedAt) / 1000)
    this.#logger.logOutcome(key, result, this.#requeue(key, result.outcome))
  }

  /** Never fails, whatever the reconcile does: a rejection would be nobody's, and end the process. */
  async #attempt(key: string, signal: AbortSignal): Promise<ReconcileResult> {
    try {
      return { outcome: await this.#options.reconcile(key, signal) }
    } catch (error) {
      return { outcome: { kind: 'retry', error }, stack: stackOf(error) }
    }
  }

  /** Answers in how many ms the key comes back, if it does by itself. */
  #requeue(key: string, outcome: Outcome): number | undefined {
    if (outcome.kind === 'retry' && isReported(outcome.error)) this.#failedByOutage.add(key)
    else this.#failedByOutage.delete(key)
    if (outcome.kind === 'retry') return this.#queue.addRateLimited(key, outcome)
    this.#queue.forget(key)
    const asked = outcome.kind === 'wait' ? outcome.for : outcome.checkAgainIn
    if (asked === undefined) return undefined
    const pause = asked > LEAST_PAUSE_MS ? asked : LEAST_PAUSE_MS
    this.#queue.addAfter(key, pause)
    return pause
  }
}

export const createController = (options: ControllerOptions): Controller => new Controller(options)

/** Whether all of it ended within `ms`. */
async function allWithin(clock: Clock, ms: number, promises: readonly Promise<void>[]): Promise<boolean> {
  if (promises.length === 0) return true
  let cancel = (): void => undefined
  const bound = new Promise<boolean>((resolve) => {
    cancel = clock.setTimer(ms, () => resolve(false))
  })
  const all = Promise.all(promises).then(() => true)
  return Promise.race([all, bound]).finally(cancel)
}
