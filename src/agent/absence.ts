/**
 * While Google fails an agent for a reason that may pass, it is asked again after a backoff and not before, whatever wakes the
 * agent meanwhile: an annotation that somebody changes all the time must not become a request each time.
 */
import type { Grant } from '../grants/grant.ts'
import { GoogleError } from '../google/port.ts'
import { pauseAfter } from '../controller/backoff.ts'
import { hasCome, type Clock } from '../platform/clock.ts'
import { durationMs } from '../resources/durations.ts'
import type { AccessRequest } from './access.ts'
import type { AgentState } from './state.ts'
import type { StepFailure } from '../failures/step-failure.ts'

/** What a look at Google came to: what went wrong, and the grant where it is good. */
interface Came {
  failures: StepFailure[]
  grant: Grant | undefined
}

/** What Google failed with, while it is not to be asked again; undefined when it may be. */
export function standingAbsence({ deps, memory, gate, force }: AccessRequest, grant: Grant): Came | undefined {
  const { absence } = memory
  if (!absence || force || hasCome(deps.clock, absence.until)) return undefined
  // A limit of the whole client that has been lifted, or that is to be asked about, holds nobody back.
  if (absence.limited && !isLimited(gate)) return undefined
  const same = absence.token === grant.refreshToken && absence.credentialsHash === gate.view.credentialsHash
  if (!same) return undefined
  const left = absence.until - deps.clock.monotonic()
  return {
    failures: absence.failures.map((one) => comingBackIn(one, left)),
    grant: absence.authorized ? grant : undefined,
  }
}

/** Remembers that Google failed, or that it no longer does; what is to come back does so after the pause. */
export function noteAbsence({ deps, memory, gate }: AccessRequest, grant: Grant, came: Came): void {
  const failed = came.failures.find(isAbsence)
  if (failed?.requeue.kind !== 'retry') {
    memory.absence = undefined
    return
  }
  const attempts = (memory.absence?.attempts ?? 0) + 1
  const longest = durationMs(gate.integration.spec.sync.interval)
  const failedAt = deps.clock.monotonic()
  const pause = pauseAfter(attempts, { random: deps.random, longest, notBefore: failed.requeue.notBefore })
  memory.absence = {
    failures: [...came.failures],
    authorized: came.grant !== undefined,
    attempts,
    failedAt,
    hurries: memory.absence?.hurries ?? 0,
    until: failedAt + pause,
    limited: failed.reason === 'RateLimited' && isLimited(gate),
    token: grant.refreshToken,
    credentialsHash: gate.view.credentialsHash,
  }
  came.failures = came.failures.map((one) => comingBackIn(one, pause))
}

const isLimited = ({ view }: AccessRequest['gate']): boolean => (view.client.limit()?.leftMs ?? 0) > 0

/** Whether Google does not answer this agent at all; a limit has an end of its own. */
export const isAway = ({ absence }: AgentState): boolean =>
  absence?.failures.some((one) => isAbsence(one) && one.reason !== 'RateLimited') ?? false

/** The least pause between two tries, the first time that somebody else's answer shortens it. */
const FIRST_HURRY_MS = 10_000

/**
 * Somebody else was answered: Google is asked again after `delayMs`, whatever the backoff. But the other may have asked for
 * something else, and be answered again and requeue: each time that it was in vain, the least pause is twice as long. Answers in
 * how many ms Google is asked.
 */
export function hurry(clock: Pick<Clock, 'monotonic'>, { absence }: AgentState, delayMs: number): number {
  if (!absence) return delayMs
  const now = clock.monotonic()
  const soonest = absence.failedAt + FIRST_HURRY_MS * 2 ** absence.hurries
  const at = Math.min(Math.max(now + delayMs, soonest), Math.max(absence.until, now))
  Object.assign(absence, { until: at, hurries: absence.hurries + 1 })
  return at - now
}

const isAbsence = ({ requeue }: StepFailure): boolean =>
  requeue.kind === 'retry' && requeue.error instanceof GoogleError

/** The pause has its jitter already: the loop is to add none that counts. */
const comingBackIn = (one: StepFailure, ms: number): StepFailure =>
  isAbsence(one) && one.requeue.kind === 'retry'
    ? { ...one, requeue: { ...one.requeue, notBefore: ms, longest: ms } }
    : one
