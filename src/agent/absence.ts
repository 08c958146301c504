/**
 * While Google fails an agent for a reason that may pass, it is asked again after a backoff and not before, whatever wakes the
 * agent meanwhile: an annotation that somebody changes all the time must not become a request each time. Pure but for the
 * clock.
 */
import { pauseAfter } from '../controller/backoff.ts'
import type { StepFailure } from '../failures/step-failure.ts'
import { GoogleError } from '../google/port.ts'
import { hasCome, type Clock, type Random } from '../platform/clock.ts'

/** Google fails for a reason that may pass. Instants are the monotonic clock's. */
export interface Absence {
  readonly failures: readonly StepFailure[]
  /** The grant was good when that began. */
  readonly authorized: boolean
  /** How often in a row. */
  readonly attempts: number
  readonly failedAt: number
  readonly until: number
  /** How often somebody else's answer has shortened the pause. */
  readonly hurries: number
  /** It was a limit of the whole client, which may be lifted before. */
  readonly limited: boolean
  /** What it was about: another grant, or other credentials, may fare better. */
  readonly token: string
  readonly credentialsHash: string
}

/** What Google would be asked with. */
export interface Asked {
  /** The refresh token. */
  token: string
  credentialsHash: string
  /** A limit pauses the whole client. */
  limited: boolean
}

/** Whether Google is not to be asked yet. */
export function stands(
  clock: Pick<Clock, 'monotonic'>,
  absence: Absence | undefined,
  asked: Asked,
): absence is Absence {
  if (!absence || hasCome(clock, absence.until)) return false
  // A limit of the whole client that has been lifted, or that is to be asked about, holds nobody back.
  if (absence.limited && !asked.limited) return false
  return absence.token === asked.token && absence.credentialsHash === asked.credentialsHash
}

/** The failures of an absence that stands, coming back when it ends. */
export const failuresOf = (clock: Pick<Clock, 'monotonic'>, { failures, until }: Absence): StepFailure[] =>
  failures.map((one) => comingBackIn(one, until - clock.monotonic()))

/**
 * The absence after Google was asked; undefined where it answered.
 * @param longest the pause at most, in ms.
 */
export function absenceAfter(
  { clock, random }: { clock: Pick<Clock, 'monotonic'>; random: Random },
  before: Absence | undefined,
  { failures, authorized, longest, ...asked }: Asked & Pick<Absence, 'failures' | 'authorized'> & { longest: number },
): Absence | undefined {
  const failed = failures.find(isAbsence)
  if (failed?.requeue.kind !== 'retry') return undefined
  const attempts = (before?.attempts ?? 0) + 1
  const failedAt = clock.monotonic()
  const until = failedAt + pauseAfter(attempts, { random, longest, notBefore: failed.requeue.notBefore })
  const limited = failed.reason === 'RateLimited' && asked.limited
  return { ...asked, failures, authorized, attempts, failedAt, until, hurries: before?.hurries ?? 0, limited }
}

/** Whether Google does not answer this agent at all; a limit has an end of its own. */
export const isAway = (absence: Absence | undefined): boolean =>
  absence?.failures.some((one) => isAbsence(one) && one.reason !== 'RateLimited') ?? false

/** The least pause between two tries, the first time that somebody else's answer shortens it. */
const FIRST_HURRY_MS = 10_000

/**
 * Somebody else was answered: Google is asked again after `delayMs`, whatever the backoff. But the other may have asked for
 * something else, and be answered again and again: each time that it was in vain, the least pause is twice as long.
 */
export function hurried(clock: Pick<Clock, 'monotonic'>, absence: Absence, delayMs: number): Absence {
  const now = clock.monotonic()
  const soonest = absence.failedAt + FIRST_HURRY_MS * 2 ** absence.hurries
  const until = Math.min(Math.max(now + delayMs, soonest), Math.max(absence.until, now))
  return { ...absence, until, hurries: absence.hurries + 1 }
}

const isAbsence = ({ requeue }: StepFailure): boolean =>
  requeue.kind === 'retry' && requeue.error instanceof GoogleError

/** The pause has its jitter already: the controller is to add none that counts. */
const comingBackIn = (one: StepFailure, ms: number): StepFailure =>
  isAbsence(one) && one.requeue.kind === 'retry'
    ? { ...one, requeue: { ...one.requeue, notBefore: ms, longest: ms } }
    : one
