/** Counts the members of a ring by their Leases. The times in a Lease are other machines' and are not compared. */
import type { Lease } from '../kubernetes/lease-object.ts'
import type { WatchEvent } from '../kubernetes/port.ts'
import type { Clock } from '../platform/clock.ts'
import { MINUTE_MS } from '../platform/time-units.ts'

/**
 * A member that has not renewed its Lease for so long is not counted. It has stopped long before; but what it sent before counts in
 * the last minute of the budget, and where only our watch is interrupted, it still works.
 */
const SILENT_MS = MINUTE_MS

/** The members of a ring that may send requests. */
export class RingMembers {
  readonly #clock: Pick<Clock, 'monotonic'>
  /** When each member was last seen to renew its Lease, by the name of the Lease. */
  readonly #seenAt = new Map<string, number>()

  /** Resolves when a member is seen for the first time. */
  readonly anySeen: Promise<void>
  #onSeen = (): void => undefined

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
    this.anySeen = new Promise((resolve) => (this.#onSeen = resolve))
  }

  /** Whether no member is known. */
  get isEmpty(): boolean {
    return this.#seenAt.size === 0
  }

  /** At least this replica itself. */
  get count(): number {
    return Math.max(this.#renewedRecently().length, 1)
  }

  /** Takes a change of a Lease. One that was given up, or that the sharder has taken, is held by another name than its own. */
  onLease({ after }: WatchEvent<Lease>): void {
    const known = new Set(this.#renewedRecently())
    for (const name of this.#seenAt.keys()) if (!known.has(name)) this.#seenAt.delete(name)
    const isHeld = after?.spec.holderIdentity === after?.metadata.name
    if (!after || !isHeld) return
    this.#seenAt.set(after.metadata.name, this.#clock.monotonic())
    this.#onSeen()
  }

  #renewedRecently(): string[] {
    const now = this.#clock.monotonic()
    return [...this.#seenAt].filter(([, at]) => now - at < SILENT_MS).map(([name]) => name)
  }
}
