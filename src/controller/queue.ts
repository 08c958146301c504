/**
 * A work queue of keys, modelled on client-go's: a key that is added twice before it is processed is processed once; a key that is
 * added while it is being processed is processed again right afterwards, and never by two workers at once. A key can be added
 * for a later time, and each key has a backoff of its own.
 *
 * There are two priorities. A key that somebody asked for has high priority, so that a new or changed object does not wait
 * behind thousands of routine reconciles; every fourth key is taken from the low priority, so that those proceed, too. Within a
 * priority, groups of keys (namespaces) take turns, and within them the groups of the next level (Agents), if there are any; within a
 * group, the keys are in FIFO order.
 */
import type { Clock, Random } from '../platform/clock.ts'
import { DAY_MS } from '../platform/time-units.ts'
import { Backoff } from './backoff.ts'
import { FairFifoSet, type MayTake } from './fifo-set.ts'
import { Schedule } from './schedule.ts'

/** What a work queue counts and measures. */
export interface QueueMetrics {
  added(): void
  retried(): void
  taken(waitedSeconds: number): void
  done(tookSeconds: number): void
}

/** The options of a work queue. */
export interface QueueOptions {
  clock: Clock
  random: Random
  metrics?: QueueMetrics
  /** The first pause after a failure, in ms; it doubles. */
  firstBackoff?: number
  /** The longest pause, in ms. */
  longestBackoff?: number
  /**
   * The groups of a key, the outermost first; all keys have as many. Groups take turns, however many keys one of them has. A key stays
   * in the groups that it was added to until it has been processed.
   */
  groupsOf?: (key: string) => readonly string[]
  /** Called whenever there may be a key to process. */
  onReady?: () => void
}

/** When a key that failed is processed again, in ms. */
interface RetryTiming {
  notBefore?: number
  atLatest?: number
  longest?: number
}

interface Waiting {
  /** When it was first added, in ms of the monotonic clock. */
  since: number
  set: FairFifoSet
}

/** One key in this many is taken from the low priority, however many keys have high priority. */
const LOW_PRIORITY_EVERY = 4
/** How many keys a group may have in processing for each free worker: a namespace, and a group within one. */
const SHARES: readonly number[] = [3, 1]
/** A key that has just failed is not retried earlier, even if something else is due. */
const MIN_PAUSE_MS = 500
/** Longer delays are reduced to this. */
const MAX_DELAY_MS = 366 * DAY_MS

/** A work queue with the semantics of client-go: a key is never processed by two workers at once. */
export class WorkQueue {
  readonly #options: QueueOptions
  readonly #backoff: Backoff
  readonly #schedule: Schedule
  /** The keys to be processed. A key that is also being processed enters its set when that is done. */
  readonly #waiting = new Map<string, Waiting>()
  readonly #processing = new Map<string, number>()
  /** The groups of the keys that wait or are being processed. */
  readonly #groups = new Map<string, readonly string[]>()
  /** How many keys of each group are being processed, by level. */
  readonly #processingByGroup: readonly Map<string, number>[] = SHARES.map(() => new Map<string, number>())
  readonly #highPriority: FairFifoSet
  readonly #lowPriority: FairFifoSet
  #turn = 0
  #stopped = false

  constructor(options: QueueOptions) {
    const { clock, random, firstBackoff: first, longestBackoff: longest } = options
    this.#options = options
    const groupsOf = (key: string): readonly string[] => this.#groups.get(key) ?? []
    this.#highPriority = new FairFifoSet(groupsOf)
    this.#lowPriority = new FairFifoSet(groupsOf)
    this.#backoff = new Backoff({ random, first, longest })
    this.#schedule = new Schedule(clock, (key) => this.#enqueue(key, this.#lowPriority))
  }

  /** How many keys are ready to be processed. */
  get depth(): number {
    return this.#highPriority.size + this.#lowPriority.size
  }

  /** Since when each key has been processed, in ms of the monotonic clock. */
  get processing(): ReadonlyMap<string, number> {
    return this.#processing
  }

