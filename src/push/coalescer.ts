/** Merges what arrives for one key within a short time, so that a burst is delivered once. Touches only the clock. */
import type { Clock } from '../platform/clock.ts'

/** What waits for its delivery. */
interface Entry<T> {
  pending: T | undefined
  /** The monotonic instant of the timer. */
  dueAt: number
  /** When this key was last delivered; monotonic. */
  deliveredAt: number
  cancel: () => void
}

interface CoalescerOptions<T> {
  /** The shortest time between two deliveries of one key, in ms. */
  intervalMs: number
  merge(one: T, other: T): T
  deliver(key: string, value: T): void
}

/** Delivers the values of each key together, at most once in an interval. It keeps a key only for that long. */
export class Coalescer<T> {
  readonly #clock: Pick<Clock, 'monotonic' | 'setTimer'>
  readonly #options: CoalescerOptions<T>
  readonly #entries = new Map<string, Entry<T>>()
  #stopped = false

  constructor(clock: Pick<Clock, 'monotonic' | 'setTimer'>, options: CoalescerOptions<T>) {
    this.#clock = clock
    this.#options = options
  }

  /** How many keys it keeps. */
  get size(): number {
    return this.#entries.size
  }

  /** Delivers `value` after `delayMs`, or with what is due for the key earlier, or as soon as the interval has passed. */
  add(key: string, value: T, delayMs: number): void {
    if (this.#stopped) return
    const now = this.#clock.monotonic()
    const entry = this.#entries.get(key) ?? { ...NEW, pending: undefined }
    this.#entries.set(key, entry)
    const dueAt = Math.max(now + delayMs, entry.deliveredAt + this.#options.intervalMs)
    if (entry.pending === undefined) {
      entry.pending = value
      this.#schedule(key, entry, dueAt)
    } else {
      entry.pending = this.#options.merge(entry.pending, value)
      if (dueAt < entry.dueAt) this.#schedule(key, entry, dueAt)
    }
  }

  /** Delivers everything that waits, and takes nothing more. */
  stop(): void {
    this.#stopped = true
    for (const { cancel } of this.#entries.values()) cancel()
    for (const [key, { pending }] of this.#entries) if (pending !== undefined) this.#options.deliver(key, pending)
    this.#entries.clear()
  }

  #schedule(key: string, entry: Entry<T>, dueAt: number): void {
    entry.cancel()
    entry.dueAt = dueAt
    entry.cancel = this.#clock.setTimer(dueAt - this.#clock.monotonic(), () => this.#onDue(key, entry))
  }

  #onDue(key: string, entry: Entry<T>): void {
    const { pending } = entry
    if (pending === undefined) {
      this.#entries.delete(key)
      return
    }
    entry.pending = undefined
    entry.deliveredAt = this.#clock.monotonic()
    this.#schedule(key, entry, entry.deliveredAt + this.#options.intervalMs)
    this.#options.deliver(key, pending)
  }
}

const NEW = { dueAt: Infinity, deliveredAt: -Infinity, cancel: (): void => undefined }
