/**
 * The work that must not wait for Google: a first status, and publishing and reporting at the end of trust. It runs beside the
 * reconcile, on its own workers (docs/decisions/0132).
 */
import { done, type Outcome } from '../controller/outcome.ts'
import { stepFailure, type StepFailure } from '../failures/step-failure.ts'
import { keyOf } from '../kubernetes/port.ts'
import type { ObjectState } from '../kubernetes/object-states.ts'
import { isTrusted, scheduleEndOfTrust } from './end-of-trust.ts'
import { progressBefore } from './progress.ts'
import type { AgentState } from './state.ts'
import { runAll, type AgentRun, type AgentStep } from './steps.ts'
import { isSuspended, suspendedSteps } from './suspended.ts'
import { decideAndReport, prune, publish, write, writeStatus } from './write-steps.ts'

/** Publishes and reports what can be published and reported without Google. @throws ApiError of kind `Conflict`. */
export async function runDeadline(run: AgentRun, tracked: ObjectState<AgentState>): Promise<Outcome> {
  const { agent } = run
  if (agent.metadata.deletionTimestamp !== undefined || agent.spec.suspend) return done()
  if (!agent.status?.conditions?.length) return write([reportFirst], run, tracked)
  if (isSuspended(run)) return write(suspendedSteps(run), run, tracked)
  if (isTrusted(run, tracked.value)) return done()
  return tracked.runExclusive(() => endTrust(run, tracked))
}

/** Publishes what was read since, which may extend trust. Otherwise trust has ended, and the known reason is reported. */
async function endTrust(run: AgentRun, tracked: ObjectState<AgentState>): Promise<Outcome> {
  const before = tracked.value.lastRead ?? progressBefore()
  const published = await runAll([publish, prune], run, tracked, before)
  const mayPass = published.failures.slice(before.failures.length).some(({ requeue }) => requeue.kind === 'retry')
  // After the report, reconciles report what changes. Only publishing that may still succeed is tried again soon.
  if (isTrusted(run, tracked.value) || mayPass) scheduleEndOfTrust(run, tracked.value)
  if (isTrusted(run, tracked.value)) return done()
  const failures = published.failures.length > 0 ? published.failures : [unanswered()]
  // Nothing new is known about the grant.
  await runAll([decideAndReport], run, tracked, { ...published, failures, grant: undefined })
  return done()
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
  const what = { agent, findings: { ready, own }, integration: undefined, staleAfter: undefined }
  return writeStatus(run, state, what, decided)
}
