/**
 * After an outage, the first agent that Google answers wakes those that still wait out their backoff: all of its own
 * integration, spread over some time, and one of each other integration, which finds out for the rest of it. So a Google that
 * comes back is not met by everybody at once.
 */
import type { Random } from '../platform/clock.ts'

export interface RecoveryDeps {
  random: Random
  /** Looks at an agent after so many ms at the latest. */
  wake(agent: string, delayMs: number): void
}

/** Agents are woken at this pace, but each of them within an interval. */
const WAKE_EVERY_MS = 50
const LEAST_SPREAD_MS = 1_000

export class Recovery {
  readonly #deps: RecoveryDeps
  /** The agents that wait because Google does not answer them, by integration. */
  readonly #waiting = new Map<string, Set<string>>()
  readonly #integrationOf = new Map<string, string>()
  /** Those that were woken since they were last answered. */
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

  /** Google answered this agent, or it is gone. Answers whether it had failed before. */
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
   * Google answered an agent. One that failed before tells that an outage is over. One that never failed may just be luckier
   * than those that wait: it wakes each of them once, and who fails again then keeps to its backoff.
   *
   * @param interval that of its integration, in ms
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
