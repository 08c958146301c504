/**
 * Whether the API server accepts what we ask of it, seen over all requests. A failure counts until any request succeeds; one
 * that lasts is said once in the log, and its end once more, however many requests and watches it hits.
 */
import type { Clock, Random } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'

export interface ApiHealthDeps {
  clock: Clock
  random: Random
  log: Log
}

/** What passes by itself within this time is not worth a line. */
const SAID_AFTER_MS = 5_000
/** Those who wait for its end do not all come back in the same moment. */
const SPREAD_MS = 1_000

export class ApiHealth {
  readonly #deps: ApiHealthDeps
  #outage: { since: number; reason: string; isSaid: boolean } | undefined
  readonly #waiting = new Set<() => void>()

  constructor(deps: ApiHealthDeps) {
    this.#deps = deps
  }

  /** Whether requests fail, and none has succeeded since the first that did. */
  get isFailing(): boolean {
    return this.#outage !== undefined
  }

  /** From the status of an answer. A refusal of what was asked says nothing about whether the server works. */
  answered(status: number, what: string): void {
    if (status < 300) this.#succeeded()
    else if (status === 401 || status === 429 || status >= 500) this.failed(`${what} answered ${status}`)
  }

  /** A request got no answer. `reason` can be shown. */
  failed(reason: string): void {
    const { clock } = this.#deps
    const outage = (this.#outage ??= { since: clock.monotonic(), reason, isSaid: false })
    outage.reason = reason
    if (outage.isSaid || clock.monotonic() - outage.since < SAID_AFTER_MS) return
    outage.isSaid = true
    this.#deps.log.warn({ reason }, 'no request to the Kubernetes API succeeds')
  }

  /** Calls back once, a moment after the outage has ended. The answer takes that back. */
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
    if (outage.isSaid) log.info({ seconds }, 'the Kubernetes API answers again')
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const wake of waiting) clock.setTimer(random() * SPREAD_MS, wake)
  }
}
