/**
 * The rate limits of one OAuth client, shared by all of its Agents: a circuit breaker for each of Google's two services, whose limits
 * are independent, a budget for the Calendar API and a token bucket for the token endpoint. While the Calendar API's quota is used
 * up, tokens can still be refreshed.
 */
import type { Clock, Random } from '../platform/clock.ts'
import { HOUR_MS, MINUTE_MS } from '../platform/time-units.ts'
import { CircuitBreaker, CircuitOpenError, type Verdict } from '../rate-limit/circuit-breaker.ts'
import type { RateLimit } from '../rate-limit/rate-limit.ts'
import { RateLimitExceededError, TokenBucket } from '../rate-limit/token-bucket.ts'
import { DEFAULT_QUOTA } from '../resources/quota.ts'
import { acquirePlace } from './budget-place.ts'
import type { Bypass } from './bypass.ts'
import { GoogleError, OverBudgetError, type GoogleFailure, type Limit, type RequestOptions } from './port.ts'
import { QuotaBudget } from './quota-budget.ts'
import type { ReplicaRole } from './replica-role.ts'

/** What a rate limiter needs. */
export interface LimiterDeps {
  clock: Clock
  random: Random
  /** The role of this replica; by default there is no other. */
  role?: () => ReplicaRole
}

/** The Google service that a request is sent to. */
export type Endpoint = 'token' | 'calendar'

/** Google limits the requests of one person. The client's other Agents are not delayed. */
export class PerUserLimitError extends GoogleError {}

/** The quota of the token endpoint is not published: 10,000 a minute, as for the Calendar API, 1,000 of them at once. */
const TOKEN_REQUESTS: RateLimit = { burst: 1_000, intervalMs: MINUTE_MS / 9_000 }
/** The longest time that a request waits for its place: meanwhile it occupies a worker. */
const MAX_WAIT_MS = 5_000
const PER_USER_PAUSE_MS = 15_000
/** One request in ten seconds may bypass a pause, for all Agents of the client together. */
const BYPASS_LIMIT: RateLimit = { burst: 1, intervalMs: 10_000 }
/** A daily quota is tried again every hour: the day ends at midnight Pacific time, by Google's clock. */
const PAUSES = {
  RateLimited: { firstMs: 5_000, maxMs: 5 * MINUTE_MS },
  DailyQuotaExceeded: { fixedMs: HOUR_MS },
} as const

/** How one request is limited. Only requests to the Calendar API have priorities and count in budgets. */
export interface LimitOptions<T> extends RequestOptions {
  /** The budget of the integration; none if it is not known. */
  integration?: QuotaBudget
  /** Reads the account from the answer, if it is only claimed. */
  accountOf?: (answer: T) => string | undefined
}

/** What a refused access token, or one for something else, may get: such an answer says nothing about the claimed account. */
const ABOUT_THE_TOKEN: readonly GoogleFailure[] = [
  'Unauthenticated',
  'ScopeInsufficient',
  'CalendarDisabled',
  'NotFound',
]

type Breaker = CircuitBreaker<Limit['failure']>

/** The rate limits of one client, or of one client secret that Google has not accepted yet. */
export class ClientRateLimiter {
  readonly #clock: Clock
  readonly #random: Random
  readonly #tokens: TokenBucket
  /** The budget of the client, over all integrations that share this limiter. */
  readonly budget: QuotaBudget
  readonly #breakers: Record<Endpoint, Breaker>
  readonly #bypasses: TokenBucket

  constructor(deps: LimiterDeps, quota = DEFAULT_QUOTA) {
    const breaker = (onClose: () => void): Breaker => new CircuitBreaker(deps, { judge, pauses: PAUSES, onClose })
    this.#clock = deps.clock
    this.#random = deps.random
    this.#tokens = new TokenBucket(deps.clock, TOKEN_REQUESTS)
    this.budget = new QuotaBudget(deps.clock, quota, deps.role)
    this.#breakers = { token: breaker(() => this.#tokens.drain()), calendar: breaker(() => this.budget.total.drain()) }
    this.#bypasses = new TokenBucket(deps.clock, BYPASS_LIMIT)
  }

  /** The limit that is in force; that of the Calendar API takes precedence. */
  get limit(): Limit | undefined {
    const open = this.#breakers.calendar.open ?? this.#breakers.token.open
    return open && { failure: open.reason, since: open.since, leftMs: open.leftMs }
  }

