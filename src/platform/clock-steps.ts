/**
 * Detects jumps of the time of day. It may be set forward or back at any moment, by NTP or by hand; a suspended process looks like a
 * jump forward. Whatever depends on the time of day is then due at another instant.
 */
import type { Clock } from './clock.ts'

/** Smaller steps are normal corrections by NTP, and everything that is published has a resolution of a second. */
export const LEAST_LEAP_MS = 2_000
/** How soon a jump is noticed. A check reads two clocks. */
const LOOK_EVERY_MS = 5_000

/** How far the time of day is ahead of the monotonic clock; a difference from an earlier result is a jump. */
export const offsetOf = (clock: Pick<Clock, 'now' | 'monotonic'>): number => clock.now() - clock.monotonic()

/** Calls `onLeap` with each jump, in ms (negative: back). Small steps are added up. Returns a function that stops it. */
export function watchTimeOfDay(clock: Clock, onLeap: (ms: number) => void): () => void {
  let offset = offsetOf(clock)
  let cancel: () => void
  const look = (): void => {
    const leap = offsetOf(clock) - offset
    if (Math.abs(leap) >= LEAST_LEAP_MS) {
      offset += leap
      onLeap(leap)
    }
    cancel = clock.setTimer(LOOK_EVERY_MS, look)
  }
  cancel = clock.setTimer(LOOK_EVERY_MS, look)
  return () => cancel()
}
