/**
 * The rate limits of one OAuth client, shared by all of its Agents: a token bucket and a circuit breaker for each of Google's two
 * services, whose limits are independent. While the Calendar API's quota is used up, tokens can still be refreshed.
 */
import type { Clock, Random } from '../platform/clock.ts'
import { HOUR_MS, MINUTE_MS } from '../platform/time-units.ts'
import { CircuitBreaker, CircuitOpenError, type Verdict } from '../rate-limit/circuit-breaker.ts'
import type { RateLimit } from '../rate-limit/rate-limit.ts'
import { RateLimitExceededError, TokenBucket } from '../rate-limit/token-bucket.ts'
import type { Bypass } from './bypass.ts'
import { GoogleError, type Limit } from './port.ts'

/** What a rate limiter needs. */
export interface LimiterDeps {
  clock: Clock
  random: Random
}

/** The Google service that a request is sent to. */
export type Endpoint = 'token' | 'calendar'

/** Google limits the requests of one person. The client's other Agents are not delayed. */
export class PerUserLimitError extends GoogleError {}

/**
 * A project's quota of the Calendar API (docs/google-behaviour.md#quotas). The quota of the token endpoint is not published, so
 * the same number is used for it.
 */
const REQUESTS_PER_MINUTE = 10_000
/** The longest time that a request waits for its token: meanwhile it occupies a worker. */
const MAX_WAIT_MS = 5_000
const PER_USER_PAUSE_MS = 15_000
/** One request in ten seconds may bypass a pause, for all Agents of the client together. */
const BYPASS_LIMIT: RateLimit = { burst: 1, intervalMs: 10_000 }
/** A daily quota is tried again every hour: the day ends at midnight Pacific time, by Google's clock. */
const PAUSES = {
  RateLimited: { firstMs: 5_000, maxMs: 5 * MINUTE_MS },
  DailyQuotaExceeded: { fixedMs: HOUR_MS },
} as const

/** A burst of a tenth of the quota per minute, and the rest evenly, so that no sliding minute exceeds the quota. */
const smooth = (requestsPerMinute: number): RateLimit => ({
  burst: Math.max(requestsPerMinute / 10, 1),
  intervalMs: 60_000 / (0.9 * requestsPerMinute),
})

interface Service {
  bucket: TokenBucket
  breaker: CircuitBreaker<Limit['failure']>
}

/** The rate limits of one client, or of one client secret that Google has not accepted yet. */
export class ClientRateLimiter {
  readonly #random: Random
  readonly #services: Record<Endpoint, Service>
  readonly #bypasses: TokenBucket

  constructor(deps: LimiterDeps, requestsPerMinute = REQUESTS_PER_MINUTE) {
    const service = (): Service => {
      const bucket = new TokenBucket(deps.clock, smooth(requestsPerMinute))
      const breaker = new CircuitBreaker(deps, { judge, pauses: PAUSES, onClose: () => bucket.drain() })
      return { bucket, breaker }
    }
    this.#random = deps.random
    this.#services = { token: service(), calendar: service() }
    this.#bypasses = new TokenBucket(deps.clock, BYPASS_LIMIT)
  }

  /** The limit that is in force; that of the Calendar API takes precedence. */
  get limit(): Limit | undefined {
    const open = this.#services.calendar.breaker.open ?? this.#services.token.breaker.open
    return open && { failure: open.reason, since: open.since, leftMs: open.leftMs }
  }

  /**
   * Sends one request, at once or within five seconds. While the service limits the client, it fails at once without sending
   * anything.
   *
   * @param bypass allows one request during a pause.
   * @throws GoogleError with `retryAfterMs` if a limit is the reason.
   */
  async run<T>(endpoint: Endpoint, send: () => Promise<T>, bypass?: Bypass): Promise<T> {
    const { bucket, breaker } = this.#services[endpoint]
    try {
      if (!bypass) breaker.assertClosed()
      await bucket.acquire(MAX_WAIT_MS)
      return await breaker.run(send, bypass && (() => this.tryBypass(bypass)))
    } catch (error) {
      throw this.#googleErrorOf(error, bypass)
    }
  }

  /** Uses the bypass for a request that the caller holds back itself, for example because the Calendar API is switched off. */
  tryBypass(bypass: Bypass): boolean {
    return bypass.tryUse(this.#bypasses)
  }

  /** Makes the next request to the Calendar API, from any Agent, the probe. Returns false if no pause is in force. */
  probeCalendar(bypass: Bypass): boolean {
    const { breaker } = this.#services.calendar
    if ((breaker.open?.leftMs ?? 0) === 0 || !this.tryBypass(bypass)) return false
    breaker.allowProbe()
    return true
  }

  #googleErrorOf(error: unknown, bypass: Bypass | undefined): unknown {
    if (error instanceof RateLimitExceededError) {
      const { retryAfterMs } = error
      return new GoogleError('RateLimited', 'too many requests of this client wait already', { retryAfterMs })
    }
    if (error instanceof CircuitOpenError) return limitedError(error as CircuitOpenError<Limit['failure']>, bypass)
    if (!(error instanceof PerUserLimitError)) return error
    const { failure, message, status } = error
    const retryAfterMs = error.retryAfterMs ?? PER_USER_PAUSE_MS * (1 + this.#random())
    return new GoogleError(failure, message, { status, retryAfterMs })
  }
}

/** Any answer of Google except a limit shows that no limit is in force; a missing answer, or that of a proxy, shows nothing. */
function judge(error: unknown): Verdict<Limit['failure']> {
  if (!(error instanceof GoogleError) || error instanceof PerUserLimitError) return { kind: 'inconclusive' }
  const { failure, retryAfterMs } = error
  if (failure === 'RateLimited' || failure === 'DailyQuotaExceeded') {
    return { kind: 'limited', reason: failure, retryAfterMs }
  }
  return { kind: failure === 'Unreachable' || failure === 'Unknown' ? 'inconclusive' : 'available' }
}

function limitedError(error: CircuitOpenError<Limit['failure']>, bypass: Bypass | undefined): GoogleError {
  const { reason, retryAfterMs, cause } = error
  if (cause instanceof GoogleError) {
    return new GoogleError(cause.failure, cause.message, { status: cause.status, retryAfterMs })
  }
  const message = 'Google is limiting this client just now'
  // A bypass that came too early is tried again when the client allows the next one.
  return new GoogleError(reason, message, { retryAfterMs: bypass?.retryInMs ?? retryAfterMs })
}
