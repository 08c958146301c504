/**
 * The steps of a reconcile that need the API server only: publish, prune, report. They run whatever the result of reading was,
 * and one at a time for each agent, so that each of them sees what was published and reported before.
 */
import { retry, requeueWithin, type Outcome } from '../controller/outcome.ts'
import { isConflict } from '../failures/thrown.ts'
import { consentIn } from '../grants/grant-state.ts'
import { ApiError, keyOf } from '../kubernetes/port.ts'
import { withOwnStatus } from '../kubernetes/status-report.ts'
import { staleAfterMs } from '../publishing/freshness.ts'
import type { PublishInput } from '../publishing/port.ts'
import { TIMER_TOLERANCE_MS } from '../platform/clock.ts'
import { publishOutputs } from '../publishing/publish-outputs.ts'
import { widenings } from '../resources/consent.ts'
import type { DueRequest } from '../resources/reconcile-request.ts'
import { isPatient } from './conflicts.ts'
import { decide } from './decide.ts'
import { factsOf, isFailing, type Found } from './facts.ts'
import type { AgentDeps } from './port.ts'
import { report, type Report } from './report.ts'

import { consentedPart, knownOf, type AgentState, type Context, type Read } from './state.ts'
import { endOfTrust } from './trust.ts'

/** If trust has ended already, a reconcile that is running may still extend it. */
const LOOK_AGAIN_MS = 5_000

/** Waits for the agent's turn to write. */
export function alone<T>(state: AgentState, run: () => Promise<T>): Promise<T> {
  const result = (state.writing ?? Promise.resolve()).then(run)
  state.writing = result.catch(() => undefined)
  return result
}

/**
 * Updates or repairs the published objects, and removes those that the spec no longer names.
 * @throws ApiError of kind `Conflict`.
 */
export async function publish(deps: AgentDeps, context: Context, found: Read): Promise<Found> {
  const { state } = context
  const input = publishInput(deps, context, found.grant !== undefined)
  const result = await publishOutputs(deps, input, state.publication)
  state.publication = result.state
  if (result.conflict) throw result.conflict
  return { ...found, failures: [...found.failures, ...result.failures], publishedAt: result.publishedAt }
}

function publishInput(deps: AgentDeps, context: Context, authorized: boolean): PublishInput {
  const { agent, state, resolution } = context
  const { grant: known, calendars } = knownOf(deps, agent, state)
  const consent = consentIn(known)
  const { account, accessToken, expiresAt } = known.grant ?? {}
  return {
    agent: consentedPart(agent, { grant: known }),
    isNarrowed: consent !== undefined && widenings(consent, agent.spec).length > 0,
    calendars,
    account,
    sync: resolution.kind === 'suspended' ? undefined : resolution.integration?.spec.sync,
    authorized,
    token: accessToken && expiresAt !== undefined ? { accessToken, expiresAt } : undefined,
    reportsConflicts: !isPatient(deps.clock, state),
  }
}

/**
 * Decides on the conditions and the next reconcile, and writes the status.
 * @throws ApiError of kind `Conflict`.
 */
export async function decideAndReport(
  deps: AgentDeps,
  context: Context,
  found: Found,
  turn: DueRequest = {},
): Promise<Outcome> {
  const { state } = context
  const { integration } = context.resolution
  // The status may have been written while the reconcile waited for Google.
  const agent = withOwnStatus<'Agent'>(context.agent, state.status)
  const failingSince = isFailing(found) ? (state.failingSince ?? deps.clock.monotonic()) : undefined
  state.failingSince = failingSince
  const known = knownOf(deps, agent, state)
  const { findings, outcome } = decide(factsOf(deps, { ...known, agent, integration, failingSince }, found))
  const staleAfter = integration && staleAfterMs(agent, integration.spec.sync)
  state.requests.handledRequest = turn.request ?? state.requests.handledRequest
  const what = { agent, findings, integration, staleAfter }
  return reported(deps, state, what, requeueWithin(outcome, turn.waitMs))
}

/** Writes the status. If the API server refuses it, that is retried, and the next reconcile is due when it would have been. */
export async function reported(
  deps: AgentDeps,
  state: AgentState,
  what: Pick<Report, 'agent' | 'findings' | 'integration' | 'staleAfter'>,
  outcome: Outcome,
): Promise<Outcome> {
  const { status, requests } = state
  const known = knownOf(deps, what.agent, state)
  try {
    await report(deps, { ...what, known, status, handledRequest: requests.handledRequest })
    return outcome
  } catch (error) {
    if (!(error instanceof ApiError) || isConflict(error)) throw error
    const longest = outcome.kind === 'retry' ? outcome.longest : undefined
    return retry(error, error.retryAfterMs, pauseOf(outcome), longest)
  }
}

function pauseOf(outcome: Outcome): number | undefined {
  if (outcome.kind === 'retry') return outcome.atLatest
  return outcome.kind === 'wait' ? outcome.for : outcome.checkAgainIn
}

/** Whether readers can trust the published objects now. */
export const isTrusted = (deps: AgentDeps, context: Context): boolean =>
  (endOfTrustOf(deps, context) ?? Infinity) > deps.clock.now()

/** Schedules `attend` for the end of trust, or soon if that has passed. */
export function attendAtEndOfTrust(deps: AgentDeps, context: Context): void {
  const until = endOfTrustOf(deps, context)
  if (until === undefined || until === -Infinity) return
  const left = until - deps.clock.now()
  deps.attendIn(keyOf(context.agent), left > 0 ? left + TIMER_TOLERANCE_MS : LOOK_AGAIN_MS)
}

const endOfTrustOf = (deps: AgentDeps, { agent, state, resolution }: Context): number | undefined =>
  endOfTrust(deps.clock, agent, resolution.integration, knownOf(deps, agent, state))
