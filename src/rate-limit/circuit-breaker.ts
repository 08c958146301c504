/**
 * A circuit breaker for a service that limits its callers. A response that reports a limit opens the circuit: for the length of a
 * pause, requests fail at once. After the pause, one request is sent first, the probe; when it is answered, the circuit closes and
 * the other requests may follow. A request that was sent before the circuit opened says nothing about the current limit, so it
 * neither closes the circuit nor shortens the pause. A caller may be allowed to send one request through an open circuit; that
 * request becomes the probe.
 */
import type { Clock, Random } from '../platform/clock.ts'

/** What the failure of a request says about the service. */
export type Verdict<Reason extends string> =
  /** The service answered, and does not limit its callers. */
  | { kind: 'available' }
  /** The service did not answer, or the answer concerns this request only. */
  | { kind: 'inconclusive' }
  | { kind: 'limited'; reason: Reason; retryAfterMs?: number }

/** How long the circuit stays open if the response does not say it, before a jitter of ±25%. */
type Pause =
  /** Doubled each time that the probe meets the limit. A response during the pause does not lengthen it. */
  | { firstMs: number; maxMs: number }
  /** The same each time, counted from the latest response. */
  | { fixedMs: number }

/** How a circuit breaker classifies failures, and how long it pauses. */
interface BreakerOptions<Reason extends string> {
  judge(error: unknown): Verdict<Reason>
  /** The pause for each reason, the least severe first. While the circuit is open, its reason never becomes less severe. */
  pauses: Readonly<Record<Reason, Pause>>
  /** Called when the circuit closes. */
  onClose?: () => void
}

/** The limit that keeps a circuit open. */
interface OpenCircuit<Reason extends string> {
  reason: Reason
  /** When the limit was first met, in ms since the epoch; for people. */
  since: number
  /** How long requests are still paused, in ms; 0 if the next request is the probe. */
  leftMs: number
}

/** The service limits its callers: the request met the limit, or (without a `cause`) was not sent. */
export class CircuitOpenError<Reason extends string> extends Error {
  override readonly name = 'CircuitOpenError'
  readonly reason: Reason
  readonly retryAfterMs: number

  constructor(reason: Reason, retryAfterMs: number, cause?: unknown) {
    super('the service limits its callers', { cause })
    this.reason = reason
    this.retryAfterMs = retryAfterMs
  }
}

const MIN_PAUSE_MS = 1_000
/** While the probe runs, other requests are delayed by one to two times this, or the age of the probe. */
const PROBE_MS = 1_000
/** Longer than any request may take: a probe that has not ended by then is lost. */
const LOST_PROBE_MS = 60_000
/** A limit that is met within this time after a pause counts as the same limit, and its pause is twice as long. */
const CALM_MS = 60_000
/** How long a limit is still reported after its pause while no request is sent. */
const LINGER_MS = 60_000
/** A difference between the clocks beyond which the time of day must have been set. */
const CLOCK_STEP_MS = 5_000

interface Attempt {
  sentAt: number
  /** Whether it was sent through the open circuit. */
  isBypass: boolean
}

interface Open<Reason> {
  reason: Reason
  since: number
  /** The same instant, in ms since the epoch. */
  sinceTimeOfDay: number
  until: number
}

/** The circuit breaker of one service. */
export class CircuitBreaker<Reason extends string> {
  readonly #deps: { clock: Pick<Clock, 'now' | 'monotonic'>; random: Random }
  readonly #options: BreakerOptions<Reason>
  #open: Open<Reason> | undefined
  /** When the last pause ended or will end. */
  #lastUntil = -Infinity
  /** How many pauses in a row the same limit has caused. */
  #pauses = 0
  #probe: Attempt | undefined

  constructor(deps: { clock: Pick<Clock, 'now' | 'monotonic'>; random: Random }, options: BreakerOptions<Reason>) {
    this.#deps = deps
    this.#options = options
  }

