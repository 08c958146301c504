/**
 * Completes each attempt once, and reports its outcome as a metric, a log line and an Event. Attempts are identified by the id in
 * their state.
 */
import type { Agent } from '../resources/types.ts'
import { BusyError } from '../rate-limit/fair-semaphore.ts'
import { completeAuthorization, type AuthorizationResponse, type AttemptResult } from './authorization-code.ts'
import { SignInEvents } from './sign-in-events.ts'
import type { Outcome } from './pages/pages.ts'
import { SignInConcurrency } from './sign-in-concurrency.ts'
import type { WebDeps } from './port.ts'
import { KeyedRateLimiter } from '../rate-limit/keyed-rate-limiter.ts'
import { FAILURE_REPORTS } from './rate-limits.ts'
import { CLOCK_SKEW_MS, STATE_LIFETIME_MS, type OAuthState } from './oauth-state.ts'
import type { SignInContext, SignInContexts } from './sign-in-context.ts'

interface AttemptEntry {
  result?: Promise<Outcome | undefined>
  /** When the attempt's state has certainly expired, by the monotonic clock. */
  until: number
}

/** A link admits 60 callbacks a minute. Above this number the oldest entries are dropped, and Google refuses a used code. */
const MAX_ATTEMPTS = 50_000

/** Completes attempts that have returned from Google. */
export class AttemptCompleter {
  readonly #deps: WebDeps
  readonly #contexts: SignInContexts
  readonly #concurrency: SignInConcurrency
  readonly #events: SignInEvents
  readonly #logLimiter: KeyedRateLimiter
  /** Attempts that have returned, oldest first. */
  readonly #attempts = new Map<string, AttemptEntry>()

  constructor(deps: WebDeps, contexts: SignInContexts) {
    this.#deps = deps
    this.#contexts = contexts
    this.#concurrency = new SignInConcurrency(deps.clock)
    this.#events = new SignInEvents(deps)
    this.#logLimiter = new KeyedRateLimiter(deps.clock, FAILURE_REPORTS)
  }

  /**
   * Completes an attempt. The same request twice at the same time (a double click, an impatient reload) has one result; a later
   * repetition has none.
   *
   * @returns undefined if the attempt was completed before, or its Agent has no page any more.
   */
  async complete(state: OAuthState, response: AuthorizationResponse): Promise<Outcome | undefined> {
    const known = this.#attempts.get(state.id)
    if (known) return known.result
    const attempt = this.#remember(state)
    attempt.result = this.#finish(state, response)
    try {
      return await attempt.result
    } catch (error) {
      // The attempt was not started, so the same URL may be loaded again.
      if (error instanceof BusyError) this.#attempts.delete(state.id)
      throw error
    } finally {
      delete attempt.result
    }
  }

  #remember({ id }: OAuthState): AttemptEntry {
    const now = this.#deps.clock.monotonic()
    for (const [old, { until }] of this.#attempts) {
      if (until >= now && this.#attempts.size < MAX_ATTEMPTS) break
      this.#attempts.delete(old)
    }
    const attempt: AttemptEntry = { until: now + STATE_LIFETIME_MS + CLOCK_SKEW_MS }
    this.#attempts.set(id, attempt)
    return attempt
  }

  async #finish(state: OAuthState, response: AuthorizationResponse): Promise<Outcome | undefined> {
    const context = await this.#contexts.resolve(state.uid)
    if (!context) return undefined
    const agentNow = (): Agent | undefined => this.#contexts.findAgent(state.uid)?.agent
    const result = await completeAuthorization(
      { ...this.#deps, concurrency: this.#concurrency },
      { context, agentNow, state, response },
    )
    if (result) this.#report(context, result)
    return result?.outcome
  }

  #report({ agent, agentKey }: SignInContext, { outcome, error }: AttemptResult): void {
    this.#deps.observe(outcome)
    this.#events.record(agent, outcome)
    if (outcome !== 'connected' && !this.#logLimiter.tryAcquire(agent.metadata.uid ?? '')) return
    this.#deps.log.info({ agent: agentKey, outcome, ...(error && { error }) }, 'sign-in ended')
  }
}
