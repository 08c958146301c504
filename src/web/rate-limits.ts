/** How often one key may do something. Every limiter measures by the monotonic clock, and none holds more than 10,000 keys. */
import type { Clock } from '../platform/clock.ts'

type Monotonic = Pick<Clock, 'monotonic'>

export interface RateLimit {
  /** So many at once, */
  burst: number
  /** and then one in so many ms. */
  refillMs: number
}

/** Requests of one address that are wrong. Good requests are not counted: many people may share an address. */
export const MISTAKES: RateLimit = { burst: 60, refillMs: 1_000 }
/** Log lines, and Events, that tell of one Agent's failed sign-ins: whoever has its link can cause them. */
export const TOLD_FAILURES: RateLimit = { burst: 5, refillMs: 60_000 }
/** Reads of one client's or grant's Secret for pages. Each change of it costs one read; more changes than that serve nobody. */
export const SECRET_READS: RateLimit = { burst: 10, refillMs: 1_000 }

const MAX_KEYS = 10_000

/** Moves the key to the end of the map, and forgets the key at its start where there are too many. */
export function rememberBounded<T>(map: Map<string, T>, key: string, value: T, max: number): void {
  map.delete(key)
  map.set(key, value)
  const oldest = map.keys().next()
  if (map.size > max && !oldest.done) map.delete(oldest.value)
}

/** One token bucket for each key. */
export class KeyedRateLimiter {
  readonly #clock: Monotonic
  readonly #limit: RateLimit
  readonly #byKey = new Map<string, { left: number; at: number }>()

  constructor(clock: Monotonic, limit: RateLimit) {
    this.#clock = clock
    this.#limit = limit
  }

  /** Takes one token. Returns false if there was none. */
  tryAcquire(key: string): boolean {
    const { burst, refillMs } = this.#limit
    const now = this.#clock.monotonic()
    const known = this.#byKey.get(key)
    const left = known ? Math.min(burst, known.left + (now - known.at) / refillMs) : burst
    rememberBounded(this.#byKey, key, { left: Math.max(left - 1, 0), at: now }, MAX_KEYS)
    return left >= 1
  }

  get size(): number {
    return this.#byKey.size
  }
}

export interface WindowLimit {
  /** So many in any interval of this length. */
  max: number
  windowMs: number
}

/** Admits at most `max` in every interval of `windowMs`, wherever it begins: a token bucket would admit nearly twice that. */
export class SlidingWindowLimiter {
  readonly #clock: Monotonic
  readonly #limit: WindowLimit
  /** When the last ones were admitted, oldest first; never more than `max`. */
  readonly #byKey = new Map<string, number[]>()

  constructor(clock: Monotonic, limit: WindowLimit) {
    this.#clock = clock
    this.#limit = limit
  }

  /** How long, in ms, until the next one may be admitted; 0 means now. Counts nothing. */
  delayOf(key: string): number {
    const admitted = this.#byKey.get(key) ?? []
    const [oldest] = admitted
    if (oldest === undefined || admitted.length < this.#limit.max) return 0
    return Math.max(oldest + this.#limit.windowMs - this.#clock.monotonic(), 0)
  }

  /** Counts one. */
  record(key: string): void {
    const admitted = [...(this.#byKey.get(key) ?? []), this.#clock.monotonic()]
    rememberBounded(this.#byKey, key, admitted.slice(-this.#limit.max), MAX_KEYS)
  }

  get size(): number {
    return this.#byKey.size
  }
}

const A_MINUTE_MS = 60_000

/** Callbacks that are looked at. A person needs one or two; whoever has a link can send any number of made-up ones. */
export class CallbackLimiter {
  readonly #ofAddress: SlidingWindowLimiter
  readonly #ofLink: SlidingWindowLimiter

  constructor(clock: Monotonic) {
    this.#ofAddress = new SlidingWindowLimiter(clock, { max: 10, windowMs: A_MINUTE_MS })
    this.#ofLink = new SlidingWindowLimiter(clock, { max: 60, windowMs: A_MINUTE_MS })
  }

  /**
   * Counts one callback, unless it is too many: a refused one counts for nothing, so one address can't use up what the link
   * has for all.
   *
   * @returns 0 if it may be looked at, else how long, in ms, until another one may.
   */
  admit(address: string, link: string): number {
    const ofBoth = `${address} ${link}`
    const delay = Math.max(this.#ofAddress.delayOf(ofBoth), this.#ofLink.delayOf(link))
    if (delay > 0) return delay
    this.#ofAddress.record(ofBoth)
    this.#ofLink.record(link)
    return 0
  }
}
