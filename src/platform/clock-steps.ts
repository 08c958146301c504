/**
 * Detects steps of the time of day, which NTP or an administrator may set forward or back at any moment. A suspension of the process
 * looks like a step forward. Whatever depends on the time of day is then due at another instant.
 */
import type { Clock } from './clock.ts'

/** Smaller steps are ignored: they are normal corrections by NTP, and published times have a resolution of one second. */
export const MIN_STEP_MS = 2_000
/** How often the clocks are compared, which costs little. */
const CHECK_INTERVAL_MS = 5_000

/** How far the time of day is ahead of the monotonic clock, in ms. A difference from an earlier result is a step. */
export const offsetOf = (clock: Pick<Clock, 'now' | 'monotonic'>): number => clock.now() - clock.monotonic()

/** Calls `onStep` with each step, in ms (negative: back). Small steps add up. Returns a function that stops the watch. */
export function watchTimeOfDay(clock: Clock, onStep: (ms: number) => void): () => void {
  let offset = offsetOf(clock)
  let cancel: () => void
  const check = (): void => {
    const step = offsetOf(clock) - offset
    if (Math.abs(step) >= MIN_STEP_MS) {
      offset += step
      onStep(step)
    }
    cancel = clock.setTimer(CHECK_INTERVAL_MS, check)
  }
  cancel = clock.setTimer(CHECK_INTERVAL_MS, check)
  return () => cancel()
}
