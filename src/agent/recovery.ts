/**
 * Recovery after an outage of Google. The first agent that gets an answer wakes agents that are still in their backoff: all
 * agents of its own integration, spread over some time, and one of each other integration, whose answer wakes the rest. So the
 * agents do not all send requests at once.
 */
import type { Random } from '../platform/clock.ts'

/** What recovery needs from outside. */
interface RecoveryDeps {
  random: Random
  /** Reconciles an agent after `delayMs` at the latest. */
  wake(agent: string, delayMs: number): void
}

/** Agents are woken at this rate, but all of them within one sync interval. */
const WAKE_EVERY_MS = 50
const LEAST_SPREAD_MS = 1_000

/** Knows which agents wait for Google, and wakes them. */
export class Recovery {
  readonly #deps: RecoveryDeps
  /** The agents that Google does not answer, by integration. */
  readonly #waiting = new Map<string, Set<string>>()
  readonly #integrationOf = new Map<string, string>()
  /** The agents that were woken since Google last answered them. */
  readonly #woken = new Set<string>()

  constructor(deps: RecoveryDeps) {
    this.#deps = deps
  }

  /** Google did not answer this agent. */
  failed(integration: string, agent: string): void {
    if ((this.#integrationOf.get(agent) ?? integration) !== integration) this.forget(agent)
    const agents = this.#waiting.get(integration) ?? new Set()
    this.#waiting.set(integration, agents.add(agent))
    this.#integrationOf.set(agent, integration)
  }

  /** Google answered this agent, or it is gone. Returns whether it had failed before. */
  forget(agent: string): boolean {
    const wasWoken = this.#woken.delete(agent)
    const integration = this.#integrationOf.get(agent)
    if (integration === undefined) return wasWoken
    this.#integrationOf.delete(agent)
    const agents = this.#waiting.get(integration)
    if (agents?.delete(agent) && agents.size === 0) this.#waiting.delete(integration)
    return true
  }

  /**
   * Google answered an agent. If that agent had failed before, an outage is over. Otherwise the agents that wait may fail for
   * another reason: each of them is woken once, and keeps its backoff if it fails again.
   *
   * @param interval the sync interval of its integration, in ms
   */
  answered(integration: string, agent: string, interval: number): void {
    const isBack = this.forget(agent)
    if (this.#waiting.size === 0) return
    const isUntried = (one: string): boolean => !this.#woken.has(one)
    const own = [...(this.#waiting.get(integration) ?? [])].filter((one) => isBack || isUntried(one))
    const others = [...this.#waiting].filter(([of]) => of !== integration)
    const scouts = others.flatMap(([, agents]) => [...agents].filter(isUntried).slice(0, 1))
    this.#wake(own, Math.min(Math.max(own.length * WAKE_EVERY_MS, LEAST_SPREAD_MS), interval))
    this.#wake(scouts, Math.max(scouts.length * WAKE_EVERY_MS, LEAST_SPREAD_MS))
  }

  #wake(agents: string[], spreadMs: number): void {
    for (const agent of agents) {
      this.forget(agent)
      this.#woken.add(agent)
      this.#deps.wake(agent, this.#deps.random() * spreadMs)
    }
  }
}
