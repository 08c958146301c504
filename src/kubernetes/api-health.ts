/**
 * Whether the API server is reachable, judged by all requests together. An outage begins with a failed request and ends with
 * the first one that succeeds. One that lasts is logged once at its beginning and once at its end, however many requests fail.
 */
import type { Clock, Random } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'

/** What `ApiHealth` needs. */
interface ApiHealthDeps {
  clock: Clock
  random: Random
  log: Log
}

/** Shorter outages are not logged. */
const LOG_AFTER_MS = 5_000
/** Listeners are called within this time after the end, not all at once. */
const SPREAD_MS = 1_000

/** Tracks whether the Kubernetes API answers. */
export class ApiHealth {
  readonly #deps: ApiHealthDeps
  #outage: { since: number; reason: string; isLogged: boolean } | undefined
  readonly #waiting = new Set<() => void>()

  constructor(deps: ApiHealthDeps) {
    this.#deps = deps
  }

  /** Whether a request has failed and none has succeeded since. */
  get isFailing(): boolean {
    return this.#outage !== undefined
  }

  /** Judges a response by its status code. A 4xx other than 401 and 429 shows that the server works. */
  answered(status: number, what: string): void {
    if (status < 300) this.#succeeded()
    else if (status === 401 || status === 429 || status >= 500) this.failed(`${what} answered ${status}`)
  }

  /** A request got no response. `reason` can be logged. */
  failed(reason: string): void {
    const { clock } = this.#deps
    const outage = (this.#outage ??= { since: clock.monotonic(), reason, isLogged: false })
    outage.reason = reason
    if (outage.isLogged || clock.monotonic() - outage.since < LOG_AFTER_MS) return
    outage.isLogged = true
    this.#deps.log.warn({ reason }, 'no request to the Kubernetes API succeeds')
  }

  /** Calls `listener` once, shortly after the outage has ended. Returns a function that unsubscribes it. */
  onRecovery(listener: () => void): () => void {
    this.#waiting.add(listener)
    return () => this.#waiting.delete(listener)
  }

  #succeeded(): void {
    const outage = this.#outage
    if (!outage) return
    this.#outage = undefined
    const { clock, random, log } = this.#deps
    const seconds = Math.round((clock.monotonic() - outage.since) / 1000)
    if (outage.isLogged) log.info({ seconds }, 'the Kubernetes API answers again')
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const wake of waiting) clock.setTimer(random() * SPREAD_MS, wake)
  }
}
