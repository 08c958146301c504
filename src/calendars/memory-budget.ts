/**
 * One memory budget for the snapshots of all Agents. Each Agent has a limit of its own. While all Agents
 * together exceed the budget, a namespace that uses more than an equal share gets no more; other namespaces and small Agents still
 * do. Memory that is in use is never taken away (docs/decisions/0151-limits-for-all-calendars.md).
 */
import type { CalendarsState } from './state.ts'

const MIB = 1024 * 1024

/** The limits of the budget. */
interface MemoryLimits {
  /** Bytes of one Agent, compressed. */
  agent: number
  /** Events of one Agent. */
  events: number
  /** Bytes of all Agents. Beyond this, only small Agents and namespaces below their share get more; beyond twice this, only small Agents. */
  total: number
  /** Bytes of a small Agent, which is never refused because of what others use. */
  small: number
}

/** The default limits. A calendar at its limits takes about 10 MB; an ordinary Agent takes 1 to 3 kB. */
export const MEMORY_LIMITS: MemoryLimits = { agent: 12 * MIB, events: 100_000, total: 48 * MIB, small: 16 * 1024 }

/** The memory that one Agent uses. */
export interface Kept {
  bytes: number
  events: number
}

/** Counts the memory that each Agent uses, and refuses what exceeds the limits. */
export class MemoryBudget {
  readonly #limits: MemoryLimits
  /** Bytes by Agent and by namespace, without entries for zero bytes. */
  readonly #agents = new Map<string, number>()
  readonly #namespaces = new Map<string, number>()
  #total = 0

  constructor(limits = MEMORY_LIMITS) {
    this.#limits = limits
  }

  /** The bytes of all Agents. */
  get total(): number {
    return this.#total
  }

  /** Why the Agent may not use this much memory, as half a sentence; undefined if it may. */
  refusal(key: string, { bytes, events }: Kept): string | undefined {
    const { agent, events: most, total, small } = this.#limits
    if (events > most) {
      return `all calendars of this Agent together have ${events.toLocaleString('en')} events in the window; the limit is ${most.toLocaleString('en')}`
    }
    if (bytes > agent)
      return `all calendars of this Agent together take ${mb(bytes)} of memory; the limit is ${mb(agent)}`
    const more = bytes - (this.#agents.get(key) ?? 0)
    if (bytes <= small || more <= 0 || this.#total + more <= total) return undefined
    const namespace = (this.#namespaces.get(namespaceOf(key)) ?? 0) + more
    // Shares shrink as namespaces are added. Without the second limit, each namespace could take a share while it is still large.
    if (namespace <= total / Math.max(this.#namespaces.size, 1) && this.#total + more <= 2 * total) return undefined
    return `the calendars of all Agents take ${mb(total)} of memory, which is the limit; those of this namespace take ${mb(namespace)} of it, more than an equal share`
  }

  /** Records how many bytes an Agent uses now. */
  note(key: string, bytes: number): void {
    const more = bytes - (this.#agents.get(key) ?? 0)
    this.#total += more
    put(this.#agents, key, bytes)
    put(this.#namespaces, namespaceOf(key), (this.#namespaces.get(namespaceOf(key)) ?? 0) + more)
  }
}

/**
 * The memory that an Agent's calendars use.
 * @param except the id of a calendar that does not count.
 */
export function keptOf({ byId }: CalendarsState, except?: string): Kept {
  const kept = { bytes: 0, events: 0 }
  for (const [id, { snapshot }] of byId) {
    if (id === except) continue
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
