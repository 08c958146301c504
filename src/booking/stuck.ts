/** When a Booking that waits for a person is looked at again: soon at first, then less and less often. */
import { manualFixInterval } from '../controller/manual-fix-interval.ts'
import { blocked } from '../controller/outcome.ts'
import { ended, type BookingProgress, type BookingRun, type BookingStepResult } from './steps.ts'
import type { BookingState } from './state.ts'

/** The result of a step that found that a person has to act. */
export function stuckOutcome(
  { deps, booking }: BookingRun,
  { stuck }: BookingState,
  progress: BookingProgress,
): BookingStepResult {
  const { generation } = booking.metadata
  const now = deps.clock.monotonic()
  const since = stuck?.generation === generation ? (stuck?.since ?? now) : now
  const message = progress.booked?.message ?? progress.accepted?.message ?? ''
  const outcome = blocked(message, manualFixInterval(since, now))
  return { state: { stuck: { generation, since } }, progress: ended(progress, outcome) }
}
