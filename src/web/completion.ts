/**
 * Brings each attempt to its end, once, and tells of it: a metric, a log line, an Event. Attempts are kept apart by the id
 * in their sealed state.
 */
import type { Agent } from '../resources/types.ts'
import { BusyError } from '../rate-limit/fair-semaphore.ts'
import { finish, type Answer, type Ended } from './authorization-code.ts'
import { Notes } from './sign-in-events.ts'
import type { Outcome } from './pages/pages.ts'
import { Places } from './sign-in-concurrency.ts'
import type { WebDeps } from './port.ts'
import { KeyedRateLimiter, TOLD_FAILURES } from './rate-limits.ts'
import { CLOCK_SKEW_MS, STATE_LIFETIME_MS, type State } from './oauth-state.ts'
import type { Visit, Visits } from './sign-in-context.ts'

interface Used {
  result?: Promise<Outcome | undefined>
  /** On the monotonic clock: from then on no state of this attempt is good any more. */
  until: number
}

/** Each link may have 60 a minute looked at; beyond this number the oldest are forgotten, and Google refuses a used code. */
const MAX_USED = 50_000

export class Completions {
  readonly #deps: WebDeps
  readonly #visits: Visits
  readonly #places: Places
  readonly #notes: Notes
  readonly #logged: KeyedRateLimiter
  /** Attempts that have come back, oldest first. */
  readonly #used = new Map<string, Used>()

  constructor(deps: WebDeps, visits: Visits) {
    this.#deps = deps
    this.#visits = visits
    this.#places = new Places(deps.clock)
    this.#notes = new Notes(deps)
    this.#logged = new KeyedRateLimiter(deps.clock, TOLD_FAILURES)
  }

  /**
   * The same request twice at a time (a double click, an impatient reload) has one result; one that comes later has none.
   *
   * @returns undefined where the attempt had ended before, or whom it speaks of has no page any more.
   */
  async complete(state: State, answer: Answer): Promise<Outcome | undefined> {
    const known = this.#used.get(state.id)
    if (known) return known.result
    const attempt = this.#remember(state)
    attempt.result = this.#finish(state, answer)
    try {
      return await attempt.result
    } catch (error) {
      // Nothing was begun: the same address may be loaded again.
      if (error instanceof BusyError) this.#used.delete(state.id)
      throw error
    } finally {
      delete attempt.result
    }
  }

  #remember({ id }: State): Used {
    const now = this.#deps.clock.monotonic()
    for (const [old, { until }] of this.#used) {
      if (until >= now && this.#used.size < MAX_USED) break
      this.#used.delete(old)
    }
    const attempt: Used = { until: now + STATE_LIFETIME_MS + CLOCK_SKEW_MS }
    this.#used.set(id, attempt)
    return attempt
  }

  async #finish(state: State, answer: Answer): Promise<Outcome | undefined> {
    const visit = await this.#visits.of(state.uid)
    if (!visit) return undefined
    const agentNow = (): Agent | undefined => this.#visits.find(state.uid)?.agent
    const ended = await finish({ ...this.#deps, places: this.#places }, { visit, agentNow, state, answer })
    if (ended) this.#tell(visit, ended)
    return ended?.outcome
  }

  #tell({ agent, agentKey }: Visit, { outcome, error }: Ended): void {
    this.#deps.observe(outcome)
    this.#notes.tell(agent, outcome)
    if (outcome !== 'connected' && !this.#logged.tryAcquire(agent.metadata.uid ?? '')) return
    this.#deps.log.info({ agent: agentKey, outcome, ...(error && { error }) }, 'sign-in ended')
  }
}
