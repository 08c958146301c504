/**
 * The backoff of one agent while its requests to Google fail for a reason that may pass. No request is sent before the backoff
 * ends, whatever triggers a reconcile: an annotation that somebody changes all the time must not cause a request each time.
 * Pure, except for the clock.
 */
import { pauseAfter } from '../controller/backoff.ts'
import type { StepFailure } from '../failures/step-failure.ts'
import { GoogleError, OverBudgetError } from '../google/port.ts'
import { hasCome, type Clock, type Random } from '../platform/clock.ts'

/** Requests to Google fail for a reason that may pass. Instants are the monotonic clock's. */
export interface GoogleBackoff {
  readonly failures: readonly StepFailure[]
  /** The grant was valid when the failures began. */
  readonly authorized: boolean
  /** How many attempts have failed in a row. */
  readonly attempts: number
  readonly failedAt: number
  readonly until: number
  /** How often an answer to another agent has shortened the pause. */
  readonly timesShortened: number
  /** The cause is a limit of the whole client, which may be lifted earlier. */
  readonly limited: boolean
  /** What the requests were made with: another grant, or other credentials, may work. */
  readonly token: string
  readonly credentialsHash: string
  readonly quota?: string
}

/** What a request to Google would be made with. */
export interface GoogleAttempt {
  /** The refresh token. */
  token: string
  credentialsHash: string
  /** The quota of the integration, as a text: with a larger one, there may be a place now. */
  quota?: string
  /** A limit pauses the whole client. */
  limited: boolean
}

/** Whether the backoff still holds, so that no request may be sent. */
export function isInForce(
  clock: Pick<Clock, 'monotonic'>,
  backoff: GoogleBackoff | undefined,
  attempt: GoogleAttempt,
): backoff is GoogleBackoff {
  if (!backoff || hasCome(clock, backoff.until)) return false
  // A limit of the whole client that was lifted no longer applies.
  if (backoff.limited && !attempt.limited) return false
  return (['token', 'credentialsHash', 'quota'] as const).every((key) => backoff[key] === attempt[key])
}

/** The failures, to be retried when the backoff ends. */
export const failuresOf = (clock: Pick<Clock, 'monotonic'>, { failures, until }: GoogleBackoff): StepFailure[] =>
  failures.map((one) => comingBackIn(one, until - clock.monotonic()))

/**
 * The backoff after an attempt; undefined if Google answered.
 * @param longest the longest pause, in ms.
 */
export function backoffAfter(
  { clock, random }: { clock: Pick<Clock, 'monotonic'>; random: Random },
  before: GoogleBackoff | undefined,
  {
    failures,
    authorized,
    longest,
    ...attempt
  }: GoogleAttempt & Pick<GoogleBackoff, 'failures' | 'authorized'> & { longest: number },
): GoogleBackoff | undefined {
  const failed = failures.find(isTransient)
  if (failed?.requeue.kind !== 'retry') return undefined
  // Google has not failed: the request comes back when the budget has a place for it.
  const isOverBudget = failed.requeue.error instanceof OverBudgetError
  const attempts = isOverBudget ? 1 : (before?.attempts ?? 0) + 1
  const failedAt = clock.monotonic()
  const until = failedAt + pauseAfter(attempts, { random, longest, notBefore: failed.requeue.notBefore })
  const limited = failed.reason === 'RateLimited' && attempt.limited
  return {
    ...attempt,
    failures,
    authorized,
    attempts,
    failedAt,
    until,
    timesShortened: before?.timesShortened ?? 0,
    limited,
  }
}

/** Whether Google does not answer this agent at all. A rate limit does not count: it ends by itself. */
export const isUnreachable = (backoff: GoogleBackoff | undefined): boolean =>
  backoff?.failures.some((one) => isTransient(one) && one.reason !== 'RateLimited') ?? false

/** The shortest pause between two attempts, the first time that an answer to another agent shortens it. */
const FIRST_SHORTENED_MS = 10_000

/**
 * Google answered another agent, so this one is tried again after `delayMs`, whatever its backoff. The other agent may have
 * requested something else, so each attempt that fails nevertheless doubles the shortest pause.
 */
export function shortened(clock: Pick<Clock, 'monotonic'>, backoff: GoogleBackoff, delayMs: number): GoogleBackoff {
  const now = clock.monotonic()
  const soonest = backoff.failedAt + FIRST_SHORTENED_MS * 2 ** backoff.timesShortened
  const until = Math.min(Math.max(now + delayMs, soonest), Math.max(backoff.until, now))
  return { ...backoff, until, timesShortened: backoff.timesShortened + 1 }
}

const isTransient = ({ requeue }: StepFailure): boolean =>
  requeue.kind === 'retry' && requeue.error instanceof GoogleError

/** The pause already has jitter, so the bounds keep the controller from adding more. */
const comingBackIn = (one: StepFailure, ms: number): StepFailure =>
  isTransient(one) && one.requeue.kind === 'retry'
    ? { ...one, requeue: { ...one.requeue, notBefore: ms, longest: ms } }
    : one
