/** A limit for every interval of a given length, whenever it begins. A token bucket would admit nearly twice as many. */
import type { Clock } from '../platform/clock.ts'
import { setBounded } from './bounded-map.ts'

/** At most `max` in any `windowMs`. */
interface WindowLimit {
  max: number
  windowMs: number
}

const MAX_KEYS = 10_000

/** Limits how often each key may do something. It tracks 10,000 keys; beyond that, the least recently recorded key is forgotten. */
export class SlidingWindowLimiter {
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #limit: WindowLimit
  /** When each key was last recorded, oldest first; at most `max` instants. */
  readonly #recorded = new Map<string, number[]>()

  constructor(clock: Pick<Clock, 'monotonic'>, limit: WindowLimit) {
    this.#clock = clock
    this.#limit = limit
  }

  /** How many keys it tracks. */
  get size(): number {
    return this.#recorded.size
  }

  /** How long, in ms, until the key may do it again; 0 means now. Records nothing. */
  delay(key: string): number {
    const recorded = this.#recorded.get(key) ?? []
    const [oldest] = recorded
    if (oldest === undefined || recorded.length < this.#limit.max) return 0
    return Math.max(oldest + this.#limit.windowMs - this.#clock.monotonic(), 0)
  }

  /** Records that the key did it now. */
  record(key: string): void {
    const recorded = [...(this.#recorded.get(key) ?? []), this.#clock.monotonic()]
    setBounded(this.#recorded, key, recorded.slice(-this.#limit.max), MAX_KEYS)
  }
}