  /**
   * Sends one request, at once or within five seconds. While the service limits the client, or a budget is used up, it fails at
   * once without sending anything.
   *
   * @throws GoogleError with `retryAfterMs` if a limit or a budget is the reason.
   */
  async run<T>(endpoint: Endpoint, send: () => Promise<T>, options: LimitOptions<T> = {}): Promise<T> {
    const { bypass } = options
    try {
      if (!bypass) this.#breakers[endpoint].assertClosed()
      return endpoint === 'token' ? await this.#runToken(send, bypass) : await this.#runCalendar(send, options)
    } catch (error) {
      throw this.#googleErrorOf(error, bypass)
    }
  }

  async #runToken<T>(send: () => Promise<T>, bypass: Bypass | undefined): Promise<T> {
    await this.#tokens.acquire(MAX_WAIT_MS)
    const noted = (): Promise<T> => {
      bypass?.onSend(false)
      return send()
    }
    return this.#throughBreaker('token', noted, bypass)
  }

  async #runCalendar<T>(send: () => Promise<T>, options: LimitOptions<T>): Promise<T> {
    const { bypass, payer, integration } = options
    const priority = bypass ? 'requested' : (options.priority ?? 'routine')
    const budgets = integration ? [integration, this.budget] : [this.budget]
    const found = acquirePlace(this.#clock, budgets, { priority, payer, maxWaitMs: MAX_WAIT_MS })
    const place = found instanceof Promise ? await found : found
    const sendInPlace = (): Promise<T> => {
      place.onSend()
      bypass?.onSend(true)
      return options.isTokenUnproven ? send().catch(limitedAlone) : send()
    }
    let account = payer?.account
    try {
      const answer = await this.#throughBreaker('calendar', sendInPlace, bypass)
      account = accountAfter(options, answer)
      return answer
    } catch (error) {
      if (payer?.isClaimed && isAboutTheToken(error)) account = undefined
      throw error
    } finally {
      place.release(account)
    }
  }

  #throughBreaker<T>(endpoint: Endpoint, send: () => Promise<T>, bypass: Bypass | undefined): Promise<T> {
    return this.#breakers[endpoint].run(send, bypass && (() => this.tryBypass(bypass)))
  }

  /** Uses the bypass for a request that the caller holds back itself, for example because the Calendar API is switched off. */
  tryBypass(bypass: Bypass): boolean {
    return bypass.tryUse(this.#bypasses)
  }

  /** Makes the next request to the Calendar API, from any Agent, the probe. Returns false if no pause is in force. */
  probeCalendar(bypass: Bypass): boolean {
    const breaker = this.#breakers.calendar
    if ((breaker.open?.leftMs ?? 0) === 0 || !this.tryBypass(bypass)) return false
    breaker.allowProbe()
    return true
  }

  #googleErrorOf(error: unknown, bypass: Bypass | undefined): unknown {
    if (error instanceof OverBudgetError) bypass?.postpone(error.retryAfterMs ?? 0)
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

/** The account that a request counts for once it is answered. */
const accountAfter = <T>({ payer, accountOf }: LimitOptions<T>, answer: T): string | undefined =>
  (payer?.isClaimed ? accountOf?.(answer) : undefined) ?? payer?.account

const isAboutTheToken = (error: unknown): boolean =>
  error instanceof GoogleError && ABOUT_THE_TOKEN.includes(error.failure)

/** A limit that is met with another client's access token delays only the Agent that has it. */
function limitedAlone(error: unknown): never {
  if (!(error instanceof GoogleError) || !isLimit(error.failure)) throw error
  const { failure, message, status, retryAfterMs } = error
  throw new PerUserLimitError(failure, message, { status, retryAfterMs })
}

const isLimit = (failure: GoogleFailure): failure is Limit['failure'] =>
  failure === 'RateLimited' || failure === 'DailyQuotaExceeded'

/** Any answer of Google except a limit shows that no limit is in force; a missing answer, or that of a proxy, shows nothing. */
function judge(error: unknown): Verdict<Limit['failure']> {
  if (!(error instanceof GoogleError) || error instanceof PerUserLimitError) return { kind: 'inconclusive' }
  const { failure, retryAfterMs } = error
  if (isLimit(failure)) return { kind: 'limited', reason: failure, retryAfterMs }
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
