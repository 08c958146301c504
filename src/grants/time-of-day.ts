/**
 * What a leap of the time of day means for what is known of a grant. Pure but for the clock.
 *
 * - Back: the clock was ahead and was put right. What was stamped by it is put back as well; nothing is due sooner or later
 *   for that.
 * - Forward: the clock was put right, or the process was suspended, and nobody can tell which. So time is taken to have gone
 *   by: what was due in that time is due now.
 */
import type { Clock } from '../platform/clock.ts'
import { LEAST_LEAP_MS, offsetOf } from '../platform/leaps.ts'
import type { GrantState } from './grant-state.ts'
import type { Grant } from './grant.ts'

/** Brings the state in line with a time of day that was set since the last look. */
export function followTimeOfDay(clock: Clock, state: GrantState): GrantState {
  const offset = offsetOf(clock)
  const leap = offset - (state.timeOfDayOffset ?? offset)
  // The old offset is kept where the step is small: many small steps add up.
  if (state.timeOfDayOffset !== undefined && Math.abs(leap) < LEAST_LEAP_MS) return state
  const { grant } = state
  return { ...state, timeOfDayOffset: offset, grant: grant && afterLeap(grant, leap, clock.now()) }
}

function afterLeap(grant: Grant, leap: number, now: number): Grant {
  if (leap < 0) return putBack(grant, leap, now)
  return leap > 0 ? { ...grant, renewAt: grant.renewAt - leap } : grant
}

/** What was stamped by a clock that was ahead; the Secrets that say so are written again. */
const putBack = (grant: Grant, ms: number, now: number): Grant => ({
  ...grant,
  expiresAt: grant.expiresAt + ms,
  obtainedAt: grant.obtainedAt + ms,
  lastUsedAt: grant.lastUsedAt === undefined ? undefined : grant.lastUsedAt + ms,
  // Consent cannot have been given later than now.
  grantedAt: grant.grantedAt > now ? Math.max(grant.grantedAt + ms, 0) : grant.grantedAt,
  saved: grant.accessToken === undefined && grant.saved,
})
