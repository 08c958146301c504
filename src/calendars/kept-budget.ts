/**
 * One budget for what is kept of calendars between two readings, over the whole process. An Agent has a limit of its own. Where
 * all of them together are beyond the budget, a namespace that holds more than an equal share gets nothing more; the others go on,
 * and so does whoever holds little. What stands already is never taken away (docs/decisions/0151).
 */
import type { CalendarsState } from './state.ts'

const MIB = 1024 * 1024

export interface KeptLimits {
  /** Bytes of one Agent, as they are kept: packed. */
  agent: number
  /** Events of one Agent. */
  events: number
  /** Bytes of all Agents, beyond which only small ones, and namespaces below their share, may have more; beyond twice as much only small ones. */
  total: number
  /** Bytes of an Agent that is small: it is never refused for what others hold. */
  small: number
}

/** A calendar at its limits is some 10 MB in the worst case. An ordinary Agent keeps 1 to 4 kB, published text included. */
export const KEPT_LIMITS: KeptLimits = { agent: 12 * MIB, events: 100_000, total: 48 * MIB, small: 16 * 1024 }

/** What is kept of one Agent. */
export interface Kept {
  bytes: number
  events: number
}

export class KeptBudget {
  readonly #limits: KeptLimits
  /** Bytes by Agent, and by namespace; of those that keep nothing there is no entry. */
  readonly #agents = new Map<string, number>()
  readonly #namespaces = new Map<string, number>()
  #total = 0

  constructor(limits = KEPT_LIMITS) {
    this.#limits = limits
  }

  get total(): number {
    return this.#total
  }

  /** Why the Agent may not keep so much; undefined where it may. The half of a sentence. */
  refusal(key: string, { bytes, events }: Kept): string | undefined {
    const { agent, events: most, total, small } = this.#limits
    if (events > most) {
      return `all calendars of this Agent together have ${events.toLocaleString('en')} events in the window, and ${most.toLocaleString('en')} is the most`
    }
    if (bytes > agent)
      return `all calendars of this Agent together take ${mb(bytes)} of memory, and ${mb(agent)} is the most`
    const more = bytes - (this.#agents.get(key) ?? 0)
    if (bytes <= small || more <= 0 || this.#total + more <= total) return undefined
    const namespace = (this.#namespaces.get(namespaceOf(key)) ?? 0) + more
    // Shares shrink as namespaces come: without the second bound each of them could take one while it was large.
    if (namespace <= total / Math.max(this.#namespaces.size, 1) && this.#total + more <= 2 * total) return undefined
    return `the calendars of all Agents take ${mb(total)} of memory, the most there is, and those of this namespace ${mb(namespace)} of it, more than an equal share`
  }

  /** Notes what is kept of an Agent now. */
  note(key: string, bytes: number): void {
    const more = bytes - (this.#agents.get(key) ?? 0)
    this.#total += more
    put(this.#agents, key, bytes)
    put(this.#namespaces, namespaceOf(key), (this.#namespaces.get(namespaceOf(key)) ?? 0) + more)
  }
}

/** What is kept of an Agent's calendars, and beside them, in bytes. */
export function keptOf({ byId }: CalendarsState, besides: number): Kept {
  const kept = { bytes: besides, events: 0 }
  for (const { snapshot } of byId.values()) {
    kept.bytes += snapshot.encoded.length
    kept.events += snapshot.events
  }
  return kept
}

const namespaceOf = (key: string): string => key.slice(0, key.indexOf('/'))

const mb = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`

function put(sums: Map<string, number>, key: string, bytes: number): void {
  if (bytes === 0) sums.delete(key)
  else sums.set(key, bytes)
}
