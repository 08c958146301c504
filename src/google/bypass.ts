/**
 * Run now, as far as it concerns Google: a person asked for a look, so one request goes out although a limit pauses the client
 * or the API is known to be switched off. A bypass is made for one look at one object and handed down with its requests; it
 * is good for one of them. A client lets one pass in ten seconds, whoever asks.
 */
import type { Clock } from '../platform/clock.ts'

const ONE_IN_MS = 10_000

/** When a client next lets a request over a pause. One for each client. */
export class BypassLimiter {
  readonly #clock: Pick<Clock, 'monotonic'>
  #lastAt = -Infinity

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  /** Takes the turn; otherwise answers in how many ms it comes. */
  tryAcquire(): number {
    const now = this.#clock.monotonic()
    const left = this.#lastAt + ONE_IN_MS - now
    if (left > 0) return left
    this.#lastAt = now
    return 0
  }
}

export class Bypass {
  #isUsed = false
  #retryInMs: number | undefined

  /** Whether a request has passed by it. */
  get isUsed(): boolean {
    return this.#isUsed
  }

  /** In how many ms the client's turn comes, where it had not come yet: the request waits its turn, and so does its answer. */
  get retryInMs(): number | undefined {
    return this.#isUsed ? undefined : this.#retryInMs
  }

  /** Whether one request may pass now. */
  tryUse(turns: BypassLimiter): boolean {
    if (this.#isUsed) return false
    const left = turns.tryAcquire()
    this.#isUsed = left === 0
    this.#retryInMs = left
    return this.#isUsed
  }
}

/**
 * What is left of a request to run now after its look: where the client's turn had not come, it is still to be done.
 *
 * @param turn the request that was acted on. @param memory forgets that it was.
 */
export function requestLeft<T extends { request?: string; waitMs?: number }>(
  bypass: Bypass,
  turn: T,
  memory: { lookedAt?: number },
): T | { waitMs: number } {
  const waitMs = bypass.retryInMs
  if (waitMs === undefined) return turn
  memory.lookedAt = undefined
  return { waitMs }
}
