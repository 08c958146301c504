/**
 * The door to one of Google's services. After a refusal because of a limit it is closed for everybody; when its time is over
 * one request goes through first, the probe, and only if that is answered do the others follow, evenly. What was sent before
 * the door closed says nothing of what is allowed now: it neither opens the door nor shortens its time.
 */
import type { GateDeps } from './limits.ts'
import { Pace } from './pace.ts'
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

interface Request {
  sentAt: number
}

export class Door {
  readonly #deps: GateDeps
  readonly #pace: Pace
  #limit: Limit | undefined
  #closedAt = 0
  #lastUntil = 0
  #refusals = 0
  #probe: Request | undefined

  constructor(deps: GateDeps, requestsPerMinute: number) {
    this.#deps = deps
    this.#pace = new Pace(deps.clock, requestsPerMinute)
  }

  /** The limit in force: until a request has been answered after its end, or nobody has asked for a minute. */
  get limit(): Limit | undefined {
    const limit = this.#limit
    return limit && this.#deps.clock.now() < limit.until + LINGER_MS ? limit : undefined
  }

  async pass<T>(send: () => Promise<T>): Promise<T> {
    this.#refuseWhileClosed()
    await this.#pace.turn()
    this.#refuseWhileClosed()
    const request = { sentAt: this.#deps.clock.now() }
    if (this.#limit) this.#probe = request
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

  #refuseWhileClosed(): void {
    if (!this.#limit) return
    const now = this.#deps.clock.now()
    // A clock that was set back says nothing about how much time is left: then it is better to ask.
    if (now >= this.#closedAt && now < this.#limit.until) throw this.#refusal(this.#limit.until - now, PROBE_MS)
    if (!this.#probe) return
    const age = now - this.#probe.sentAt
    if (age >= 0 && age < LOST_PROBE_MS) throw this.#refusal(0, Math.max(age, PROBE_MS))
  }

  #refusal(leftMs: number, spreadMs: number): GoogleError {
    const failure = this.#limit?.failure ?? 'RateLimited'
    const retryAfterMs = leftMs + spreadMs * (1 + this.#deps.random())
    return new GoogleError(failure, 'Google is limiting this client just now', { retryAfterMs })
  }

  #answered(request: Request): void {
    if (this.#limit) {
      if (this.#probe !== request) return
      this.#limit = undefined
      this.#pace.drain()
    }
    if (this.#deps.clock.now() - this.#lastUntil >= CALM_MS) this.#refusals = 0
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
    const now = this.#deps.clock.now()
    const standing = this.#probe === request ? undefined : this.#limit
    const until = Math.max(standing?.until ?? 0, now + this.#pause(failure, retryAfterMs, standing !== undefined))
    const daily = failure === 'DailyQuotaExceeded' || standing?.failure === 'DailyQuotaExceeded'
    const since = this.#limit?.since ?? now
    this.#limit = { failure: daily ? 'DailyQuotaExceeded' : 'RateLimited', since, until }
    this.#closedAt = now
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
}
