/** Agents that are suspended, either themselves or with their integration. */
import { done, type Outcome } from '../controller/outcome.ts'
import { findCondition } from '../resources/conditions.ts'
import type { Agent } from '../resources/types.ts'
import { attendAtEndOfTrust, publish, reported } from './conclude.ts'
import { decide } from './decide.ts'
import { factsOf } from './facts.ts'
import type { AgentDeps } from './port.ts'

import { knownOf, nothingRead, type AgentState, type Context } from './state.ts'

/** Nothing is requested or published, and the conditions stay; only an agent without conditions gets one. */
export async function suspended(
  deps: AgentDeps,
  agent: Agent,
  state: AgentState,
  outcome: Outcome = done(),
): Promise<Outcome> {
  const message = 'Suspended: nothing is read or published until spec.suspend, here and in the integration, is false.'
  const ready = { status: 'Unknown', reason: 'Suspended', message } as const
  const known = findCondition(agent.status?.conditions, 'Ready')
  const findings = known && known.reason !== 'Suspended' ? undefined : { ready, own: {} }
  return reported(deps, state, { agent, findings, integration: undefined, staleAfter: undefined }, outcome)
}

/** The integration is suspended: nothing is requested or reported, but with `whenStale: Block` an untrusted calendar is blocked. */
export async function integrationSuspended(deps: AgentDeps, context: Context): Promise<Outcome> {
  const { agent, state, resolution } = context
  if (agent.spec.publish.whenStale !== 'Block') return suspended(deps, agent, state)
  const found = await publish(deps, context, nothingRead([]))
  attendAtEndOfTrust(deps, context)
  const judged = { ...knownOf(deps, agent, state), agent, integration: resolution.integration, failingSince: undefined }
  return suspended(deps, agent, state, decide({ ...factsOf(deps, judged, found), due: [] }).outcome)
}
