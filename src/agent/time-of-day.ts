/**
 * What a leap of the time of day means for what is remembered of an agent.
 *
 * - Back: the clock was ahead and was put right. What was stamped by it is put back as well; nothing is due sooner or later
 *   for that.
 * - Forward: the clock was put right, or the process was suspended, and nobody can tell which. So time is taken to have gone
 *   by: what was read is older, and what was due in that time is due now. That costs one reading at the worst; the opposite
 *   would call old calendars fresh.
 */
import type { Grant } from '../grants/grant.ts'
import type { CalendarState } from '../calendars/state.ts'
import type { Clock } from '../platform/clock.ts'
import { LEAST_LEAP_MS, offsetOf } from '../platform/leaps.ts'
import type { AgentState } from './state.ts'

/** Brings what is remembered in line with a time of day that was set since the last look. */
export function followTimeOfDay(clock: Clock, memory: AgentState): void {
  const offset = offsetOf(clock)
  const leap = offset - (memory.timeOfDayOffset ?? offset)
  // Kept where the step is small: many small steps add up.
  if (memory.timeOfDayOffset !== undefined && Math.abs(leap) < LEAST_LEAP_MS) return
  memory.timeOfDayOffset = offset
  if (leap < 0 && memory.grant.grant) putBack(memory.grant.grant, leap, clock.now())
  if (leap <= 0) return
  for (const calendar of memory.calendars.byId.values()) grow(calendar, leap)
  if (memory.grant.grant) memory.grant.grant.renewAt -= leap
}

function grow(calendar: CalendarState, ms: number): void {
  if (calendar.lastRead !== undefined) calendar.lastRead -= ms
  if (calendar.lastFull !== undefined) calendar.lastFull -= ms
  // After a failure it is a backoff, which has to be waited for in real time.
  if (!calendar.trouble) calendar.nextAt -= ms
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
