/**
 * A queue of keys, as client-go's work queue is: a key that is added twice before it is taken is taken once; a key that is
 * added while it is being worked on is taken again right afterwards, and never by two at once. A key may also be added for
 * later, and each has a backoff of its own.
 *
 * There are two lines. What somebody just asked for passes what merely fell due, so that a new or changed object doesn't
 * stand behind thousands of routine looks; every fourth key is taken from the line of what is due, so that it moves too.
 * Within a line the groups of keys (namespaces) take turns, and within a group who comes first is served first.
 */
import type { Clock, Random } from '../platform/clock.ts'
import { Backoff } from './backoff.ts'
import { FairFifoSet } from './fifo-set.ts'
import { Schedule } from './schedule.ts'

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
  /** The first pause after a failure, in ms; it doubles. */
  firstBackoff?: number
  /** The longest pause, in ms. */
  longestBackoff?: number
  /** Whose key it is: the groups take turns, however many keys one of them has in line. */
  groupOf?: (key: string) => string
  /** Called whenever there may be something to take. */
  onReady?: () => void
}

/** When a key that failed comes back, in ms. */
interface Return {
  notBefore?: number
  atLatest?: number
  longest?: number
}

interface Waiting {
  /** When it was first added, by the monotonic clock. */
  since: number
  set: FairFifoSet
}

/** One key in this many is taken from the line of what is due, however long the other one is. */
const LOW_PRIORITY_EVERY = 4
/** How many keys in hand a group may have for each hand that is free. */
const SHARE = 3
/** What has just failed isn't tried again sooner, whatever else falls due. */
const LEAST_PAUSE_MS = 500
/** Nothing is put off longer than this. */
const LONGEST_DELAY_MS = 366 * 24 * 60 * 60_000

export class WorkQueue {
  readonly #options: QueueOptions
  readonly #backoff: Backoff
  readonly #schedule: Schedule
  /** All that is to be taken. What is in hand besides stands in its line only once it has been finished. */
  readonly #waiting = new Map<string, Waiting>()
  readonly #processing = new Map<string, number>()
  /** How many keys of each group are in hand. */
  readonly #processingByGroup = new Map<string, number>()
  readonly #highPriority: FairFifoSet
  readonly #lowPriority: FairFifoSet
  #turn = 0
  #stopped = false

  constructor(options: QueueOptions) {
    const { clock, random, firstBackoff: first, longestBackoff: longest, groupOf = () => '' } = options
    this.#options = options
    this.#highPriority = new FairFifoSet(groupOf)
    this.#lowPriority = new FairFifoSet(groupOf)
    this.#backoff = new Backoff({ random, first, longest })
    this.#schedule = new Schedule(clock, (key) => this.#enqueue(key, this.#lowPriority))
  }

  /** How many keys could be taken now. */
  get depth(): number {
    return this.#highPriority.size + this.#lowPriority.size
  }

  /** Since when the keys in hand have been in hand, by the monotonic clock. */
  get processing(): ReadonlyMap<string, number> {
    return this.#processing
  }

  /** Since when the key that has waited for longest could be taken, by the monotonic clock; undefined where none waits. */
  get waitingSince(): number | undefined {
    const all = [...this.#waiting].filter(([key]) => !this.#processing.has(key)).map(([, { since }]) => since)
    return all.length > 0 ? Math.min(...all) : undefined
  }

  /** How much is remembered of keys that nobody has in hand: those that wait, are due later, or failed. */
  get trackedKeys(): number {
    return this.#waiting.size + this.#schedule.size + this.#backoff.size
  }

  /** As soon as somebody is free, whatever its backoff and its due time. */
  add(key: string): void {
    this.#enqueue(key, this.#highPriority)
  }

  /**
   * After `delayMs`, unless it is added for sooner; 0 or less: now, but behind what was added by `add`. What is no number
   * counts as 0: a key that never came back would hide the mistake.
   */
  addAfter(key: string, delayMs: number): void {
    if (!(delayMs > 0)) return this.#enqueue(key, this.#lowPriority)
    const at = this.#options.clock.monotonic() + Math.min(delayMs, LONGEST_DELAY_MS)
    const isSooner = at < (this.#schedule.at(key) ?? Infinity)
    if (isSooner && !this.#waiting.has(key) && !this.#stopped) this.#schedule.set(key, at)
  }

  /**
   * After this key's backoff (of at most `longest` ms), but not before `notBefore` ms, and after `atLatest` ms whatever the backoff (never at once,
   * though: it has just failed). Answers the pause.
   */
  addRateLimited(key: string, { notBefore, atLatest = Infinity, longest }: Return = {}): number {
    const pause = Math.max(Math.min(this.#backoff.next(key, notBefore, longest), atLatest), LEAST_PAUSE_MS)
    this.#options.metrics?.retried()
    this.addAfter(key, pause)
    return pause
  }

  /** The key's backoff begins anew. */
  forget(key: string): void {
    this.#backoff.reset(key)
  }

  /**
   * The next key, which is from then on in hand; undefined where there is none. A group whose reconciles take long, whatever the
   * cause, may have three times as many keys in hand as there are hands free: some are left for each of the others.
   *
   * @param free how many hands are free.
   */
  get(free = Infinity): string | undefined {
    this.#turn = (this.#turn + 1) % LOW_PRIORITY_EVERY
    const [first, second] =
      this.#turn === 0 ? [this.#lowPriority, this.#highPriority] : [this.#highPriority, this.#lowPriority]
    const may = (group: string): boolean => (this.#processingByGroup.get(group) ?? 0) < SHARE * free
    const key = first.shift(may) ?? second.shift(may)
    if (key === undefined) return undefined
    this.#countGroup(key, 1)
    const now = this.#options.clock.monotonic()
    this.#options.metrics?.taken((now - (this.#waiting.get(key)?.since ?? now)) / 1000)
    this.#waiting.delete(key)
    this.#processing.set(key, now)
    return key
  }

  /** Ends the work on a key that was taken. */
  done(key: string): void {
    const since = this.#processing.get(key)
    if (since === undefined) return
    this.#processing.delete(key)
    this.#countGroup(key, -1)
    this.#options.metrics?.done((this.#options.clock.monotonic() - since) / 1000)
    const again = this.#waiting.get(key)
    if (again) this.#makeReady(key, again.set)
  }

  /** From now on nothing is added; what waits and what is due is forgotten. */
  stop(): void {
    this.#stopped = true
    this.#schedule.clear()
    for (const [key, { set }] of this.#waiting) set.delete(key)
    this.#waiting.clear()
  }

  #countGroup(key: string, change: number): void {
    const group = this.#options.groupOf?.(key)
    // Where there are no groups, there is nobody to leave anything for.
    if (group === undefined) return
    const held = (this.#processingByGroup.get(group) ?? 0) + change
    if (held > 0) this.#processingByGroup.set(group, held)
    else this.#processingByGroup.delete(group)
  }

  #enqueue(key: string, set: FairFifoSet): void {
    if (this.#stopped) return
    this.#schedule.cancel(key)
    const known = this.#waiting.get(key)
    if (!known) this.#options.metrics?.added()
    else if (known.set === set || set === this.#lowPriority) return
    const since = known ? known.since : this.#options.clock.monotonic()
    this.#waiting.set(key, { since, set })
    known?.set.delete(key)
    if (!this.#processing.has(key)) this.#makeReady(key, set)
  }

  #makeReady(key: string, set: FairFifoSet): void {
    set.add(key)
    this.#options.onReady?.()
  }
}

export const createQueue = (options: QueueOptions): WorkQueue => new WorkQueue(options)
