/**
 * Time and chance, as everything in this program gets them: through `deps`, so that a test can hold them still.
 */

/**
 * Two clocks and timers. All durations are milliseconds.
 *
 * - `now` is the time of day, in ms since the Unix epoch. An administrator or NTP may set it forward or back at any moment, so
 *   it serves for what is stored, published or compared with somebody else's clock, and for nothing else.
 * - `monotonic` only ever goes forward, at the pace of real time, from an arbitrary origin. Durations, deadlines, due times
 *   and rates are measured with it. It means nothing outside of this process.
 */
export interface Clock {
  now(): number
  /** Ms since an arbitrary origin, with fractions. */
  monotonic(): number
  /** Calls `fire` once, after `delayMs` (negative counts as zero). The answer cancels it. Never keeps the process alive. */
  setTimer(delayMs: number, fire: () => void): () => void
}

/** A uniformly distributed number in [0, 1), as `Math.random` gives. */
export type Random = () => number

// setTimeout fires at once for delays from 2^31 ms on: longer timers are walked in steps of at most this.
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(delayMs, fire) {
    let handle: NodeJS.Timeout
    const arm = (remaining: number): void => {
      const step = Math.min(Math.max(remaining, 0), LONGEST_TIMEOUT_MS)
      handle = setTimeout(() => (remaining > step ? arm(remaining - step) : fire()), step)
      handle.unref()
    }
    arm(delayMs)
    return () => clearTimeout(handle)
  },
}

/** Resolves after `delayMs`, or at once when `signal` aborts; it never rejects. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const done = (): void => {
      cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const cancel = clock.setTimer(delayMs, done)
    signal?.addEventListener('abort', done)
  })
}
