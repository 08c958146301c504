/** What a step of an Agent's reconcile is given and what it returns, and how the steps are run. */
import type { IntegrationFindings } from '../clients/port.ts'
import type { AgentClient } from '../clients/agent-client.ts'
import type { Resolution, ResolvedIntegration } from '../clients/resolve-integration.ts'
import { failureOf, isConflict } from '../failures/thrown.ts'
import type { TokenRequest } from '../grants/port.ts'
import type { ObjectState } from '../kubernetes/object-states.ts'
import type { DueRequest } from '../resources/reconcile-request.ts'
import type { Agent } from '../resources/types.ts'
import { isPatient } from './conflicts.ts'
import type { AgentDeps } from './port.ts'
import { ended, withFailures, type AgentProgress } from './progress.ts'
import type { AgentState } from './state.ts'

/** What one reconcile is about. Nothing in it changes. */
export interface AgentRun {
  readonly deps: AgentDeps
  readonly agent: Agent
  readonly resolution: Resolution
  /** The request that this reconcile serves, or how long one has to wait. */
  readonly due?: DueRequest
}

/** A reconcile whose integration can be used. */
export interface ReadRun extends AgentRun {
  readonly resolution: ResolvedIntegration
  readonly client: AgentClient
  readonly request: TokenRequest
  /** Publishes what was read so far while the step goes on. */
  readonly keep: (change: Pick<AgentState, 'calendars'>) => void
}

/** What a step returns. */
export interface StepResult {
  /** The fields of the state that it replaces. */
  readonly state?: Partial<AgentState>
  readonly progress: AgentProgress
  /** What it found out for every Agent of the integration. */
  readonly findings?: IntegrationFindings
  /** Another client has written the same object. It is thrown after the state was kept. */
  readonly conflict?: Error
}

/** One step. It changes nothing that it is given. */
export type AgentStep<R extends AgentRun = AgentRun> = (
  run: R,
  state: AgentState,
  progress: AgentProgress,
) => StepResult | Promise<StepResult>

/** Runs the steps in order until one of them ends the list or fails. @throws ApiError of kind `Conflict`. */
export async function runUntilEnded<R extends AgentRun>(
  steps: readonly AgentStep<R>[],
  run: R & WithClient,
  tracked: ObjectState<AgentState>,
  before: AgentProgress,
): Promise<AgentProgress> {
  let progress = before
  for (const step of steps) {
    progress = await runStep(step, run, tracked, progress)
    if (progress.isEnded) break
  }
  return { ...progress, isEnded: false }
}

/** Runs all steps in order, also after one has failed. @throws ApiError of kind `Conflict`. */
export async function runAll<R extends AgentRun>(
  steps: readonly AgentStep<R>[],
  run: R & WithClient,
  tracked: ObjectState<AgentState>,
  before: AgentProgress,
): Promise<AgentProgress> {
  let progress = before
  for (const step of steps) progress = await runStep(step, run, tracked, progress)
  return { ...progress, isEnded: false }
}

interface WithClient {
  readonly client?: AgentClient
}

/**
 * Runs one step. This is the only place that keeps the state that a step returns, and that tells the integration what a step found
 * out for it. What a step throws is its failure, except for a conflict, which repeats the whole reconcile.
 */
async function runStep<R extends AgentRun>(
  step: AgentStep<R>,
  run: R & WithClient,
  tracked: ObjectState<AgentState>,
  before: AgentProgress,
): Promise<AgentProgress> {
  const result = await attempt(step, run, tracked, before).finally(() => report(run, run.client?.takeFindings()))
  tracked.update(result.state ?? {})
  report(run, result.findings)
  if (result.conflict) throw result.conflict
  return result.progress
}

/** Not async: a suspended function keeps its arguments alive, and with the state every earlier snapshot. */
function attempt<R extends AgentRun>(
  step: AgentStep<R>,
  run: R,
  tracked: ObjectState<AgentState>,
  progress: AgentProgress,
): Promise<StepResult> {
  const result = new Promise<StepResult>((resolve) => resolve(step(run, tracked.value, progress)))
  return result.catch((error: unknown) => {
    if (isConflict(error) && isPatient(run.deps.clock, tracked.value)) throw error
    return { progress: ended(withFailures(progress, [failureOf(error)])) }
  })
}

const report = ({ deps, resolution }: AgentRun, findings: IntegrationFindings | undefined): void => {
  if (findings && Object.keys(findings).length > 0) deps.integrations.report(resolution.key, findings)
}
