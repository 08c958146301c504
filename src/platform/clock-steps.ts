/**
 * Detects jumps of the time of day. It may be set forward or back at any moment, by NTP or by hand; a suspended process looks like a
 * jump forward. Whatever depends on the time of day is then due at another instant.
 */
import type { Clock } from './clock.ts'

/** Smaller steps are normal corrections by NTP, and everything that is published has a resolution of a second. */
export const MIN_STEP_MS = 2_000
/** How soon a jump is noticed. A check reads two clocks. */
const CHECK_INTERVAL_MS = 5_000

/** How far the time of day is ahead of the monotonic clock; a difference from an earlier result is a jump. */
export const offsetOf = (clock: Pick<Clock, 'now' | 'monotonic'>): number => clock.now() - clock.monotonic()

/** Calls `onStep` with each jump, in ms (negative: back). Small steps are added up. Returns a function that stops it. */
export function watchTimeOfDay(clock: Clock, onStep: (ms: number) => void): () => void {
  let offset = offsetOf(clock)
  let cancel: () => void
  const look = (): void => {
    const leap = offsetOf(clock) - offset
    if (Math.abs(leap) >= MIN_STEP_MS) {
      offset += leap
      onStep(leap)
    }
    cancel = clock.setTimer(CHECK_INTERVAL_MS, look)
  }
  cancel = clock.setTimer(CHECK_INTERVAL_MS, look)
  return () => cancel()
}
