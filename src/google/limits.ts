/**
 * One view, for all agents of a client, of how Google limits it. After a refusal the gate is closed for everybody; when its
 * time is over one request goes through first, and only if that goes well do the others follow. In front of it stands a
 * pace: bursts are smoothed so that a cold start of thousands of agents stays within the per-minute quota.
 */
import { sleep, type Clock, type Random } from '../platform/clock.ts'
import { GoogleError, type Limit } from './port.ts'

export interface GateDeps {
  clock: Clock
  random: Random
}

const FIRST_PAUSE_MS = 5_000
const LONGEST_PAUSE_MS = 5 * 60_000
/** A daily quota is looked at again hourly: the day's end, Pacific time, is Google's to know. */
const DAILY_PAUSE_MS = 60 * 60_000
const LONGEST_RETRY_AFTER_MS = 6 * 60 * 60_000
/** While one request finds out, the others come back after one to two of these. */
const PROBE_MS = 1_000
/** 10,000 requests a minute a project: this many at once, and the rest of a minute's worth spread over it. */
const BURST = 1_000
const PER_SECOND = 150
const LONGEST_WAIT_MS = 20_000

export class Gate {
  readonly #deps: GateDeps
  #limit: Limit | undefined
  #refusals = 0
  #probing = false
  #tokens = BURST
  #countedAt: number

  constructor(deps: GateDeps) {
    this.#deps = deps
    this.#countedAt = deps.clock.now()
  }

  /** The limit in force: until a request has gone well after its end. */
  get limit(): Limit | undefined {
    return this.#limit
  }

  /** Lets a request pass, now or within seconds; fails with `RateLimited` otherwise. */
  async enter(): Promise<void> {
    const now = this.#deps.clock.now()
    if (this.#limit) {
      if (now < this.#limit.until) throw this.#refuse(this.#limit.until - now)
      if (this.#probing) throw this.#refuse(0)
      this.#probing = true
    }
    await this.#pace()
  }

  /** A request went well. */
  passed(): void {
    this.#probing = false
    if (this.#limit && this.#deps.clock.now() < this.#limit.until) return
    this.#limit = undefined
    this.#refusals = 0
  }

  /** A request failed, but not because of a limit: whatever it was, it tells nothing of limits. */
  failed(): void {
    this.#probing = false
  }

  /** Google refused a request because of a limit. Answers how long to stay away, in ms. */
  close(failure: Limit['failure'], retryAfterMs: number | undefined): number {
    const now = this.#deps.clock.now()
    this.#probing = false
    if (this.#limit && now < this.#limit.until && this.#limit.failure === failure) return this.#limit.until - now
    const backoff =
      Math.min(FIRST_PAUSE_MS * 2 ** this.#refusals++, LONGEST_PAUSE_MS) * (0.75 + this.#deps.random() / 2)
    const own = failure === 'DailyQuotaExceeded' ? DAILY_PAUSE_MS : backoff
    const pause = retryAfterMs === undefined ? own : Math.min(Math.max(retryAfterMs, 1000), LONGEST_RETRY_AFTER_MS)
    this.#limit = { failure, since: this.#limit?.since ?? now, until: now + pause }
    return pause
  }

  #refuse(left: number): GoogleError {
    const failure = this.#limit?.failure ?? 'RateLimited'
    const retryAfterMs = left + PROBE_MS * (1 + this.#deps.random())
    return new GoogleError(failure, 'Google is limiting this client just now', { retryAfterMs })
  }

  /** A token bucket: waits for its turn. */
  async #pace(): Promise<void> {
    const now = this.#deps.clock.now()
    this.#tokens = Math.min(this.#tokens + ((now - this.#countedAt) / 1000) * PER_SECOND, BURST)
    this.#countedAt = now
    const wait = ((1 - this.#tokens) / PER_SECOND) * 1000
    if (wait > LONGEST_WAIT_MS) {
      this.#probing = false
      throw new GoogleError('RateLimited', 'too many requests of this client wait already', { retryAfterMs: wait })
    }
    this.#tokens -= 1
    if (wait > 0) await sleep(this.#deps.clock, wait)
  }
}
