/**
 * The door to one of Google's services. After a refusal because of a limit it is closed for everybody; when its time is over
 * one request goes through first, the probe, and only if that is answered do the others follow, evenly. What was sent before
 * the door closed says nothing of what is allowed now: it neither opens the door nor shortens its time. A request with a permit
 * (somebody asked for it) goes through a closed door, and is the probe, so that everybody learns what came of it.
 */
import type { GateDeps } from './limits.ts'
import { Pace } from './pace.ts'
import type { OverPause, Permit } from './permit.ts'
import { GoogleError, type Limit } from './port.ts'

/** A limit of one person's requests: no reason to keep the others waiting. */
export class PersonalLimit extends GoogleError {}

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

interface Closed {
  failure: Limit['failure']
  since: number
  /** The same, by the time of day as it was then. */
  sinceTimeOfDay: number
  until: number
}

export class Door {
  readonly #deps: GateDeps
  readonly #pace: Pace
  readonly #overPause: OverPause
  #closed: Closed | undefined
  #lastUntil = -Infinity
  #refusals = 0
  #probe: Request | undefined

  constructor(deps: GateDeps, requestsPerMinute: number, overPause: OverPause) {
    this.#deps = deps
    this.#pace = new Pace(deps.clock, requestsPerMinute)
    this.#overPause = overPause
  }

  /** The limit in force: until a request has been answered after its end, or nobody has asked for a minute. */
  get limit(): Limit | undefined {
    const closed = this.#closed
    const now = this.#now()
    if (!closed || now >= closed.until + LINGER_MS) return undefined
    return { failure: closed.failure, since: this.#timeOfDay(closed), leftMs: Math.max(closed.until - now, 0) }
  }

  async pass<T>(send: () => Promise<T>, permit?: Permit): Promise<T> {
    const early = this.#refusalNow()
    if (early && !permit) throw early
    await this.#pace.turn()
    const request = this.#admit(permit)
    try {
      const answer = await send()
      this.#answered(request)
      return answer
    } catch (error) {
      throw this.#learnt(request, error)
    } finally {
      if (this.#probe === request) this.#probe = undefined
    }
  }

  /** The pause is over now, as far as the next request is concerned: it is the probe. */
  askAgain(): void {
    if (this.#closed) this.#closed.until = Math.min(this.#closed.until, this.#now())
  }

  #now(): number {
    return this.#deps.clock.monotonic()
  }

  #admit(permit: Permit | undefined): Request {
    const refusal = this.#refusalNow()
    const isEarly = refusal !== undefined && permit?.use(this.#overPause) === true
    if (refusal && !isEarly) throw waiting(refusal, permit)
    const request = { sentAt: this.#now(), isEarly }
    if (this.#closed) this.#probe = request
    return request
  }

  /** What a request is told that may not pass now. */
  #refusalNow(): GoogleError | undefined {
    if (!this.#closed) return undefined
    const now = this.#now()
    if (now < this.#closed.until) return this.#refusal(this.#closed, this.#closed.until - now, PROBE_MS)
    if (!this.#probe) return undefined
    const age = now - this.#probe.sentAt
    return age < LOST_PROBE_MS ? this.#refusal(this.#closed, 0, Math.max(age, PROBE_MS)) : undefined
  }

  #refusal({ failure }: Closed, leftMs: number, spreadMs: number): GoogleError {
    const retryAfterMs = leftMs + spreadMs * (1 + this.#deps.random())
    return new GoogleError(failure, LIMITED, { retryAfterMs })
  }

  #answered(request: Request): void {
    if (this.#closed) {
      if (this.#probe !== request) return
      this.#closed = undefined
      this.#pace.drain()
    }
    if (this.#now() - this.#lastUntil >= CALM_MS) this.#refusals = 0
  }

  #learnt(request: Request, error: unknown): unknown {
    if (!(error instanceof GoogleError)) return error
    const { failure, status, message } = error
    if (error instanceof PersonalLimit) {
      const retryAfterMs = error.retryAfterMs ?? PERSONAL_PAUSE_MS * (1 + this.#deps.random())
      return new GoogleError(failure, message, { status, retryAfterMs })
    }
    if (failure === 'RateLimited' || failure === 'DailyQuotaExceeded') {
      const retryAfterMs = this.#close(request, failure, error.retryAfterMs)
      return new GoogleError(failure, message, { status, retryAfterMs })
    }
    // Any answer of Google's but a limit says that there is none; no answer, or one of somebody else's, says nothing.
    if (failure !== 'Unreachable' && failure !== 'Unknown') this.#answered(request)
    return error
  }

  /** Answers how long to stay away, in ms. Many requests are under way when a limit is met: together they are one refusal. */
  #close(request: Request, failure: Limit['failure'], retryAfterMs: number | undefined): number {
    const now = this.#now()
    // A pause that is not over yet is neither shortened nor doubled by who looked before its time.
    const standing = this.#probe === request && !request.isEarly ? undefined : this.#closed
    const until = Math.max(standing?.until ?? now, now + this.#pause(failure, retryAfterMs, standing !== undefined))
    const daily = failure === 'DailyQuotaExceeded' || standing?.failure === 'DailyQuotaExceeded'
    const { since, sinceTimeOfDay } = this.#closed ?? { since: now, sinceTimeOfDay: this.#deps.clock.now() }
    this.#closed = { failure: daily ? 'DailyQuotaExceeded' : 'RateLimited', since, sinceTimeOfDay, until }
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
  #timeOfDay(closed: Closed): number {
    const reckoned = this.#deps.clock.now() - (this.#now() - closed.since)
    if (Math.abs(reckoned - closed.sinceTimeOfDay) > LEAP_MS) closed.sinceTimeOfDay = reckoned
    return closed.sinceTimeOfDay
  }
}

const LIMITED = 'Google is limiting this client just now'

/** Whoever has a permit, and whose turn has not come, comes back for it. */
function waiting(refusal: GoogleError, permit: Permit | undefined): GoogleError {
  if (permit?.postponedMs === undefined) return refusal
  return new GoogleError(refusal.failure, LIMITED, { retryAfterMs: permit.postponedMs })
}
