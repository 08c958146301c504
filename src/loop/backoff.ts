/** How long a key that keeps failing stays away: exponentially longer, each key by itself, and never all at once. */
import type { Random } from '../platform/clock.ts'

export interface BackoffOptions {
  random: Random
  /** The pause after a first failure, in ms; it doubles with each further one. */
  first?: number
  /** The longest pause, in ms. */
  longest?: number
}

const FIRST_MS = 750
const LONGEST_MS = 5 * 60_000
/** By how much, at most, a pause is drawn out that another side asked for: it is the same one for many keys. */
const SPREAD = 0.1

export class Backoff {
  readonly #options: Required<BackoffOptions>
  readonly #failures = new Map<string, number>()

  constructor({ random, first = FIRST_MS, longest = LONGEST_MS }: BackoffOptions) {
    this.#options = { random, first, longest }
  }

  /** How many keys are failing. */
  get size(): number {
    return this.#failures.size
  }

  /** Counts one more failure and answers the pause in ms: at least `notBefore`, else no longer than `atMost`. */
  next(key: string, notBefore = 0, atMost = Infinity): number {
    const { random, first } = this.#options
    const longest = Math.min(this.#options.longest, atMost)
    const failed = this.#failures.get(key) ?? 0
    this.#failures.set(key, failed + 1)
    const grown = first * 2 ** failed
    // A quarter up or down, but never past the longest: what failed together doesn't come back together.
    const pause = grown * 1.25 < longest ? grown * (0.75 + random() / 2) : longest * (0.75 + random() / 4)
    return pause < notBefore ? notBefore * (1 + SPREAD * random()) : pause
  }

  /** The next failure of this key is its first. */
  reset(key: string): void {
    this.#failures.delete(key)
  }
}
