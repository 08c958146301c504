/**
 * A token bucket: a cold start of thousands of agents is smoothed so that no sliding minute holds more requests than the
 * quota. A tenth of a minute's worth may go at once, and the rest comes evenly.
 */
import { sleep, type Clock } from '../platform/clock.ts'
import { GoogleError } from './port.ts'

/** Longer than this nobody waits inside a request: a worker has other keys to look after. */
const LONGEST_WAIT_MS = 5_000

export class TokenBucket {
  readonly #clock: Clock
  readonly #burst: number
  readonly #perMs: number
  #tokens: number
  /** Monotonic, as every instant here. */
  #countedAt: number

  constructor(clock: Clock, requestsPerMinute: number) {
    this.#clock = clock
    this.#burst = Math.max(requestsPerMinute / 10, 1)
    this.#perMs = (requestsPerMinute - requestsPerMinute / 10) / 60_000
    this.#tokens = this.#burst
    this.#countedAt = clock.monotonic()
  }

  /** Waits for its turn, at most a few seconds; fails with `RateLimited` where that would not do. */
  async acquire(): Promise<void> {
    const now = this.#clock.monotonic()
    const refilled = this.#tokens + (now - this.#countedAt) * this.#perMs
    this.#tokens = Math.min(refilled, this.#burst)
    this.#countedAt = now
    const wait = (1 - this.#tokens) / this.#perMs
    if (wait > LONGEST_WAIT_MS) {
      throw new GoogleError('RateLimited', 'too many requests of this client wait already', { retryAfterMs: wait })
    }
    this.#tokens -= 1
    if (wait > 0) await sleep(this.#clock, wait)
  }

  /** No burst for now: after a limit the others follow one by one. */
  drain(): void {
    this.#tokens = Math.min(this.#tokens, 0)
    this.#countedAt = this.#clock.monotonic()
  }
}
