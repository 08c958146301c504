/**
 * The work that must not wait for Google: a first status, and publishing and reporting at the end of trust. It runs beside the
 * reconcile, on its own workers (docs/decisions/0132).
 */
import { done, retry } from '../controller/outcome.ts'
import { stepFailure, type StepFailure } from '../failures/step-failure.ts'
import { keyOf } from '../kubernetes/port.ts'
import { isTrusted, scheduleEndOfTrust } from './end-of-trust.ts'
import { observedState, type AgentState } from './state.ts'
import type { AgentRun, AgentStep } from './steps.ts'
import { isSuspended, suspendedSteps } from './suspended.ts'
import { decideAndReport, publish, publishAndPrune, writeStatus } from './write-steps.ts'

/** The steps that are due without Google; none, if nothing is. */
export function deadlineSteps(run: AgentRun, state: AgentState): readonly AgentStep[] {
  const { agent } = run
  if (agent.metadata.deletionTimestamp !== undefined || agent.spec.suspend) return []
  if (!agent.status?.conditions?.length) return [reportFirst]
  if (isSuspended(run)) return suspendedSteps(run)
  if (!isTrusted(run, state)) return [recallReadProgress, publishAndPrune, endTrust]
  return state.written > state.publishedWritten ? [recallReadProgress, publishWritten] : []
}

/** An event was written to a calendar. The status follows with the next reconcile. */
const publishWritten: AgentStep = async (run, state, progress) => {
  const result = await publish(run, state, progress)
  const failed = result.progress.failures
    .slice(progress.failures.length)
    .find(({ requeue }) => requeue.kind === 'retry')
  scheduleEndOfTrust(run, { ...state, ...result.state })
  const outcome = failed?.requeue.kind === 'retry' ? retry(failed.requeue.error) : done()
  // What is written meanwhile is published by the next run.
  const publishedWritten = failed ? state.publishedWritten : state.written
  return { ...result, state: { ...result.state, publishedWritten }, progress: { ...progress, outcome } }
}

/** The reasons why the calendars could not be read are those of the last attempt. */
const recallReadProgress: AgentStep = (_, { readProgress }, progress) => ({ progress: readProgress ?? progress })

/** What was read since may have extended trust. Otherwise it has ended, and the known reason is reported. */
const endTrust: AgentStep = async (run, state, progress) => {
  const known = state.readProgress?.failures.length ?? 0
  const mayPass = progress.failures.slice(known).some(({ requeue }) => requeue.kind === 'retry')
  // After the report, reconciles report what changes. Only publishing that may still succeed is tried again soon.
  if (isTrusted(run, state) || mayPass) scheduleEndOfTrust(run, state)
  if (isTrusted(run, state)) return { progress: { ...progress, outcome: done() } }
  const failures = progress.failures.length > 0 ? progress.failures : [unanswered()]
  // Nothing new is known about the grant.
  const result = await decideAndReport(run, state, { ...progress, failures, grant: undefined })
  return { ...result, progress: { ...result.progress, outcome: done() } }
}

/** Google has not answered yet, or the Agent is still waiting for a worker. */
function unanswered(): StepFailure {
  const message = 'The calendars could not be read in time; the operator keeps trying.'
  return stepFailure('Synced', 'SyncFailed', message, { kind: 'retry', error: new Error(message) })
}

/** A preliminary status for users who wait; the reconcile replaces it. */
const reportFirst: AgentStep = (run, state, progress) => {
  const { deps, agent } = run
  const decided = { ...progress, outcome: done() }
  if (deps.cluster.agents.get(keyOf(agent))?.status?.conditions?.length) return { progress: decided }
  const message = 'Waiting for Google to answer.'
  const ready = { status: 'Unknown', reason: 'NotYetKnown', message } as const
  const own = { Authorized: ready, Synced: { ...ready, reason: 'NotYetSynced' } } as const
  const observed = observedState(deps, agent, state)
  const what = { agent, observed, findings: { ready, own }, integration: undefined, staleAfter: undefined }
  return writeStatus(run, state, what, decided)
}
