/**
 * While Google fails an agent for a reason that may pass, it is asked again after a backoff and not before, whatever wakes the
 * agent meanwhile: an annotation that somebody changes all the time must not become a request each time.
 */
import { GoogleError } from '../google/port.ts'
import { pauseAfter } from '../loop/backoff.ts'
import { hasCome } from '../platform/clock.ts'
import { durationMs } from '../resources/durations.ts'
import type { AccessRequest } from './access.ts'
import type { AgentMemory, Grant } from './memory.ts'
import type { Setback } from './setback.ts'

/** What a look at Google came to: what went wrong, and the grant where it is good. */
interface Came {
  setbacks: Setback[]
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
    setbacks: absence.setbacks.map((one) => comingBackIn(one, left)),
    grant: absence.authorized ? grant : undefined,
  }
}

/** Remembers that Google failed, or that it no longer does; what is to come back does so after the pause. */
export function noteAbsence({ deps, memory, gate }: AccessRequest, grant: Grant, came: Came): void {
  const failed = came.setbacks.find(isAbsence)
  if (failed?.again.kind !== 'retry') {
    memory.absence = undefined
    return
  }
  const failures = (memory.absence?.failures ?? 0) + 1
  const longest = durationMs(gate.integration.spec.sync.interval)
  const pause = pauseAfter(failures, { random: deps.random, longest, notBefore: failed.again.notBefore })
  memory.absence = {
    setbacks: [...came.setbacks],
    authorized: came.grant !== undefined,
    failures,
    until: deps.clock.monotonic() + pause,
    limited: failed.reason === 'RateLimited' && isLimited(gate),
    token: grant.refreshToken,
    credentialsHash: gate.view.credentialsHash,
  }
  came.setbacks = came.setbacks.map((one) => comingBackIn(one, pause))
}

const isLimited = ({ view }: AccessRequest['gate']): boolean => (view.client.limit()?.leftMs ?? 0) > 0

/** Whether Google does not answer this agent at all; a limit has an end of its own. */
export const isAway = ({ absence }: AgentMemory): boolean =>
  absence?.setbacks.some((one) => isAbsence(one) && one.reason !== 'RateLimited') ?? false

/** The next look asks Google again, whatever the backoff: somebody else was answered. */
export function endPause(memory: AgentMemory): void {
  if (memory.absence && isAway(memory)) memory.absence.until = -Infinity
}

const isAbsence = ({ again }: Setback): boolean => again.kind === 'retry' && again.error instanceof GoogleError

/** The pause has its jitter already: the loop is to add none that counts. */
const comingBackIn = (one: Setback, ms: number): Setback =>
  isAbsence(one) && one.again.kind === 'retry' ? { ...one, again: { ...one.again, notBefore: ms, longest: ms } } : one
