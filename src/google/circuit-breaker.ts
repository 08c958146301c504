/**
 * The door to one of Google's services. After a refusal because of a limit it is closed for everybody; when its time is over
 * one request goes through first, the probe, and only if that is answered do the others follow, evenly. What was sent before
 * the door closed says nothing of what is allowed now: it neither opens the door nor shortens its time. A request with a bypass
 * (somebody asked for it) goes through a closed door, and is the probe, so that everybody learns what came of it.
 */
import type { LimiterDeps } from './client-rate-limiter.ts'
import { TokenBucket } from './token-bucket.ts'
import type { BypassLimiter, Bypass } from './bypass.ts'
import { GoogleError, type Limit } from './port.ts'

/** A limit of one person's requests: no reason to keep the others waiting. */
export class PerUserLimitError extends GoogleError {}

const FIRST_PAUSE_MS = 5_000
const LONGEST_PAUSE_MS = 5 * 60_000
/** A daily quota is looked at again hourly: the day's end, Pacific time, is Google's to know. */
const DAILY_PAUSE_MS = 60 * 60_000
const PERSONAL_PAUSE_MS = 15_000
const SHORTEST_PAUSE_MS = 1_000
/** While the probe finds out, the others come back after one to two of these, or of the probe's age. */
const PROBE_MS = 1_000
/** Longer than any request may take: a probe that has not ended by then never will. */
const LOST_PROBE_MS = 60_000
/** After a limit's end: the next one within this time is taken for the same, and its pause is twice as long. */
const CALM_MS = 60_000
/** A limit that nobody has asked about for so long after its end is not spoken of any more. */
const LINGER_MS = 60_000
/** The time of day was set by more than this: what was noted by it is reckoned anew. */
const LEAP_MS = 5_000

/** Instants are monotonic. */
interface Request {
  sentAt: number
  /** It went through the closed door. */
  isEarly: boolean
}

interface OpenState {
  failure: Limit['failure']
  since: number
  /** The same, by the time of day as it was then. */
  sinceTimeOfDay: number
  until: number
}

export class CircuitBreaker {
  readonly #deps: LimiterDeps
  readonly #bucket: TokenBucket
  readonly #bypassLimiter: BypassLimiter
  #openState: OpenState | undefined
  #lastUntil = -Infinity
  #refusals = 0
  #probe: Request | undefined

  constructor(deps: LimiterDeps, requestsPerMinute: number, bypassLimiter: BypassLimiter) {
    this.#deps = deps
    this.#bucket = new TokenBucket(deps.clock, requestsPerMinute)
    this.#bypassLimiter = bypassLimiter
  }

