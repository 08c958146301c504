/** Counts the members of a ring by their Leases. The times in a Lease are other machines' and are not compared. */
import type { Lease } from '../kubernetes/lease-object.ts'
import type { WatchEvent } from '../kubernetes/port.ts'
import type { Clock } from '../platform/clock.ts'
import { MINUTE_MS } from '../platform/time-units.ts'

/**
 * A member that has not renewed its Lease for so long is not counted. It has stopped long before; but where only our watch is
 * interrupted, the others still work.
 */
const SILENT_MS = MINUTE_MS

/** The members of a ring that may send requests. */
export class RingMembers {
  readonly #clock: Pick<Clock, 'monotonic'>
  /** When each member was last seen to renew its Lease, by the name of the Lease. */
  readonly #seenAt = new Map<string, number>()

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  /** At least this replica itself. */
  get count(): number {
    const now = this.#clock.monotonic()
    return Math.max([...this.#seenAt.values()].filter((at) => now - at < SILENT_MS).length, 1)
  }

  /** Takes a change of a Lease. A Lease that was given up, or that the sharder has taken, is held by another name than its own. */
  onLease({ before, after }: WatchEvent<Lease>): void {
    if (after && after.spec.holderIdentity === after.metadata.name) {
      this.#seenAt.set(after.metadata.name, this.#clock.monotonic())
      return
    }
    const gone = after ?? before
    if (gone) this.#seenAt.delete(gone.metadata.name)
  }
}
