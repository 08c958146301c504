/**
 * Runs the steps of an Agent's reconcile. Apart from `reconcile.ts`, this is the only file that holds the state between two steps:
 * it keeps what a step returns, and tells the integration what a step found out for it.
 */
import { agentAccess } from '../clients/agent-access.ts'
import type { AgentClient } from '../clients/agent-client.ts'
import type { IntegrationFindings } from '../clients/port.ts'
import type { ResolvedIntegration } from '../clients/resolve-integration.ts'
import { done, retry, type Outcome } from '../controller/outcome.ts'
import { failureOf } from '../failures/thrown.ts'
import type { Bypass } from '../google/port.ts'
import type { ObjectState } from '../kubernetes/object-states.ts'
import { isConflict } from '../kubernetes/port.ts'
import { whenKnown, type MaybePromise } from '../platform/maybe-promise.ts'
import { isTolerated } from './conflicts.ts'
import { ended, progressBefore, withFailures, type AgentProgress } from './progress.ts'
import { CONCLUDING_STEPS, READ_STEPS } from './read-steps.ts'
import type { AgentState } from './state.ts'
import type { AgentRun, AgentStep, ReadRun, StepResult } from './steps.ts'

/** The last state of one Agent. */
export type AgentTracked = ObjectState<AgentState>

/**
 * Runs the steps that read, if the integration can be used.
 * @param bypass somebody asked for a reconcile now: postponed steps are taken, and one request may ignore a limit.
 * @throws ApiError of kind `Conflict`.
 */
export function read(run: AgentRun, tracked: AgentTracked, bypass?: Bypass): MaybePromise<AgentProgress> {
  const { resolution } = run
  if (resolution.kind === 'suspended') return progressBefore()
  if (resolution.kind === 'failed') return progressBefore([resolution.failure])
  const readRun = readRunOf(run, resolution, tracked, bypass)
  return whenKnown(runUntilEnded(READ_STEPS, readRun, tracked, progressBefore()), (progress) =>
    runAll(CONCLUDING_STEPS, readRun, tracked, progress),
  )
}

function readRunOf(
  { deps, agent }: AgentRun,
  resolution: ResolvedIntegration,
  tracked: AgentTracked,
  bypass: Bypass | undefined,
): ReadRun {
  const { client, request } = agentAccess(deps, agent, resolution, { since: tracked.value.firstSeen, bypass })
  return { deps, agent, resolution, client, request, keep: (change) => tracked.update(withWritten(deps, change)) }
}

/**
 * Runs steps that write, in the Agent's turn.
 * @throws ApiError of kind `Conflict`.
 */
export const write = (
  steps: readonly AgentStep[],
  run: AgentRun,
  tracked: AgentTracked,
  progress: AgentProgress = progressBefore(),
): MaybePromise<Outcome> => tracked.runExclusive(() => whenKnown(runAll(steps, run, tracked, progress), outcomeOf))

/** A last step that failed unexpectedly has left no outcome. */
function outcomeOf({ outcome, failures }: AgentProgress): Outcome {
  if (outcome) return outcome
  const thrown = failures.findLast(({ requeue }) => requeue.kind === 'retry')?.requeue
  return thrown?.kind === 'retry' ? retry(thrown.error) : done()
}

/** Runs the steps in order until one of them ends the list or fails. @throws ApiError of kind `Conflict`. */
function runUntilEnded<R extends AgentRun>(
  steps: readonly AgentStep<R>[],
  run: R & WithClient,
  tracked: AgentTracked,
  before: AgentProgress,
): MaybePromise<AgentProgress> {
  let progress = before
  for (const step of steps) {
    if (progress.isEnded) break
    const next = runStep(step, run, tracked, progress)
    if (next instanceof Promise) return next.then((known) => runUntilEnded(following(steps, step), run, tracked, known))
    progress = next
  }
  return progress
}

/** Runs all steps in order, also after one has failed. @throws ApiError of kind `Conflict`. */
export function runAll<R extends AgentRun>(
  steps: readonly AgentStep<R>[],
  run: R & WithClient,
  tracked: AgentTracked,
  before: AgentProgress,
): MaybePromise<AgentProgress> {
  let progress = before
  for (const step of steps) {
    const next = runStep(step, run, tracked, progress)
    if (next instanceof Promise) return next.then((known) => runAll(following(steps, step), run, tracked, known))
    progress = next
  }
  return progress.isEnded ? { ...progress, isEnded: false } : progress
}

const following = <S>(steps: readonly S[], step: S): readonly S[] => steps.slice(steps.indexOf(step) + 1)

interface WithClient {
  readonly client?: AgentClient
}

/**
 * Runs one step. What a step throws is its failure, except for a conflict, which repeats the whole reconcile. Not async: a suspended
 * function keeps its arguments alive, and with the state every earlier snapshot.
 */
function runStep<R extends AgentRun>(
  step: AgentStep<R>,
  run: R & WithClient,
  tracked: AgentTracked,
  before: AgentProgress,
): MaybePromise<AgentProgress> {
  const result = attempt(step, run, tracked, before)
  return result instanceof Promise ? answered(result, run, tracked, before) : keep(run, tracked, result)
}

function answered(
  result: Promise<StepResult>,
  run: AgentRun & WithClient,
  tracked: AgentTracked,
  before: AgentProgress,
): Promise<AgentProgress> {
  const report = (): void => reportFindings(run, run.client?.takeFindings() ?? {})
  return result.then(
    (answer) => {
      report()
      return keep(run, tracked, answer)
    },
    (error: unknown) => {
      report()
      return keep(run, tracked, failed(error, run, tracked, before))
    },
  )
}

/**
 * This is the only place that keeps the state that a step returns, and that tells the integration what a step found out for it.
 * @throws the conflict of the step.
 */
function keep(
  run: AgentRun,
  tracked: AgentTracked,
  { state, findings, conflict, progress }: StepResult,
): AgentProgress {
  if (state) tracked.update(withWritten(run.deps, state))
  if (findings) reportFindings(run, findings)
  if (conflict) throw conflict
  return progress
}

/** What was written while the calendars were read is not lost, whatever the listing says. */
const withWritten = ({ written }: AgentRun['deps'], change: Partial<AgentState>): Partial<AgentState> =>
  change.calendars ? { ...change, calendars: written.applyTo(change.calendars) } : change

function attempt<R extends AgentRun>(
  step: AgentStep<R>,
  run: R,
  tracked: AgentTracked,
  progress: AgentProgress,
): MaybePromise<StepResult> {
  try {
    return step(run, tracked.value, progress)
  } catch (error) {
    return failed(error, run, tracked, progress)
  }
}

/** The result of a step that threw. @throws a conflict that is tolerated. */
function failed(error: unknown, run: AgentRun, tracked: AgentTracked, progress: AgentProgress): StepResult {
  if (isConflict(error) && isTolerated(run.deps.clock, tracked.value)) throw error
  return { progress: ended(withFailures(progress, [failureOf(error)])) }
}

const reportFindings = ({ deps, resolution }: AgentRun, findings: IntegrationFindings): void => {
  if (Object.keys(findings).length > 0) deps.integrations.report(resolution.key, findings)
}
