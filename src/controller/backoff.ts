/** Exponential backoff with jitter, counted for each key. Pure except for the counts. */
import type { Random } from '../platform/clock.ts'

/** The first and the longest pause of a backoff. */
interface BackoffOptions {
  random: Random
  /** The pause after a first failure, in ms; it doubles with each further one. */
  first?: number
  /** The longest pause, in ms. */
  longest?: number
}

/** The options of a single pause. */
interface PauseOptions extends BackoffOptions {
  /** The pause that the server asked for (Retry-After), in ms. A shorter backoff is extended to it. */
  notBefore?: number
}

const FIRST_MS = 750
const MAX_MS = 5 * 60_000
/** A pause that the server asked for is extended by up to this fraction, because many keys got the same one. */
const SPREAD = 0.1

/** Returns the pause in ms after this many failures in a row (1 for the first failure). */
export function pauseAfter(failures: number, options: PauseOptions): number {
  const { random, first = FIRST_MS, notBefore = 0 } = options
  const longest = Math.min(options.longest ?? MAX_MS, MAX_MS)
  const grown = first * 2 ** (failures - 1)
  // Plus or minus a quarter, up to the longest, so that keys that failed together spread out.
  const pause = grown * 1.25 < longest ? grown * (0.75 + random() / 2) : longest * (0.75 + random() / 4)
  return pause < notBefore ? notBefore * (1 + SPREAD * random()) : pause
}

/** The backoffs of all keys that fail. */
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

  /** Counts a failure and returns the pause in ms: at least `notBefore`, otherwise no longer than `atMost`. */
  next(key: string, notBefore = 0, atMost = Infinity): number {
    const failures = (this.#failures.get(key) ?? 0) + 1
    this.#failures.set(key, failures)
    const longest = Math.min(this.#options.longest ?? MAX_MS, atMost)
    return pauseAfter(failures, { ...this.#options, longest, notBefore })
  }

  /** Forgets the failures of this key. */
  reset(key: string): void {
    this.#failures.delete(key)
  }
}