  /** The limit in force: until a request has been answered after its end, or nobody has asked for a minute. */
  get limit(): Limit | undefined {
    const closed = this.#openState
    const now = this.#now()
    if (!closed || now >= closed.until + LINGER_MS) return undefined
    return { failure: closed.failure, since: this.#timeOfDay(closed), leftMs: Math.max(closed.until - now, 0) }
  }

  async run<T>(send: () => Promise<T>, bypass?: Bypass): Promise<T> {
    const early = this.#refusalNow()
    if (early && !bypass) throw early
    await this.#bucket.acquire()
    const request = this.#admit(bypass)
    try {
      const answer = await send()
      this.#onSuccess(request)
      return answer
    } catch (error) {
      throw this.#onFailure(request, error)
    } finally {
      if (this.#probe === request) this.#probe = undefined
    }
  }

  /** The pause is over now, as far as the next request is concerned: it is the probe. */
  allowProbe(): void {
    if (this.#openState) this.#openState.until = Math.min(this.#openState.until, this.#now())
  }

  #now(): number {
    return this.#deps.clock.monotonic()
  }

  #admit(bypass: Bypass | undefined): Request {
    const refusal = this.#refusalNow()
    const isEarly = refusal !== undefined && bypass?.tryUse(this.#bypassLimiter) === true
    if (refusal && !isEarly) throw deferred(refusal, bypass)
    const request = { sentAt: this.#now(), isEarly }
    if (this.#openState) this.#probe = request
    return request
  }

  /** What a request is told that may not pass now. */
  #refusalNow(): GoogleError | undefined {
    if (!this.#openState) return undefined
    const now = this.#now()
    if (now < this.#openState.until) return this.#refusal(this.#openState, this.#openState.until - now, PROBE_MS)
    if (!this.#probe) return undefined
    const age = now - this.#probe.sentAt
    return age < LOST_PROBE_MS ? this.#refusal(this.#openState, 0, Math.max(age, PROBE_MS)) : undefined
  }

  #refusal({ failure }: OpenState, leftMs: number, spreadMs: number): GoogleError {
    const retryAfterMs = leftMs + spreadMs * (1 + this.#deps.random())
    return new GoogleError(failure, LIMITED, { retryAfterMs })
  }

  #onSuccess(request: Request): void {
    if (this.#openState) {
      if (this.#probe !== request) return
      this.#openState = undefined
      this.#bucket.drain()
    }
    if (this.#now() - this.#lastUntil >= CALM_MS) this.#refusals = 0
  }

  #onFailure(request: Request, error: unknown): unknown {
    if (!(error instanceof GoogleError)) return error
    const { failure, status, message } = error
    if (error instanceof PerUserLimitError) {
      const retryAfterMs = error.retryAfterMs ?? PERSONAL_PAUSE_MS * (1 + this.#deps.random())
      return new GoogleError(failure, message, { status, retryAfterMs })
    }
    if (failure === 'RateLimited' || failure === 'DailyQuotaExceeded') {
      const retryAfterMs = this.#open(request, failure, error.retryAfterMs)
      return new GoogleError(failure, message, { status, retryAfterMs })
    }
    // Any answer of Google's but a limit says that there is none; no answer, or one of somebody else's, says nothing.
    if (failure !== 'Unreachable' && failure !== 'Unknown') this.#onSuccess(request)
    return error
  }

  /** Answers how long to stay away, in ms. Many requests are under way when a limit is met: together they are one refusal. */
  #open(request: Request, failure: Limit['failure'], retryAfterMs: number | undefined): number {
    const now = this.#now()
    // A pause that is not over yet is neither shortened nor doubled by who looked before its time.
    const standing = this.#probe === request && !request.isEarly ? undefined : this.#openState
    const until = Math.max(standing?.until ?? now, now + this.#pause(failure, retryAfterMs, standing !== undefined))
    const daily = failure === 'DailyQuotaExceeded' || standing?.failure === 'DailyQuotaExceeded'
    const { since, sinceTimeOfDay } = this.#openState ?? { since: now, sinceTimeOfDay: this.#deps.clock.now() }
    this.#openState = { failure: daily ? 'DailyQuotaExceeded' : 'RateLimited', since, sinceTimeOfDay, until }
    this.#lastUntil = until
    return Math.max(until - now, SHORTEST_PAUSE_MS)
  }

  #pause(failure: Limit['failure'], retryAfterMs: number | undefined, closedAlready: boolean): number {
    const doublings = closedAlready ? 0 : this.#refusals++
    if (retryAfterMs !== undefined) return Math.max(retryAfterMs, SHORTEST_PAUSE_MS)
    const jitter = 0.75 + this.#deps.random() / 2
    if (failure === 'DailyQuotaExceeded') return DAILY_PAUSE_MS * jitter
    return closedAlready ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** doublings, LONGEST_PAUSE_MS) * jitter
  }

  /** What is published must not move by milliseconds, nor lie in the future after the time of day was put right. */
  #timeOfDay(closed: OpenState): number {
    const reckoned = this.#deps.clock.now() - (this.#now() - closed.since)
    if (Math.abs(reckoned - closed.sinceTimeOfDay) > LEAP_MS) closed.sinceTimeOfDay = reckoned
    return closed.sinceTimeOfDay
  }
}

const LIMITED = 'Google is limiting this client just now'

/** Whoever has a bypass, and whose turn has not come, comes back for it. */
function deferred(refusal: GoogleError, bypass: Bypass | undefined): GoogleError {
  if (bypass?.retryInMs === undefined) return refusal
  return new GoogleError(refusal.failure, LIMITED, { retryAfterMs: bypass.retryInMs })
}
