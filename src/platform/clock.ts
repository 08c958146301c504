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

/**
 * Timers fire up to a millisecond early: Node counts whole milliseconds from an instant that it has cached. What is due within
 * so little time counts as due, or whoever was woken for it would find that it is not, and sleep on.
 */
export const TIMER_TOLERANCE_MS = 1

/** Whether `at`, an instant of the monotonic clock, has come. */
export const hasCome = (clock: Pick<Clock, 'monotonic'>, at: number): boolean =>
  at <= clock.monotonic() + TIMER_TOLERANCE_MS

/** Instants are told to some milliseconds: the two clocks tick apart, and what is told twice is to be told alike. */
const GRAIN_MS = 10

/**
 * The time of day at `at`, an instant of the monotonic clock: the time of day now, less how long ago that was. It follows
 * a time of day that was put right meanwhile.
 */
export const timeOfDay = (clock: Pick<Clock, 'now' | 'monotonic'>, at: number): number =>
  Math.round((clock.now() + at - clock.monotonic()) / GRAIN_MS) * GRAIN_MS

/** The instant of the monotonic clock at which it is, was or will be `at` by the time of day, as that stands now. */
export const monotonicAt = (clock: Pick<Clock, 'now' | 'monotonic'>, at: number): number =>
  clock.monotonic() + at - clock.now()

/** The instant of the monotonic clock that a stored time of day tells; a stamp that lies in the future tells none. */
export function instantOf(clock: Pick<Clock, 'now' | 'monotonic'>, stamp: string | undefined): number | undefined {
  const at = Date.parse(stamp ?? '')
  return at <= clock.now() ? monotonicAt(clock, at) : undefined
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(delayMs, fire) {
    let handle: NodeJS.Timeout
    // Node cuts fractions off, which would make a timer earlier still.
    const arm = (remaining: number): void => {
      const step = Math.min(Math.max(remaining, 0), LONGEST_TIMEOUT_MS)
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
