/**
 * What can't wait for Google: a first status, and what is to be reported and published at the end of trust. It runs beside the
 * reconcile, on workers of its own (docs/decisions/0132).
 */
import { done, type Outcome } from '../controller/outcome.ts'
import { stepFailure, type StepFailure } from '../failures/step-failure.ts'
import { keyOf } from '../kubernetes/port.ts'
import type { Agent } from '../resources/types.ts'
import { alone, decideAndReport, publish, reported } from './conclude.ts'
import { contextOf, type Context } from './context.ts'
import { attendAtEndOfTrust, isTrusted } from './end-of-trust.ts'
import type { AgentDeps } from './port.ts'
import { nothingRead, type AgentState } from './state.ts'
import { frozen } from './suspended.ts'

/** Publishes and reports what can be published and reported without Google. */
export async function attend(deps: AgentDeps, agent: Agent, state: AgentState): Promise<Outcome> {
  if (agent.metadata.deletionTimestamp !== undefined || agent.spec.suspend) return done()
  if (!agent.status?.conditions?.length) return alone(state, () => firstStatus(deps, agent, state))
  const context = contextOf(deps, agent, state)
  if (context.resolved === 'Suspended') return alone(state, () => frozen(deps, context))
  if (isTrusted(deps, context)) return done()
  return alone(state, () => endTrust(deps, context))
}

/** What was read since, but not published yet, may extend it; else it is over, for whatever reason is known. */
async function endTrust(deps: AgentDeps, context: Context): Promise<Outcome> {
  const before = context.state.found ?? nothingRead([])
  const found = await publish(deps, context, before)
  const mayPass = found.failures.slice(before.failures.length).some(({ requeue }) => requeue.kind === 'retry')
  // Once it is reported, the reconciles report what is new; only what may yet be published is tried again soon.
  if (isTrusted(deps, context) || mayPass) attendAtEndOfTrust(deps, context)
  if (!isTrusted(deps, context)) {
    const failures = found.failures.length > 0 ? found.failures : [unanswered()]
    // Nothing new is known of the grant.
    await decideAndReport(deps, context, { ...found, failures, grant: undefined })
  }
  return done()
}

/** Google was asked in time, and has not answered yet; or it is a while until this agent's turn comes. */
function unanswered(): StepFailure {
  const message = 'The calendars could not be read in time; the operator keeps trying.'
  return stepFailure('Synced', 'SyncFailed', message, { kind: 'retry', error: new Error(message) })
}

/** A courtesy to whoever waits: the status at the end of the reconcile is the one that counts. */
async function firstStatus(deps: AgentDeps, agent: Agent, state: AgentState): Promise<Outcome> {
  if (deps.cluster.agents.get(keyOf(agent))?.status?.conditions?.length) return done()
  const message = 'Waiting for Google to answer.'
  const ready = { status: 'Unknown', reason: 'NotYetKnown', message } as const
  const own = { Authorized: ready, Synced: { ...ready, reason: 'NotYetSynced' } } as const
  const what = { agent, findings: { ready, own }, integration: undefined, staleAfter: undefined }
  return reported(deps, state, what, done())
}
