/**
 * The rate limiting room: how often, and how many at a time, something may be done. It contains token buckets (a single one, and
 * one for each key), a sliding window, a budget for every minute, a circuit breaker and a semaphore, which google/, kubernetes/,
 * integration/ and web/ use. It knows nothing about Google, HTTP or Kubernetes, and touches only the clock and the randomness that it
 * is given. Durations are in ms, and instants are those of the monotonic clock.
 *
 * The methods have the same names everywhere: `tryAcquire` takes something at once or returns false; `acquire` waits for it, and if
 * it has to be given back, returns the function that releases it; `delay` says how long, in ms, until it can be taken, and takes
 * nothing; `record` counts something that has happened anyway; `run` runs a task under the limit.
 *
 * This file is the arithmetic of a token bucket, without state: a bucket is the instant at which it is full again (`undefined`: it
 * is full). That is the generic cell rate algorithm (ITU-T I.371) in its virtual-scheduling form.
 */

/** The size of a token bucket, and how fast it fills. */
export interface RateLimit {
  /** How many tokens a full bucket holds, and thus how many can be taken at once. */
  burst: number
  /** The time, in ms, in which one token is added. */
  intervalMs: number
}

/** Instants are sums of fractions, so delays are rounded to the microsecond. */
const PER_MS = 1_000

/** How long, in ms, until the bucket holds a token; 0 means that it holds one now. */
export function delayUntilToken({ burst, intervalMs }: RateLimit, fullAt: number | undefined, now: number): number {
  const delay = (fullAt ?? now) - (burst - 1) * intervalMs - now
  return Math.max(Math.round(delay * PER_MS) / PER_MS, 0)
}

/** The bucket after one token was taken: now, or if there was none, as soon as there is one. */
export const afterToken = ({ intervalMs }: RateLimit, fullAt: number | undefined, now: number): number =>
  Math.max(fullAt ?? now, now) + intervalMs

/** The bucket after all of its tokens were taken. */
export const drained = ({ burst, intervalMs }: RateLimit, fullAt: number | undefined, now: number): number =>
  Math.max(fullAt ?? now, now + burst * intervalMs)
