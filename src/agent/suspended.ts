/** The steps for Agents that are suspended, either themselves or with their integration. */
import { done } from '../controller/outcome.ts'
import { findCondition } from '../resources/conditions.ts'
import { decide } from './decide.ts'
import { scheduleDeadline } from './end-of-trust.ts'
import { factsOf } from './facts.ts'
import { observedState } from './state.ts'
import type { AgentRun, AgentStep } from './steps.ts'
import { publishAndPrune, writeStatus } from './write-steps.ts'

/** The conditions stay as they are; only an Agent without conditions gets one. */
const reportSuspended: AgentStep = (run, state, progress) => {
  const { deps, agent } = run
  const message = 'Suspended: nothing is read or published until spec.suspend, here and in the integration, is false.'
  const ready = { status: 'Unknown', reason: 'Suspended', message } as const
  const known = findCondition(agent.status?.conditions, 'Ready')
  const findings = known && known.reason !== 'Suspended' ? undefined : { ready, own: {} }
  const observed = observedState(deps, agent, state)
  const what = { agent, observed, findings, integration: undefined, staleAfter: undefined }
  return writeStatus(run, state, what, { ...progress, outcome: progress.outcome ?? done() })
}

/** Decides when the Agent is reconciled again: nothing is read, so only the end of trust may be due. */
const awaitEndOfTrust: AgentStep = (run, state, progress) => {
  const { deps, agent, resolution } = run
  const { integration } = resolution
  const input = { ...observedState(deps, agent, state), agent, integration, failingSince: undefined }
  const facts = factsOf(deps, input, progress)
  scheduleDeadline(run, facts.freshUntil)
  return { progress: { ...progress, outcome: decide({ ...facts, due: [] }).outcome } }
}

/**
 * Nothing is requested, and the conditions stay. If only the integration is suspended, a calendar with `whenStale: Block` is blocked
 * as soon as it can no longer be trusted.
 */
export const suspendedSteps = ({ agent }: AgentRun): readonly AgentStep[] =>
  agent.spec.suspend || agent.spec.publish.whenStale !== 'Block'
    ? [reportSuspended]
    : [publishAndPrune, awaitEndOfTrust, reportSuspended]

/** Whether the Agent is suspended, itself or with its integration. */
export const isSuspended = ({ agent, resolution }: AgentRun): boolean =>
  agent.spec.suspend || resolution.kind === 'suspended'
