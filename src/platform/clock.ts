/**
 * The platform room contains what any service needs: clocks, the log, metrics, HTTP servers, and helpers for JSON and texts. It
 * imports no other room, and touches only the clocks of the process, V8's settings and the sockets that it is told to open.
 *
 * This file is time and randomness. Everything in this program gets them through `deps`, so that tests can control them.
 */

/**
 * Two clocks and timers. All durations are milliseconds.
 *
 * - `now` is the time of day, in ms since the Unix epoch. An administrator or NTP may set it forward or back at any moment, so
 *   it is used only for what is stored, published or compared with another clock.
 * - `monotonic` only moves forward, at the speed of real time, from an arbitrary origin. Durations, deadlines, due times
 *   and rates are measured with it. It has no meaning outside this process.
 */
export interface Clock {
  /** The time of day, in ms since the Unix epoch. */
  now(): number
  /** Ms since an arbitrary origin, with fractions. */
  monotonic(): number
  /** Calls `fire` once after `delayMs` (at least 0). Returns a function that cancels it. Does not keep the process alive. */
  setTimer(delayMs: number, fire: () => void): () => void
}

/** Returns a uniformly distributed number in [0, 1), like `Math.random`. */
export type Random = () => number

// setTimeout fires at once for delays of 2^31 ms or more, so longer timers are split into steps of at most this.
const MAX_TIMEOUT_MS = 2 ** 31 - 1

/**
 * Timers fire up to a millisecond early, because Node counts whole milliseconds from a cached instant. What is due within this time
 * counts as due; otherwise, code that a timer woke would find nothing due and sleep again.
 */
export const TIMER_TOLERANCE_MS = 1

/** Whether `at`, an instant of the monotonic clock, has been reached. */
export const hasCome = (clock: Pick<Clock, 'monotonic'>, at: number): boolean =>
  at <= clock.monotonic() + TIMER_TOLERANCE_MS

/** Conversions are rounded to some milliseconds: the clocks tick at different moments, and repeated conversions must agree. */
const GRAIN_MS = 10

/**
 * The time of day at `at`, an instant of the monotonic clock: the current time of day minus the time since then. It therefore
 * follows corrections of the time of day.
 */
export const timeOfDay = (clock: Pick<Clock, 'now' | 'monotonic'>, at: number): number =>
  Math.round((clock.now() + at - clock.monotonic()) / GRAIN_MS) * GRAIN_MS

/** The instant of the monotonic clock that corresponds to the time of day `at`, by the current time of day. */
export const monotonicAt = (clock: Pick<Clock, 'now' | 'monotonic'>, at: number): number =>
  clock.monotonic() + at - clock.now()

/** The instant of the monotonic clock for a stored time of day; undefined if it lies in the future. */
export function instantOf(clock: Pick<Clock, 'now' | 'monotonic'>, stamp: string | undefined): number | undefined {
  const at = Date.parse(stamp ?? '')
  return at <= clock.now() ? monotonicAt(clock, at) : undefined
}

/** The clocks and timers of this process. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(delayMs, fire) {
    let handle: NodeJS.Timeout
    // Node truncates fractions, which would make a timer fire even earlier.
    const arm = (remaining: number): void => {
      const step = Math.min(Math.max(remaining, 0), MAX_TIMEOUT_MS)
      handle = setTimeout(() => (remaining > step ? arm(remaining - step) : fire()), step)
      handle.unref()
    }
    arm(Math.ceil(delayMs))
    return () => clearTimeout(handle)
  },
}

/** Resolves after `delayMs`, or at once when `signal` aborts; it never rejects. */
export function sleep(clock: Pick<Clock, 'setTimer'>, delayMs: number, signal?: AbortSignal): Promise<void> {
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
