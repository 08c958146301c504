/**
 * Whether Google's notifications arrive at a site. Until one message for the site has arrived, one Agent of each integration tries
 * with one channel, and the others wait for it. Instants are the monotonic clock's.
 */
import { hasCome, type Clock } from '../platform/clock.ts'
import type { Key } from '../kubernetes/port.ts'
import { pauseAfterTrial } from './state.ts'

/** The trial of one integration. */
interface Trial {
  /** The URL that notifications are posted to. */
  readonly address: string
  /** The Agent whose channel tries. */
  readonly holder?: Key
  /** How many trials have failed in a row. */
  readonly attempts: number
  /** When the next trial may begin. */
  readonly nextAt: number
}

/** What the statuses of an integration's Agents say after a restart. */
export interface RememberedTrial {
  /** A message for the site has arrived before. */
  isProved: boolean
  /** The Agent whose channel tried, or tries. */
  holder?: Key
  /** The last trial has failed. */
  hasFailed: boolean
}

/** Whether an Agent may ask for a channel now. */
type Permission = 'granted' | { waitsFor: 'other' } | { waitsFor: 'pause'; until: number }

/** What the registry of trials needs from outside. */
interface ReachabilityDeps {
  clock: Pick<Clock, 'monotonic'>
  /** Reads the statuses of an integration's Agents. Called once for each integration. @param address where notifications go. */
  recall(integration: Key, address: string): RememberedTrial
  /** Whether an Agent may try the integration's site now, as far as is known. The one that the statuses name may have become unable to. */
  canTry(integration: Key, agent: Key): boolean
  /** An Agent that waits may ask again. */
  wake(agent: Key): void
}

/** The trials of all integrations, and the sites that are proved. */
export class Reachability {
  readonly #deps: ReachabilityDeps
  readonly #proved = new Set<string>()
  readonly #trials = new Map<Key, Trial>()
  /** The Agents that wait, by integration. */
  readonly #waiting = new Map<Key, Set<Key>>()

  constructor(deps: ReachabilityDeps) {
    this.#deps = deps
  }

  /** Whether a message has arrived at this URL. */
  isProved(address: string): boolean {
    return this.#proved.has(address)
  }

  /** Whether a message has arrived at this URL, or the statuses of the integration's Agents say so. */
  wasProved(integration: Key, address: string): boolean {
    this.#trialOf(integration, address)
    return this.isProved(address)
  }

  /** Asks whether an Agent may ask for a channel. An Agent that may not is woken when that changes. */
  request(integration: Key, agent: Key, address: string): Permission {
    const trial = this.#trialOf(integration, address)
    if (this.#proved.has(address)) return 'granted'
    if (trial.holder !== undefined && trial.holder !== agent && this.#deps.canTry(integration, trial.holder)) {
      this.#waitingOf(integration).add(agent)
      return { waitsFor: 'other' }
    }
    this.#waitingOf(integration).delete(agent)
    this.#trials.set(integration, { ...trial, holder: agent })
    return hasCome(this.#deps.clock, trial.nextAt) ? 'granted' : { waitsFor: 'pause', until: trial.nextAt }
  }

  /** A message has arrived at this URL. */
  prove(address: string): void {
    if (this.#proved.has(address)) return
    this.#proved.add(address)
    for (const [integration, trial] of this.#trials) {
      if (trial.address !== address) continue
      this.#trials.set(integration, { address, attempts: 0, nextAt: -Infinity })
      const waiting = this.#waitingOf(integration)
      this.#waiting.delete(integration)
      for (const agent of waiting) this.#deps.wake(agent)
    }
  }

  /** No message has arrived on the Agent's channel: the same Agent tries again, later. */
  fail(integration: Key, agent: Key): void {
    const trial = this.#trials.get(integration)
    if (trial?.holder !== agent) return
    const attempts = trial.attempts + 1
    this.#trials.set(integration, {
      ...trial,
      attempts,
      nextAt: this.#deps.clock.monotonic() + pauseAfterTrial(attempts),
    })
  }

  /** The Agent does not try, or can't: another one may. */
  leave(integration: Key, agent: Key): void {
    this.#waiting.get(integration)?.delete(agent)
    const trial = this.#trials.get(integration)
    if (!trial || trial.holder !== agent) return
    this.#trials.set(integration, { ...trial, holder: undefined })
    const [next] = this.#waitingOf(integration)
    if (next !== undefined) this.#deps.wake(next)
  }

  /** Somebody asked for a look: the next trial may begin now. Returns the Agent that tries. */
  retryNow(integration: Key): Key | undefined {
    const trial = this.#trials.get(integration)
    if (!trial) return undefined
    this.#trials.set(integration, { ...trial, nextAt: -Infinity })
    return trial.holder
  }

  /** The integration is gone. */
  forget(integration: Key): void {
    this.#trials.delete(integration)
    this.#waiting.delete(integration)
  }

  #trialOf(integration: Key, address: string): Trial {
    const known = this.#trials.get(integration)
    if (known?.address === address) return known
    const trial = known ? { address, attempts: 0, nextAt: -Infinity } : this.#recalled(integration, address)
    this.#trials.set(integration, trial)
    return trial
  }

  #recalled(integration: Key, address: string): Trial {
    const { isProved, holder, hasFailed } = this.#deps.recall(integration, address)
    if (isProved) this.#proved.add(address)
    if (!hasFailed) return { address, holder, attempts: 0, nextAt: -Infinity }
    return { address, holder, attempts: 1, nextAt: this.#deps.clock.monotonic() + pauseAfterTrial(1) }
  }

  #waitingOf(integration: Key): Set<Key> {
    const waiting = this.#waiting.get(integration) ?? new Set()
    this.#waiting.set(integration, waiting)
    return waiting
  }
}
