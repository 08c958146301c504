/** A token bucket for each key, for a limited number of keys. */
import type { Clock } from '../platform/clock.ts'
import { setBounded } from './bounded-map.ts'
import { afterToken, delayUntilToken, type RateLimit } from './rate-limit.ts'

const MAX_KEYS = 10_000

/** Limits how often each key may do something. It tracks 10,000 keys; beyond that, the least recently used key is forgotten. */
export class KeyedRateLimiter {
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #limit: RateLimit
  /** When each key's bucket is full again. */
  readonly #fullAt = new Map<string, number>()

  constructor(clock: Pick<Clock, 'monotonic'>, limit: RateLimit) {
    this.#clock = clock
    this.#limit = limit
  }

  /** How many keys it tracks. */
  get size(): number {
    return this.#fullAt.size
  }

  /** How long, in ms, until the key can take a token; 0 means now. Takes none. */
  delay(key: string): number {
    return delayUntilToken(this.#limit, this.#fullAt.get(key), this.#clock.monotonic())
  }

  /** Takes a token of this key even if there is none. */
  record(key: string): void {
    this.#set(key, afterToken(this.#limit, this.#fullAt.get(key), this.#clock.monotonic()))
  }

  /** Takes a token of this key. Returns false if there was none; a refused attempt costs nothing. */
  tryAcquire(key: string): boolean {
    const isFree = this.delay(key) === 0
    if (isFree) this.record(key)
    else this.#set(key, this.#fullAt.get(key) ?? 0)
    return isFree
  }

  #set(key: string, fullAt: number): void {
    setBounded(this.#fullAt, key, fullAt, MAX_KEYS)
  }
}