  /** Since when the longest-waiting key has been ready, in ms of the monotonic clock; undefined if none waits. */
  get waitingSince(): number | undefined {
    let oldest: number | undefined
    for (const [key, { since }] of this.#waiting) {
      if (!this.#processing.has(key) && (oldest === undefined || since < oldest)) oldest = since
    }
    return oldest
  }

  /** How many entries there are for keys that are not being processed: waiting, due later, or failed. For tests of memory leaks. */
  get trackedKeys(): number {
    return (
      Math.max(this.#waiting.size, this.#groups.size - this.#processing.size) + this.#schedule.size + this.#backoff.size
    )
  }

  /** Adds a key with high priority, whatever its backoff and due time. */
  add(key: string): void {
    this.#enqueue(key, this.#highPriority)
  }

  /**
   * Adds a key with low priority after `delayMs`, unless it is added for sooner; 0 or less: now. NaN counts as 0: a key that is
   * never processed again would hide the mistake.
   */
  addAfter(key: string, delayMs: number): void {
    if (!(delayMs > 0)) return this.#enqueue(key, this.#lowPriority)
    const at = this.#options.clock.monotonic() + Math.min(delayMs, MAX_DELAY_MS)
    const isSooner = at < (this.#schedule.at(key) ?? Infinity)
    if (isSooner && !this.#waiting.has(key) && !this.#stopped) this.#schedule.set(key, at)
  }

  /**
   * Adds a key that failed after its backoff of at most `longest` ms, but not before `notBefore` ms, and after `atLatest` ms
   * whatever the backoff (but never at once). Returns the pause in ms.
   */
  addRateLimited(key: string, { notBefore, atLatest = Infinity, longest }: RetryTiming = {}): number {
    const pause = Math.max(Math.min(this.#backoff.next(key, notBefore, longest), atLatest), MIN_PAUSE_MS)
    this.#options.metrics?.retried()
    this.addAfter(key, pause)
    return pause
  }

  /** Resets the key's backoff. */
  forget(key: string): void {
    this.#backoff.reset(key)
  }

  /**
   * Returns the next key, which is processed from then on; undefined if there is none. A group may have at most three times as
   * many keys in processing as there are free workers, and a group within it as many, so that slow reconciles of one group leave
   * workers for the others. A group may have one key in processing in any case.
   *
   * @param free how many workers are free; negative while spare ones are used.
   */
  get(free = Infinity): string | undefined {
    this.#turn = (this.#turn + 1) % LOW_PRIORITY_EVERY
    const [first, second] =
      this.#turn === 0 ? [this.#lowPriority, this.#highPriority] : [this.#highPriority, this.#lowPriority]
    const may: MayTake = (group, level) => this.#heldBy(group, level) < Math.max((SHARES[level] ?? 1) * free, 1)
    const key = first.shift(may) ?? second.shift(may)
    if (key === undefined) return undefined
    this.#countGroups(key, 1)
    const now = this.#options.clock.monotonic()
    this.#options.metrics?.taken((now - (this.#waiting.get(key)?.since ?? now)) / 1000)
    this.#waiting.delete(key)
    this.#processing.set(key, now)
    return key
  }

  /** Ends the processing of a key. */
  done(key: string): void {
    const since = this.#processing.get(key)
    if (since === undefined) return
    this.#processing.delete(key)
    this.#countGroups(key, -1)
    this.#options.metrics?.done((this.#options.clock.monotonic() - since) / 1000)
    const again = this.#waiting.get(key)
    if (again) this.#makeReady(key, again.set)
    else this.#groups.delete(key)
  }

  /** Accepts no more keys, and removes those that wait or are due later. */
  stop(): void {
    this.#stopped = true
    this.#schedule.clear()
    for (const [key, { set }] of this.#waiting) {
      set.delete(key)
      if (!this.#processing.has(key)) this.#groups.delete(key)
    }
    this.#waiting.clear()
  }

  #heldBy(group: string, level: number): number {
    return this.#processingByGroup[level]?.get(group) ?? 0
  }

  /** Without groups, no worker has to be reserved for another group, and nothing is counted. */
  #countGroups(key: string, change: number): void {
    this.#groups.get(key)?.forEach((group, level) => {
      const held = this.#heldBy(group, level) + change
      if (held > 0) this.#processingByGroup[level]?.set(group, held)
      else this.#processingByGroup[level]?.delete(group)
    })
  }

  #enqueue(key: string, set: FairFifoSet): void {
    if (this.#stopped) return
    this.#schedule.cancel(key)
    this.#fixGroups(key)
    const known = this.#waiting.get(key)
    if (!known) this.#options.metrics?.added()
    else if (known.set === set || set === this.#lowPriority) return
    const since = known ? known.since : this.#options.clock.monotonic()
    this.#waiting.set(key, { since, set })
    known?.set.delete(key)
    if (!this.#processing.has(key)) this.#makeReady(key, set)
  }

  #fixGroups(key: string): void {
    const { groupsOf } = this.#options
    if (groupsOf && !this.#groups.has(key)) this.#groups.set(key, groupsOf(key))
  }

  #makeReady(key: string, set: FairFifoSet): void {
    set.add(key)
    this.#options.onReady?.()
  }
}
