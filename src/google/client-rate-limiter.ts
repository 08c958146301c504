/**
 * How Google limits one OAuth client, for all of its Agents: a token bucket and a circuit breaker for each of the two
 * services, whose limits are independent. While the Calendar API's quota is used up, tokens are still refreshed.
 */
import type { Clock, Random } from '../platform/clock.ts'
import { HOUR_MS, MINUTE_MS } from '../platform/time-units.ts'
import { CircuitBreaker, CircuitOpenError, type Verdict } from '../rate-limit/circuit-breaker.ts'
import type { RateLimit } from '../rate-limit/rate-limit.ts'
import { RateLimitExceededError, TokenBucket } from '../rate-limit/token-bucket.ts'
import type { Bypass } from './bypass.ts'
import { GoogleError, type Limit } from './port.ts'

export interface LimiterDeps {
  clock: Clock
  random: Random
}

/** Which of Google's services a request is for. */
export type Endpoint = 'token' | 'calendar'

/** Google limits one person's requests, which is no reason to keep the client's other Agents waiting. */
export class PerUserLimitError extends GoogleError {}

/**
 * The Calendar API's quota of a project (docs/google-behaviour.md#quotas). That of the token endpoint is not published;
 * the same number is used.
 */
const REQUESTS_PER_MINUTE = 10_000
/** A worker has other keys to look after: no request waits longer than this for its token. */
const MAX_WAIT_MS = 5_000
const PER_USER_PAUSE_MS = 15_000
/** One request in ten seconds may bypass a pause, whoever asks for it. */
const BYPASS_LIMIT: RateLimit = { burst: 1, intervalMs: 10_000 }
/** A daily quota is tried again hourly: the day ends at midnight Pacific time, which only Google knows exactly. */
const PAUSES = {
  RateLimited: { firstMs: 5_000, maxMs: 5 * MINUTE_MS },
  DailyQuotaExceeded: { fixedMs: HOUR_MS },
} as const

/** A tenth of a minute's quota at once and the rest evenly: no sliding minute holds more requests than the quota. */
const smooth = (requestsPerMinute: number): RateLimit => ({
  burst: Math.max(requestsPerMinute / 10, 1),
  intervalMs: 60_000 / (0.9 * requestsPerMinute),
})

interface Service {
  bucket: TokenBucket
  breaker: CircuitBreaker<Limit['failure']>
}

/** The limits of one client, or of one secret that Google has not accepted yet. */
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

  /** The limit in force, the Calendar API's first. */
  get limit(): Limit | undefined {
    const open = this.#services.calendar.breaker.open ?? this.#services.token.breaker.open
    return open && { failure: open.reason, since: open.since, leftMs: open.leftMs }
  }

  /**
   * Sends one request, at once or within five seconds. While its service limits the client, it fails at once and nothing is sent.
   *
   * @param bypass allows one request during a pause.
   * @throws GoogleError with `retryAfterMs` where a limit is the reason.
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

  /** Uses the bypass for something that this limiter does not pause, such as a Calendar API that is switched off. */
  tryBypass(bypass: Bypass): boolean {
    return bypass.tryUse(this.#bypasses)
  }

  /** Lets the next request to the Calendar API, whosever it is, be the probe. Returns false where nothing is paused. */
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

/** Any answer of Google's but a limit says that there is none; no answer, or one of a proxy, says nothing. */
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
  // A bypass that came too early is used when its time has come.
  return new GoogleError(reason, message, { retryAfterMs: bypass?.retryInMs ?? retryAfterMs })
}
