/**
 * The room of the loop: keys go in, a reconcile is run for each, and its outcome says when the key comes back. It knows
 * neither Kubernetes nor calendars. A crash in one reconcile costs that key only.
 */
import type { Clock, Random } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Outcome } from './outcome.ts'
import { createQueue, type QueueMetrics } from './queue.ts'

export interface ControllerMetrics {
  queue: QueueMetrics
  /** `result` as controller-runtime names it: success, error, requeue_after. */
  reconciled(result: 'success' | 'error' | 'requeue_after', seconds: number): void
}

export interface ControllerOptions {
  name: string
  reconcile: (key: string) => Promise<Outcome>
  workers: number
  clock: Clock
  random: Random
  log: Log
  metrics?: ControllerMetrics
}

export interface Controller {
  /** Looks at this key as soon as possible, whatever its backoff; after `delayMs` where that is given. */
  add(key: string, delayMs?: number): void
  /** Keys that were added before are taken from now on. */
  start(): void
  /** Takes no more keys and lets the running ones end, for at most `graceMs`. Answers whether all of them did. */
  stop(graceMs: number): Promise<boolean>
  readonly depth: number
  readonly inHand: ReadonlyMap<string, number>
}

export function createController(options: ControllerOptions): Controller {
  const { name, reconcile, workers, clock, log, metrics } = options
  const queue = createQueue({ ...options, metrics: metrics?.queue })
  const complaints = new Map<string, string>()
  const running = new Set<Promise<void>>()
  let active = false

  const fill = (): void => {
    while (active && running.size < workers) {
      const key = queue.take()
      if (key === undefined) return
      const run = work(key).finally(() => {
        running.delete(run)
        queue.finish(key)
        fill()
      })
      running.add(run)
    }
  }

  const work = async (key: string): Promise<void> => {
    const startedAt = clock.now()
    const outcome = await reconcile(key).catch((error: unknown): Outcome => ({ kind: 'retry', error }))
    metrics?.reconciled(RESULTS[outcome.kind], (clock.now() - startedAt) / 1000)
    comeBack(key, outcome)
  }

  const comeBack = (key: string, outcome: Outcome): void => {
    switch (outcome.kind) {
      case 'retry': {
        const pause = queue.addFailed(key, outcome.notBefore)
        if (outcome.atLatest !== undefined) queue.addAfter(key, outcome.atLatest)
        return complain(key, outcome.error, pause)
      }
      case 'done':
        queue.forget(key)
        complaints.delete(key)
        if (outcome.checkAgainIn !== undefined) queue.addAfter(key, outcome.checkAgainIn)
        return
      case 'wait':
        queue.forget(key)
        return queue.addAfter(key, outcome.for)
      case 'blocked':
        queue.forget(key)
        return queue.addAfter(key, outcome.checkAgainIn)
    }
  }

  /** Once for each new complaint: a key that fails the same way again is no news. */
  const complain = (key: string, error: unknown, pause: number): void => {
    const message = error instanceof Error ? error.message : String(error)
    if (complaints.get(key) === message) return
    complaints.set(key, message)
    log.warn({ controller: name, key, error, retryInSeconds: Math.round(pause / 1000) }, 'reconcile failed')
  }

  queue.onReady(fill)
  return {
    add: (key, delayMs) => (delayMs === undefined ? queue.add(key) : queue.addAfter(key, delayMs)),
    start() {
      active = true
      fill()
    },
    async stop(graceMs) {
      active = false
      queue.stop()
      if (running.size === 0) return true
      let cancel = (): void => undefined
      const bound = new Promise<false>((resolve) => {
        cancel = clock.setTimer(graceMs, () => resolve(false))
      })
      const all = Promise.all(running).then(() => true)
      return Promise.race([all, bound]).finally(cancel)
    },
    get depth() {
      return queue.depth
    },
    inHand: queue.inHand,
  }
}

const RESULTS = { retry: 'error', done: 'success', wait: 'requeue_after', blocked: 'requeue_after' } as const
