/**
 * The steps of a reconcile that need the API server only: publish, prune, report. They run whatever the result of reading was,
 * and one at a time for each Agent, so that each of them sees what was published and reported before.
 */
import type { Resolution } from '../clients/resolve-integration.ts'
import { requeueWithin, retry, type Outcome } from '../controller/outcome.ts'
import { consentIn } from '../grants/grant-state.ts'
import { isConflict, type ApiError } from '../kubernetes/port.ts'
import { whenKnown, type MaybePromise } from '../platform/maybe-promise.ts'
import { withOwnStatus } from '../kubernetes/status-report.ts'
import { staleAfterMs } from '../publishing/freshness.ts'
import type { PublishInput } from '../publishing/port.ts'
import { pruneOutputs, publishOutputs } from '../publishing/publish-outputs.ts'
import type { Agent } from '../resources/types.ts'
import { widenings } from '../resources/consent.ts'
import { withHandled } from '../resources/reconcile-request.ts'
import { isTolerated } from './conflicts.ts'
import { decide } from './decide.ts'
import { scheduleEndOfTrust } from './end-of-trust.ts'
import { factsOf, isFailing } from './facts.ts'
import type { AgentProgress } from './progress.ts'
import { report, type Report } from './report.ts'
import { consentedPart, observedState, type AgentState } from './state.ts'
import type { AgentRun, AgentStep, StepResult } from './steps.ts'

/** Updates or repairs the published objects. */
export const publish: AgentStep = async (run, state, progress) => {
  const input = publishInput(run, state, progress)
  const result = await publishOutputs(run.deps, input, state.publication)
  const failures = [...progress.failures, ...result.failures]
  const { state: publication, publishedAt, isComplete: isPublished, conflict } = result
  return { state: { publication }, progress: { ...progress, failures, publishedAt, isPublished }, conflict }
}

/** Removes the published objects that the spec no longer names, once everything else is published. */
export const prune: AgentStep = async (run, state, progress) => {
  const published = { state: state.publication, isComplete: progress.isPublished }
  return { progress, conflict: await pruneOutputs(run.deps, publishInput(run, state, progress), published) }
}

/** Schedules the deadline at which readers can no longer trust what was published. */
const scheduleDeadline: AgentStep = (run, state, progress) => {
  scheduleEndOfTrust(run, state)
  return { progress }
}

/** Decides on the conditions and the next reconcile, and writes the status. */
export const decideAndReport: AgentStep = (run, state, progress) => {
  const { deps, resolution, due = {} } = run
  const { integration } = resolution
  // The status may have been written while the reconcile waited for Google.
  const agent = withOwnStatus<'Agent'>(run.agent, state.writtenStatus)
  const failingSince = isFailing(progress) ? (state.failingSince ?? deps.clock.monotonic()) : undefined
  const { grant, calendars, publication } = observedState(deps, agent, state)
  const input = { grant, calendars, publication, agent, integration, failingSince }
  const { findings, outcome } = decide(factsOf(deps, input, progress))
  const staleAfter = integration && staleAfterMs(agent, integration.spec.sync)
  const requests = withHandled(state.requests, due)
  const what = { agent, findings, integration, staleAfter }
  const decided = { ...progress, outcome: requeueWithin(outcome, due.waitMs) }
  const reported = requests === state.requests ? state : { ...state, requests }
  return whenKnown(writeStatus(run, reported, what, decided), (result) => ({
    ...result,
    state: { ...result.state, failingSince, ...(due.request !== undefined && { requests }) },
  }))
}

/** The steps that publish, in order. */
export const PUBLISH_STEPS: readonly AgentStep[] = [publish, prune, scheduleDeadline]

/** The steps that write, in order. A failure of one step does not keep the next from running. */
export const WRITE_STEPS: readonly AgentStep[] = [...PUBLISH_STEPS, decideAndReport]

/** Whether anything may be published that is not published yet. */
const mayPublishNews = ({ metadata }: Agent, resolution: Resolution): boolean =>
  resolution.kind !== 'suspended' && metadata.deletionTimestamp === undefined

function publishInput(
  { deps, agent, resolution }: AgentRun,
  state: AgentState,
  { grant }: AgentProgress,
): PublishInput {
  const known = deps.tokens.current(agent)
  const consent = consentIn(known)
  const { account, accessToken, expiresAt } = known.grant ?? {}
  return {
    agent: consentedPart(agent, { grant: known }),
    isNarrowed: consent !== undefined && widenings(consent, agent.spec).length > 0,
    calendars: state.calendars,
    account,
    sync: mayPublishNews(agent, resolution) ? resolution.integration?.spec.sync : undefined,
    authorized: grant !== undefined,
    token: accessToken && expiresAt !== undefined ? { accessToken, expiresAt } : undefined,
    reportsConflicts: !isTolerated(deps.clock, state),
  }
}

/**
 * Writes the status. If the API server refuses it, that is retried, and the next reconcile is due when it would have been.
 * @param progress has the outcome for a status that could be written.
 */
export function writeStatus(
  { deps }: AgentRun,
  state: AgentState,
  what: Pick<Report, 'agent' | 'findings' | 'integration' | 'staleAfter'>,
  progress: AgentProgress,
): MaybePromise<StepResult & { state: Partial<AgentState> }> {
  const { writtenStatus: written, requests } = state
  const observed = observedState(deps, what.agent, state)
  const reported = report(deps, { ...what, observed, written, handledRequest: requests.handledRequest })
  return whenKnown(reported, (result) => {
    const change = { writtenStatus: result.written }
    if (!result.error) return { state: change, progress }
    if (isConflict(result.error)) return { state: change, progress, conflict: result.error }
    return { state: change, progress: { ...progress, outcome: retried(result.error, progress.outcome) } }
  })
}

function retried(error: ApiError, outcome: Outcome | undefined): Outcome {
  const longest = outcome?.kind === 'retry' ? outcome.longest : undefined
  return retry(error, error.retryAfterMs, outcome && pauseOf(outcome), longest)
}

function pauseOf(outcome: Outcome): number | undefined {
  if (outcome.kind === 'retry') return outcome.atLatest
  return outcome.kind === 'wait' ? outcome.for : outcome.checkAgainIn
}
