/**
 * A circuit breaker for a service that limits its callers. A refusal because of a limit opens it: requests fail at once for
 * the length of a pause. After the pause one request, the probe, goes first; only when it was answered does the circuit close
 * and let the others follow. A request that was sent before the circuit opened says nothing of what is allowed now, so it
 * neither closes the circuit nor shortens the pause. A caller may be allowed to send one request through an open circuit; that
 * request becomes the probe.
 */
import type { Clock, Random } from '../platform/clock.ts'

/** What the failure of a request says of the service. */
export type Verdict<Reason extends string> =
  /** The service answered, and does not limit its callers. */
  | { kind: 'available' }
  /** The service did not answer, or the answer concerns this request only. */
  | { kind: 'inconclusive' }
  | { kind: 'limited'; reason: Reason; retryAfterMs?: number }

/** How long the circuit stays open after a refusal that does not say how long, before jitter of ±25%. */
export type Pause =
  /** Doubled each time that the service refuses the probe. A refusal during the pause does not lengthen it. */
  | { firstMs: number; maxMs: number }
  /** The same each time, counted from the latest refusal. */
  | { fixedMs: number }

/** How a circuit breaker judges and pauses. */
export interface BreakerOptions<Reason extends string> {
  judge(error: unknown): Verdict<Reason>
  /** The pause for each reason, the least severe first. While the circuit is open, its reason never becomes less severe. */
  pauses: Readonly<Record<Reason, Pause>>
  /** Called when the circuit closes. */
  onClose?: () => void
}

/** The limit that keeps a circuit open. */
export interface OpenCircuit<Reason extends string> {
  reason: Reason
  /** When the limit was met first, ms since the epoch: for people. */
  since: number
  /** How long, in ms, requests are still paused; 0: the next request is the probe. */
  leftMs: number
}

/** The service limits its callers: the request was refused, or (without a `cause`) not sent. */
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
/** While the probe is under way, the others are sent away for one to two times this, or the probe's age. */
const PROBE_MS = 1_000
/** Longer than any request may take: a probe that has not ended by then never will. */
const LOST_PROBE_MS = 60_000
/** A limit that is met within this time after a pause counts as the same one: its pause is twice as long. */
const CALM_MS = 60_000
/** How long after its pause a limit is still reported while nobody sends a request. */
const LINGER_MS = 60_000
/** A difference of clocks beyond which the time of day counts as set by somebody. */
const CLOCK_STEP_MS = 5_000

interface Attempt {
  sentAt: number
  /** It was sent through the open circuit. */
  isBypass: boolean
}

interface Open<Reason> {
  reason: Reason
  since: number
  /** The same instant, ms since the epoch. */
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

  /** The limit in force: until a request is answered after its pause, or nobody has asked for a minute. */
  get open(): OpenCircuit<Reason> | undefined {
    const open = this.#open
    const now = this.#now()
    if (!open || now >= open.until + LINGER_MS) return undefined
    return { reason: open.reason, since: this.#timeOfDay(open), leftMs: Math.max(open.until - now, 0) }
  }

  /** @throws CircuitOpenError if a request may not be sent now. */
  assertClosed(): void {
    const refusal = this.#refusal()
    if (refusal) throw refusal
  }

  /**
   * Sends a request, unless the circuit is open. Returns or fails as the request does.
   *
   * @param mayBypass asked only while the circuit is open: whether this request may be sent all the same.
   * @throws CircuitOpenError if the request was not sent, or was refused because of a limit.
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

  /** Why no request may be sent now; undefined where one may. */
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

  /** Returns what the caller of a failed request is told. */
  #onFailure(attempt: Attempt, error: unknown): unknown {
    const verdict = this.#options.judge(error)
    if (verdict.kind === 'available') this.#onSuccess(attempt)
    if (verdict.kind !== 'limited') return error
    const now = this.#now()
    // Only a probe whose time has come begins a new pause; any other refusal belongs to the pause that stands.
    const standing = this.#probe === attempt && !attempt.isBypass ? undefined : this.#open
    const until = Math.max(standing?.until ?? now, now + this.#pauseMs(verdict, standing !== undefined))
    const { since, sinceTimeOfDay } = this.#open ?? { since: now, sinceTimeOfDay: this.#deps.clock.now() }
    this.#open = { reason: this.#moreSevere(verdict.reason, standing?.reason), since, sinceTimeOfDay, until }
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

  /** Does not move by milliseconds, and does not lie in the future after somebody set the time of day. */
  #timeOfDay(open: Open<Reason>): number {
    const computed = this.#deps.clock.now() - (this.#now() - open.since)
    if (Math.abs(computed - open.sinceTimeOfDay) > CLOCK_STEP_MS) open.sinceTimeOfDay = computed
    return open.sinceTimeOfDay
  }
}
