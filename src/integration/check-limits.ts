/**
 * How often credentials that nobody has seen work are checked at Google: a few at once and then slowly, for each integration
 * and then for each namespace. Whoever changes a Secret a hundred times a second, or makes a thousand integrations with made-up
 * clients, must not have Google take this operator for an attacker.
 */
import type { Clock } from '../platform/clock.ts'

interface Rate {
  /** So many at once. */
  burst: number
  /** Then one in so many ms. */
  everyMs: number
}

const OF_AN_INTEGRATION: Rate = { burst: 3, everyMs: 10_000 }
const OF_A_NAMESPACE: Rate = { burst: 50, everyMs: 200 }
/** Beyond so many keys, those are forgotten whose bucket is full again. */
const MOST_KEYS = 10_000

type Now = Pick<Clock, 'monotonic'>

/** A bucket for each key. */
class Buckets {
  readonly #clock: Now
  readonly #rate: Rate
  /** When each key's bucket is full again, by the monotonic clock. */
  readonly #fullAt = new Map<string, number>()

  constructor(clock: Now, rate: Rate) {
    this.#clock = clock
    this.#rate = rate
  }

  /** In how many ms the key may take one; 0 where it may now. */
  waitOf(key: string): number {
    const { burst, everyMs } = this.#rate
    const fullAt = this.#fullAt.get(key) ?? -Infinity
    return Math.max(fullAt - (burst - 1) * everyMs - this.#clock.monotonic(), 0)
  }

  take(key: string): void {
    const now = this.#clock.monotonic()
    this.#fullAt.set(key, Math.max(this.#fullAt.get(key) ?? now, now) + this.#rate.everyMs)
    if (this.#fullAt.size <= MOST_KEYS) return
    for (const [one, fullAt] of this.#fullAt) if (fullAt <= now) this.#fullAt.delete(one)
  }
}

export class CheckLimits {
  readonly #integrations: Buckets
  readonly #namespaces: Buckets

  constructor(clock: Now) {
    this.#integrations = new Buckets(clock, OF_AN_INTEGRATION)
    this.#namespaces = new Buckets(clock, OF_A_NAMESPACE)
  }

  /** Takes the turn of this integration's next check; otherwise answers in how many ms it comes. */
  take({ key, namespace }: { key: string; namespace: string }): number {
    const wait = Math.max(this.#integrations.waitOf(key), this.#namespaces.waitOf(namespace))
    if (wait > 0) return wait
    this.#integrations.take(key)
    this.#namespaces.take(namespace)
    return 0
  }
}
