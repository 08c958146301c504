/**
 * Aligns the state of a grant with the time of day after the time of day was set. Pure, except for the clock.
 *
 * - Back: the clock was ahead and was corrected. The timestamps that it produced are corrected, too; due times do not change.
 * - Forward: either the clock was corrected or the process was suspended; the two cannot be distinguished. So the time is assumed
 *   to have passed: what would have been due is due now. Only a guess at the time of consent follows the clock if it was made
 *   while the clock was certainly wrong, or before Google has accepted the token: such a guess is the latest possible time.
 */
import type { Clock } from '../platform/clock.ts'
import { MIN_STEP_MS, offsetOf } from '../platform/clock-steps.ts'
import type { GrantState } from './grant-state.ts'
import { EARLIEST_CONSENT, type Grant } from './grant.ts'

/** Aligns the state with the time of day, if that was set since the last time. */
export function followTimeOfDay(clock: Clock, state: GrantState): GrantState {
  const offset = offsetOf(clock)
  const stepMs = offset - (state.timeOfDayOffset ?? offset)
  // If the step is small, the old offset is kept, so that small steps add up.
  if (state.timeOfDayOffset !== undefined && Math.abs(stepMs) < MIN_STEP_MS) return state
  const { grant } = state
  return { ...state, timeOfDayOffset: offset, grant: grant && afterStep(grant, stepMs, clock.now()) }
}

function afterStep(grant: Grant, stepMs: number, now: number): Grant {
  if (stepMs < 0) return setBack(grant, stepMs, now)
  return stepMs > 0 ? setForward(grant, stepMs) : grant
}

const setForward = (grant: Grant, ms: number): Grant => {
  const { grantedAt, grantedAtIsGuess, lastUsedAt } = grant
  const moves = grantedAtIsGuess && (lastUsedAt === undefined || grantedAt < EARLIEST_CONSENT)
  const consent = moves ? { grantedAt: grantedAt + ms, saved: false } : {}
  return { ...grant, ...consent, renewAt: grant.renewAt - ms }
}

/** Corrects the timestamps of a clock that was ahead. The Secret is written again. */
const setBack = (grant: Grant, ms: number, now: number): Grant => ({
  ...grant,
  expiresAt: grant.expiresAt + ms,
  obtainedAt: grant.obtainedAt + ms,
  lastUsedAt: grant.lastUsedAt === undefined ? undefined : grant.lastUsedAt + ms,
  // Consent cannot have been given later than now.
  grantedAt: grant.grantedAt > now ? Math.max(grant.grantedAt + ms, 0) : grant.grantedAt,
  saved: grant.accessToken === undefined && grant.saved,
})
