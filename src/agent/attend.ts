/**
 * The work that must not wait for Google: a first status, and publishing and reporting at the end of trust. It runs beside the
 * reconcile, on its own workers (docs/decisions/0132).
 */
import { done, type Outcome } from '../controller/outcome.ts'
import { stepFailure, type StepFailure } from '../failures/step-failure.ts'
import { keyOf } from '../kubernetes/port.ts'
import type { Agent } from '../resources/types.ts'
import { alone, attendAtEndOfTrust, decideAndReport, isTrusted, publish, reported } from './conclude.ts'
import type { AgentDeps } from './port.ts'
import { contextOf, nothingRead, type AgentState, type Context } from './state.ts'
import { integrationSuspended } from './suspended.ts'

/** Publishes and reports what can be published and reported without Google. */
export async function attend(deps: AgentDeps, agent: Agent, state: AgentState): Promise<Outcome> {
  if (agent.metadata.deletionTimestamp !== undefined || agent.spec.suspend) return done()
  if (!agent.status?.conditions?.length) return alone(state, () => firstStatus(deps, agent, state))
  const context = contextOf(deps, agent, state)
  if (context.resolution.kind === 'suspended') return alone(state, () => integrationSuspended(deps, context))
  if (isTrusted(deps, context)) return done()
  return alone(state, () => endTrust(deps, context))
}

/** Publishes what was read since, which may extend trust. Otherwise trust has ended, and the known reason is reported. */
async function endTrust(deps: AgentDeps, context: Context): Promise<Outcome> {
  const before = context.state.found ?? nothingRead([])
  const found = await publish(deps, context, before)
  const mayPass = found.failures.slice(before.failures.length).some(({ requeue }) => requeue.kind === 'retry')
  // After the report, reconciles report what changes. Only publishing that may still succeed is tried again soon.
  if (isTrusted(deps, context) || mayPass) attendAtEndOfTrust(deps, context)
  if (!isTrusted(deps, context)) {
    const failures = found.failures.length > 0 ? found.failures : [unanswered()]
    // Nothing new is known about the grant.
    await decideAndReport(deps, context, { ...found, failures, grant: undefined })
  }
  return done()
}

/** Google has not answered yet, or the agent is still waiting for a worker. */
function unanswered(): StepFailure {
  const message = 'The calendars could not be read in time; the operator keeps trying.'
  return stepFailure('Synced', 'SyncFailed', message, { kind: 'retry', error: new Error(message) })
}

/** A preliminary status for users who wait; the reconcile replaces it. */
async function firstStatus(deps: AgentDeps, agent: Agent, state: AgentState): Promise<Outcome> {
  if (deps.cluster.agents.get(keyOf(agent))?.status?.conditions?.length) return done()
  const message = 'Waiting for Google to answer.'
  const ready = { status: 'Unknown', reason: 'NotYetKnown', message } as const
  const own = { Authorized: ready, Synced: { ...ready, reason: 'NotYetSynced' } } as const
  const what = { agent, findings: { ready, own }, integration: undefined, staleAfter: undefined }
  return reported(deps, state, what, done())
}
