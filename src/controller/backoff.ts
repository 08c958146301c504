/** How long a key that keeps failing stays away: exponentially longer, each key by itself, and never all at once. */
import type { Random } from '../platform/clock.ts'

export interface BackoffOptions {
  random: Random
  /** The pause after a first failure, in ms; it doubles with each further one. */
  first?: number
  /** The longest pause, in ms. */
  longest?: number
}

export interface PauseOptions extends BackoffOptions {
  /** The pause that the other side asked for, in ms: it is kept whatever the backoff. */
  notBefore?: number
}

const FIRST_MS = 750
const LONGEST_MS = 5 * 60_000
/** By how much, at most, a pause is drawn out that another side asked for: it is the same one for many keys. */
const SPREAD = 0.1

/** The pause in ms after so many failures in a row (1: the first). */
export function pauseAfter(failures: number, options: PauseOptions): number {
  const { random, first = FIRST_MS, notBefore = 0 } = options
  const longest = Math.min(options.longest ?? LONGEST_MS, LONGEST_MS)
  const grown = first * 2 ** (failures - 1)
  // A quarter up or down, but never past the longest: what failed together doesn't come back together.
  const pause = grown * 1.25 < longest ? grown * (0.75 + random() / 2) : longest * (0.75 + random() / 4)
  return pause < notBefore ? notBefore * (1 + SPREAD * random()) : pause
}

export class Backoff {
  readonly #options: BackoffOptions
  readonly #failures = new Map<string, number>()

  constructor(options: BackoffOptions) {
    this.#options = options
  }

  /** How many keys are failing. */
  get size(): number {
    return this.#failures.size
  }

  /** Counts one more failure and answers the pause in ms: at least `notBefore`, else no longer than `atMost`. */
  next(key: string, notBefore = 0, atMost = Infinity): number {
    const failures = (this.#failures.get(key) ?? 0) + 1
    this.#failures.set(key, failures)
    const longest = Math.min(this.#options.longest ?? LONGEST_MS, atMost)
    return pauseAfter(failures, { ...this.#options, longest, notBefore })
  }

  /** The next failure of this key is its first. */
  reset(key: string): void {
    this.#failures.delete(key)
  }
}
