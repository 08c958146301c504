/**
 * The steps of a reconcile that need the API server only: publish and prune, report. They run whatever the result of reading was,
 * and one at a time for each Agent, so that each of them sees what was published and reported before.
 */
import type { Resolution } from '../clients/resolve-integration.ts'
import { requeueWithin, retry, type Outcome } from '../controller/outcome.ts'
import { consentIn } from '../grants/grant-state.ts'
import { isConflict, type ApiError } from '../kubernetes/port.ts'
import { whenKnown, type MaybePromise } from '../platform/maybe-promise.ts'
import { withOwnStatus } from '../kubernetes/status-report.ts'
import type { PublishInput, PublishResult } from '../publishing/port.ts'
import { pruneOutputs, publishOutputs } from '../publishing/publish-outputs.ts'
import type { Agent } from '../resources/types.ts'
import { widenings } from '../resources/consent.ts'
import { withHandled } from '../resources/reconcile-request.ts'
import { isTolerated } from './conflicts.ts'
import { decide, type AgentFacts } from './decide.ts'
import { scheduleDeadline } from './end-of-trust.ts'
import { factsOf, isFailing } from './facts.ts'
import type { AgentProgress } from './progress.ts'
import { report, type Report } from './report.ts'
import { consentedPart, observedState, type AgentState, type ObservedState } from './state.ts'
import type { AgentRun, AgentStep, StepResult } from './steps.ts'

/** Updates or repairs the published objects. */
export const publish: AgentStep = (run, state, progress) =>
  whenKnown(publishOutputs(run.deps, publishInput(run, state, progress), state.publication), (result) =>
    published(progress, result),
  )

/** Also removes the published objects that the spec no longer names, once everything else is published. */
export const publishAndPrune: AgentStep = (run, state, progress) => {
  const input = publishInput(run, state, progress)
  return whenKnown(publishOutputs(run.deps, input, state.publication), (result) =>
    result.conflict
      ? published(progress, result)
      : whenKnown(pruneOutputs(run.deps, input, result), (conflict) => published(progress, { ...result, conflict })),
  )
}

function published(progress: AgentProgress, result: PublishResult): StepResult {
  const { state: publication, publishedAt, conflict } = result
  const failures = result.failures.length > 0 ? [...progress.failures, ...result.failures] : progress.failures
  return { state: { publication }, progress: { ...progress, failures, publishedAt }, conflict }
}

/** Decides on the conditions and the next reconcile, and writes the status. */
export const decideAndReport: AgentStep = (run, state, progress) =>
  reportOn(run, state, progress, knownAbout(run, state, progress))

/** Also schedules the deadline at which readers can no longer trust what was published. */
const conclude: AgentStep = (run, state, progress) => {
  const known = knownAbout(run, state, progress)
  scheduleDeadline(run, known.facts.freshUntil)
  return reportOn(run, state, progress, known)
}

/** What is decided on, and what the status is written from. */
interface Known {
  readonly agent: Agent
  readonly observed: ObservedState
  readonly failingSince: number | undefined
  readonly facts: AgentFacts
}

function knownAbout({ deps, resolution, ...run }: AgentRun, state: AgentState, progress: AgentProgress): Known {
  // The status may have been written while the reconcile waited for Google.
  const agent = withOwnStatus<'Agent'>(run.agent, state.writtenStatus)
  const observed = observedState(deps, agent, state)
  const failingSince = isFailing(progress) ? (state.failingSince ?? deps.clock.monotonic()) : undefined
  const { grant, calendars, publication } = observed
  const input = { grant, calendars, publication, agent, integration: resolution.integration, failingSince }
  return { agent, observed, failingSince, facts: factsOf(deps, input, progress) }
}

function reportOn(
  run: AgentRun,
  state: AgentState,
  progress: AgentProgress,
  { agent, observed, failingSince, facts }: Known,
): MaybePromise<StepResult> {
  const { resolution, due = {} } = run
  const { findings, outcome } = decide(facts)
  const requests = withHandled(state.requests, due)
  const what = { agent, observed, findings, integration: resolution.integration, staleAfter: facts.staleAfter }
  const decided = { ...progress, outcome: requeueWithin(outcome, due.waitMs) }
  const reported = requests === state.requests ? state : { ...state, requests }
  return whenKnown(writeStatus(run, reported, what, decided), (result) => ({
    ...result,
    state: { ...result.state, failingSince, ...(due.request !== undefined && { requests }) },
  }))
}

/** The steps that write, in order. A failure of one step does not keep the next from running. */
export const WRITE_STEPS: readonly AgentStep[] = [publishAndPrune, conclude]

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
  what: Omit<Report, 'written' | 'handledRequest'>,
  progress: AgentProgress,
): MaybePromise<StepResult & { state: Partial<AgentState> }> {
  const { writtenStatus: written, requests } = state
  const reported = report(deps, { ...what, written, handledRequest: requests.handledRequest })
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
