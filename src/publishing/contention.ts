/** Notices that others keep changing a published object after each repair. Pure; instants are the monotonic clock's. */
import { MINUTE_MS } from '../platform/time-units.ts'

/** What others have done to one published object lately. */
export interface Contention {
  /** When their last changes were found. */
  readonly changes: readonly number[]
  /** Until when the object counts as contested; undefined if it never did. */
  readonly until?: number
}

/** So many changes within `WINDOW_MS` are another program's, not those of somebody who tries things by hand. */
const LIMIT = 10
const WINDOW_MS = 5 * MINUTE_MS
/** An object is contested until nobody has changed it for so long. */
const QUIET_MS = 5 * MINUTE_MS

/** Others have changed or deleted the object. */
export function withForeignChange({ changes, until }: Contention = { changes: [] }, now: number): Contention {
  const recent = [...changes.filter((at) => now - at < WINDOW_MS), now].slice(-LIMIT)
  const isContested = recent.length === LIMIT || (until !== undefined && now < until)
  return { changes: recent, until: isContested ? now + QUIET_MS : until }
}

/** Until when the object counts as contested; undefined if it does not. */
export const contestedUntil = (contention: Contention | undefined, now: number): number | undefined =>
  contention?.until !== undefined && now < contention.until ? contention.until : undefined
