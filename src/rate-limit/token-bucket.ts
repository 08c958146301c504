/** A token bucket for callers that share one limit. */
import { sleep, type Clock } from '../platform/clock.ts'
import { afterToken, delayUntilToken, drained, type RateLimit } from './rate-limit.ts'

/** No token becomes available in time. No token was taken. */
export class RateLimitExceededError extends Error {
  override readonly name = 'RateLimitExceededError'
  /** How long, in ms, until the next token that nobody has reserved. */
  readonly retryAfterMs: number

  constructor(retryAfterMs: number) {
    super('no token becomes available in time')
    this.retryAfterMs = retryAfterMs
  }
}

/** A token bucket that is full at first. */
export class TokenBucket {
  readonly #clock: Pick<Clock, 'monotonic' | 'setTimer'>
  readonly #limit: RateLimit
  #fullAt: number | undefined

  constructor(clock: Pick<Clock, 'monotonic' | 'setTimer'>, limit: RateLimit) {
    this.#clock = clock
    this.#limit = limit
  }

  /** How long, in ms, until a token can be taken; 0 means now. Takes none. */
  delay(): number {
    return delayUntilToken(this.#limit, this.#fullAt, this.#clock.monotonic())
  }

  /** Takes a token. Returns false if there was none; a refused attempt costs nothing. */
  tryAcquire(): boolean {
    const isFree = this.delay() === 0
    if (isFree) this.#take()
    return isFree
  }

  /**
   * Takes a token, and waits for it if there is none. A caller that waits has reserved its token: later callers get later ones.
   *
   * @throws RateLimitExceededError at once if the wait would be longer than `maxWaitMs`.
   */
  async acquire(maxWaitMs: number): Promise<void> {
    const delay = this.delay()
    if (delay > maxWaitMs) throw new RateLimitExceededError(delay)
    this.#take()
    if (delay > 0) await sleep(this.#clock, delay)
  }

  /** Takes all tokens: the next callers follow at the bucket's rate, without a burst. */
  drain(): void {
    this.#fullAt = drained(this.#limit, this.#fullAt, this.#clock.monotonic())
  }

  #take(): void {
    this.#fullAt = afterToken(this.#limit, this.#fullAt, this.#clock.monotonic())
  }
}
