/**
 * How often credentials that Google has not accepted yet are verified: a few times at once and then slowly, for each
 * integration and for each namespace. Somebody who changes a Secret a hundred times a second, or makes a thousand integrations
 * with made-up clients, must not make this operator look like an attacker to Google.
 */
import type { Clock } from '../platform/clock.ts'
import { KeyedRateLimiter } from '../rate-limit/keyed-rate-limiter.ts'
import type { RateLimit } from '../rate-limit/rate-limit.ts'

const PER_INTEGRATION: RateLimit = { burst: 3, intervalMs: 10_000 }
const PER_NAMESPACE: RateLimit = { burst: 50, intervalMs: 200 }

/** Limits the verifications of new credentials. */
export class CheckLimits {
  readonly #integrations: KeyedRateLimiter
  readonly #namespaces: KeyedRateLimiter

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#integrations = new KeyedRateLimiter(clock, PER_INTEGRATION)
    this.#namespaces = new KeyedRateLimiter(clock, PER_NAMESPACE)
  }

  /** Counts one verification. Returns 0 if it may be made now, else how long, in ms, until it may. */
  admit({ key, namespace }: { key: string; namespace: string }): number {
    const delay = Math.max(this.#integrations.delay(key), this.#namespaces.delay(namespace))
    if (delay > 0) return delay
    this.#integrations.record(key)
    this.#namespaces.record(namespace)
    return 0
  }
}
