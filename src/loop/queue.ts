/**
 * A queue of keys, as client-go's work queue is: a key that is added twice before it is taken is taken once; a key that is
 * added while it is being processed is taken again afterwards, and never by two at once. Added to that are due times: a key
 * may be added for later, the sooner of two times counting, on one heap with one timer. And each key has a backoff of its
 * own.
 */
import type { Clock, Random } from '../platform/clock.ts'
import { createHeap } from './heap.ts'

export interface QueueMetrics {
  added(): void
  retried(): void
  taken(waitedSeconds: number): void
  done(tookSeconds: number): void
}

export interface QueueOptions {
  clock: Clock
  random: Random
  metrics?: QueueMetrics
  /** The first pause after a failure, in ms; it doubles. Half a second where nothing is said. */
  firstBackoff?: number
  /** The longest pause, in ms. Five minutes where nothing is said. */
  longestBackoff?: number
}

export interface WorkQueue {
  /** As soon as somebody is free. */
  add(key: string): void
  /** After `delayMs`, unless it is added for sooner. */
  addAfter(key: string, delayMs: number): void
  /** After this key's backoff, but not before `notBefore` ms. Answers the pause. */
  addFailed(key: string, notBefore?: number): number
  /** The key's backoff begins anew. */
  forget(key: string): void
  /** The next key, which is from then on being processed; undefined where there is none. */
  take(): string | undefined
  /** Ends the processing of a key that was taken. */
  finish(key: string): void
  /** Forgets due times; what is ready stays. */
  stop(): void
  readonly depth: number
  /** Since when the keys in hand have been in hand, ms since the epoch. */
  readonly inHand: ReadonlyMap<string, number>
  /** Calls back whenever there may be something to take. */
  onReady(listener: () => void): void
}

interface Due {
  key: string
  at: number
}

const FIRST_BACKOFF_MS = 500
const LONGEST_BACKOFF_MS = 5 * 60_000

export function createQueue({ clock, random, metrics, ...options }: QueueOptions): WorkQueue {
  const { firstBackoff = FIRST_BACKOFF_MS, longestBackoff = LONGEST_BACKOFF_MS } = options
  /** Waiting to be taken, in order, with the time of their adding. */
  const ready = new Map<string, number>()
  const inHand = new Map<string, number>()
  /** Added while in hand. */
  const again = new Set<string>()
  const failures = new Map<string, number>()
  /** When each waiting key is due; what the heap says otherwise is out of date. */
  const dueAt = new Map<string, number>()
  const heap = createHeap<Due>((a, b) => a.at < b.at)
  let timer: { at: number; cancel: () => void } | undefined
  let listener = (): void => undefined

  const add = (key: string): void => {
    dueAt.delete(key)
    if (inHand.has(key)) {
      again.add(key)
      return
    }
    if (ready.has(key)) return
    ready.set(key, clock.now())
    metrics?.added()
    listener()
  }

  const arm = (): void => {
    let top = heap.peek()
    while (top && dueAt.get(top.key) !== top.at) {
      heap.pop()
      top = heap.peek()
    }
    if (!top || timer?.at === top.at) return
    timer?.cancel()
    timer = { at: top.at, cancel: clock.setTimer(top.at - clock.now(), ring) }
  }

  const ring = (): void => {
    timer = undefined
    for (let top = heap.peek(); top && top.at <= clock.now(); top = heap.peek()) {
      heap.pop()
      if (dueAt.get(top.key) === top.at) add(top.key)
    }
    arm()
  }

  const addAfter = (key: string, delayMs: number): void => {
    if (delayMs <= 0) return add(key)
    const at = clock.now() + delayMs
    const known = dueAt.get(key)
    if ((known !== undefined && known <= at) || ready.has(key)) return
    dueAt.set(key, at)
    heap.push({ key, at })
    arm()
  }

  return {
    add,
    addAfter,
    addFailed(key, notBefore = 0) {
      const failed = failures.get(key) ?? 0
      failures.set(key, failed + 1)
      // A quarter up or down, so that what failed together doesn't come back together.
      const pause = Math.min(firstBackoff * 2 ** failed, longestBackoff) * (0.75 + random() / 2)
      metrics?.retried()
      addAfter(key, Math.max(pause, notBefore))
      return Math.max(pause, notBefore)
    },
    forget: (key) => void failures.delete(key),
    take() {
      const [key, since] = ready.entries().next().value ?? []
      if (key === undefined || since === undefined) return undefined
      ready.delete(key)
      inHand.set(key, clock.now())
      metrics?.taken((clock.now() - since) / 1000)
      return key
    },
    finish(key) {
      metrics?.done((clock.now() - (inHand.get(key) ?? clock.now())) / 1000)
      inHand.delete(key)
      if (again.delete(key)) add(key)
    },
    stop() {
      timer?.cancel()
      dueAt.clear()
    },
    get depth() {
      return ready.size
    },
    inHand,
    onReady(callback) {
      listener = callback
    },
  }
}