  /** The limit in force, until a request is answered after the pause, or until no request was sent for a minute. */
  get open(): OpenCircuit<Reason> | undefined {
    const open = this.#open
    const now = this.#now()
    if (!open || now >= open.until + LINGER_MS) return undefined
    return { reason: open.reason, since: this.#timeOfDay(open), leftMs: Math.max(open.until - now, 0) }
  }

  /** Checks that a request may be sent now. @throws CircuitOpenError otherwise. */
  assertClosed(): void {
    const refusal = this.#refusal()
    if (refusal) throw refusal
  }

  /**
   * Sends a request, unless the circuit is open. Returns or fails as the request does.
   *
   * @param mayBypass called only while the circuit is open: whether this request may be sent anyway.
   * @throws CircuitOpenError if the request was not sent, or met a limit.
   */
  async run<T>(send: () => Promise<T>, mayBypass?: () => boolean): Promise<T> {
    const attempt = this.#admit(mayBypass)
    try {
      const answer = await send()
      this.#onSuccess(attempt)
      return answer
    } catch (error) {
      throw this.#onFailure(attempt, error)
    } finally {
      if (this.#probe === attempt) this.#probe = undefined
    }
  }

  /** Ends the pause: the next request is the probe. */
  allowProbe(): void {
    if (this.#open) this.#open = { ...this.#open, until: Math.min(this.#open.until, this.#now()) }
  }

  #now(): number {
    return this.#deps.clock.monotonic()
  }

  #admit(mayBypass: (() => boolean) | undefined): Attempt {
    const refusal = this.#refusal()
    const isBypass = refusal !== undefined && mayBypass?.() === true
    if (refusal && !isBypass) throw refusal
    const attempt = { sentAt: this.#now(), isBypass }
    if (this.#open) this.#probe = attempt
    return attempt
  }

  /** Why no request may be sent now; undefined if one may. */
  #refusal(): CircuitOpenError<Reason> | undefined {
    if (!this.#open) return undefined
    const { reason, until } = this.#open
    const now = this.#now()
    const refused = (leftMs: number, spreadMs: number): CircuitOpenError<Reason> =>
      new CircuitOpenError(reason, leftMs + spreadMs * (1 + this.#deps.random()))
    if (now < until) return refused(until - now, PROBE_MS)
    const age = this.#probe ? now - this.#probe.sentAt : Infinity
    return age < LOST_PROBE_MS ? refused(0, Math.max(age, PROBE_MS)) : undefined
  }

  #onSuccess(attempt: Attempt): void {
    if (this.#open) {
      if (this.#probe !== attempt) return
      this.#open = undefined
      this.#options.onClose?.()
    }
    if (this.#now() - this.#lastUntil >= CALM_MS) this.#pauses = 0
  }

  /** Returns the error for the caller of a failed request. */
  #onFailure(attempt: Attempt, error: unknown): unknown {
    const verdict = this.#options.judge(error)
    if (verdict.kind === 'available') this.#onSuccess(attempt)
    if (verdict.kind !== 'limited') return error
    const now = this.#now()
    // Only a probe after the pause begins a new pause; any other response belongs to the current pause.
    const current = this.#probe === attempt && !attempt.isBypass ? undefined : this.#open
    const until = Math.max(current?.until ?? now, now + this.#pauseMs(verdict, current !== undefined))
    const { since, sinceTimeOfDay } = this.#open ?? { since: now, sinceTimeOfDay: this.#deps.clock.now() }
    this.#open = { reason: this.#moreSevere(verdict.reason, current?.reason), since, sinceTimeOfDay, until }
    this.#lastUntil = until
    return new CircuitOpenError(verdict.reason, Math.max(until - now, MIN_PAUSE_MS), error)
  }

  #pauseMs({ reason, retryAfterMs }: { reason: Reason; retryAfterMs?: number }, isOpen: boolean): number {
    const doublings = isOpen ? 0 : this.#pauses++
    if (retryAfterMs !== undefined) return Math.max(retryAfterMs, MIN_PAUSE_MS)
    const pause = this.#options.pauses[reason]
    const jitter = 0.75 + this.#deps.random() / 2
    if ('fixedMs' in pause) return pause.fixedMs * jitter
    return isOpen ? 0 : Math.min(pause.firstMs * 2 ** doublings, pause.maxMs) * jitter
  }

  #moreSevere(one: Reason, other: Reason | undefined): Reason {
    const order = Object.keys(this.#options.pauses)
    return other !== undefined && order.indexOf(other) > order.indexOf(one) ? other : one
  }

  /** The start by the time of day: stable, and corrected after the time of day was set. */
  #timeOfDay(open: Open<Reason>): number {
    const computed = this.#deps.clock.now() - (this.#now() - open.since)
    if (Math.abs(computed - open.sinceTimeOfDay) > CLOCK_STEP_MS) open.sinceTimeOfDay = computed
    return open.sinceTimeOfDay
  }
}
