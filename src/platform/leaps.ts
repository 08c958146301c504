/**
 * The time of day may be set at any moment, forward or back, by NTP or by hand; and the process may have been suspended, which
 * looks like a leap forward. Whatever is reckoned from the time of day is then due at another instant than it was.
 */
import type { Clock } from './clock.ts'

/** Smaller steps than this are the everyday work of NTP; everything that is told to others is told to the second. */
export const LEAST_LEAP_MS = 2_000
/** How soon a leap is noticed. A look costs two readings of a clock. */
const LOOK_EVERY_MS = 5_000

/** How far the time of day is ahead of the monotonic clock; what it differs by from an earlier answer is a leap. */
export const offsetOf = (clock: Pick<Clock, 'now' | 'monotonic'>): number => clock.now() - clock.monotonic()

/** Calls `onLeap` with each leap, in ms (negative: back), until the answer is called. Small steps are added up. */
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
