/**
 * What a leap of the time of day means for what is remembered of an agent.
 *
 * - Back: the clock was ahead and was corrected. What was stamped by it is corrected as well; nothing becomes due earlier or
 *   later because of that.
 * - Forward: the clock was corrected, or the process was suspended, and nobody can tell which. So the time is taken to have
 *   passed: what would have been due is due now.
 */
import type { Grant } from '../grants/grant.ts'
import { alignedWithTimeOfDay } from '../calendars/state.ts'
import type { Clock } from '../platform/clock.ts'
import { LEAST_LEAP_MS, offsetOf } from '../platform/leaps.ts'
import type { AgentState } from './state.ts'

/** Brings what is remembered in line with a time of day that was set since the last look. */
export function followTimeOfDay(clock: Clock, memory: AgentState): void {
  memory.calendars = alignedWithTimeOfDay(memory.calendars, clock)
  const offset = offsetOf(clock)
  const leap = offset - (memory.timeOfDayOffset ?? offset)
  // Kept where the step is small: many small steps add up.
  if (memory.timeOfDayOffset !== undefined && Math.abs(leap) < LEAST_LEAP_MS) return
  memory.timeOfDayOffset = offset
  if (leap < 0 && memory.grant.grant) putBack(memory.grant.grant, leap, clock.now())
  if (leap > 0 && memory.grant.grant) memory.grant.grant.renewAt -= leap
}

/** What was stamped by a clock that was ahead; the Secrets that say so are written again. */
function putBack(grant: Grant, ms: number, now: number): void {
  grant.expiresAt += ms
  grant.obtainedAt += ms
  if (grant.lastUsedAt !== undefined) grant.lastUsedAt += ms
  // Consent cannot have been given later than now.
  if (grant.grantedAt > now) grant.grantedAt = Math.max(grant.grantedAt + ms, 0)
  if (grant.accessToken !== undefined) grant.saved = false
}
