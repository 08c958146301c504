/**
 * Resolves an agent's integration: whether it exists, admits the namespace, and has a client that can be used. The other way
 * round, what an agent finds out about the client or the Calendar API is reported to the integration here, and nowhere else.
 */
import { manualFixInterval } from '../controller/manual-fix-interval.ts'
import { integrationKey, isAllowed, notAllowedMessage } from '../resources/allowed-namespaces.ts'
import { isRequested } from '../resources/reconcile-request.ts'
import type { Agent, CalendarIntegration } from '../resources/types.ts'
import type { IntegrationRefusal } from '../grants/port.ts'
import type { AgentDeps, IntegrationView } from './port.ts'
import { stepFailure, type StepFailure } from '../failures/step-failure.ts'
import type { AgentState } from './state.ts'

/** An integration whose client can be used. */
export interface ResolvedIntegration {
  key: string
  integration: CalendarIntegration
  view: IntegrationView & { client: NonNullable<IntegrationView['client']> }
}

/** The integration, or why it cannot be used. If it is suspended, its agents are, too. */
export type Resolution = ResolvedIntegration | StepFailure | 'Suspended'

/** What every step of a reconcile is given. */
export interface Context {
  readonly agent: Agent
  readonly state: AgentState
  readonly integration: CalendarIntegration | undefined
  readonly resolved: Resolution
}

/** The first step of a reconcile: looks up the integration, and whether it can be used. */
export function resolveIntegration(deps: AgentDeps, agent: Agent, state: AgentState): Context {
  const integration = deps.cluster.integrations.get(integrationKey(agent))
  return { agent, state, integration, resolved: resolutionOf(deps, { agent, state, integration }) }
}

function resolutionOf(deps: AgentDeps, { agent, state, integration }: Omit<Context, 'resolved'>): Resolution {
  const key = integrationKey(agent)
  const { namespace } = agent.metadata
  if (!integration && (agent.spec.integrationRef.namespace ?? namespace) === namespace) {
    const message = `There is no CalendarIntegration ${key}: create it, or correct spec.integrationRef.`
    return stepFailure('Ready', 'IntegrationNotFound', message, { kind: 'wait', for: 60 * 60_000 })
  }
  const { namespaces } = deps.cluster
  const labelsOf = namespaces && ((name: string) => namespaces.get(name)?.metadata.labels)
  if (!integration || !isAllowed(agent, integration, labelsOf)) {
    const now = deps.clock.monotonic()
    const at = now + manualFixInterval(state.firstSeen, now)
    return stepFailure('Ready', 'IntegrationNotAllowed', notAllowedMessage(agent, labelsOf), { kind: 'blocked', at })
  }
  if (integration.spec.suspend) return 'Suspended'
  return usable(deps, { key, integration, asked: isRequested(agent, state.requests.handledRequest) })
}

interface Candidate {
  key: string
  integration: CalendarIntegration
  /** Somebody asked for a reconcile now. */
  asked: boolean
}

function usable(deps: AgentDeps, { key, integration, asked }: Candidate): Resolution {
  const view = deps.integrations.view(key)
  if (view?.ready && view.client) return { key, integration, view: { ...view, client: view.client } }
  const reason = view?.message ?? 'The operator has not looked at it yet.'
  const message = `CalendarIntegration ${key} is not ready: ${reason}`
  // The request that probes whether the API is switched on again is sent by an agent that has a grant.
  if (view?.client && view.apiDisabled && deps.integrations.canProbe(key, asked)) {
    return { key, integration, view: { ...view, client: view.client } }
  }
  return stepFailure('Ready', 'IntegrationNotReady', message, { kind: 'wait', for: untilAPIAsked(deps, key) })
}

/** The failure of an agent without a grant whose integration is not ready. */
export function withoutGrant({ key, view }: ResolvedIntegration): StepFailure {
  const message = `CalendarIntegration ${key} is not ready: ${view.message}`
  return stepFailure('Ready', 'IntegrationNotReady', message, { kind: 'wait', for: 60 * 60_000 })
}

/** A change of the integration reconciles its agents anyway; only a switched-off API has to be probed by one of them. */
function untilAPIAsked({ integrations, clock }: AgentDeps, key: string): number {
  const at = integrations.apiAskedAgainAt(key)
  return at === undefined ? 60 * 60_000 : Math.max(at - clock.monotonic(), 0) + 1_000
}

/**
 * Reports to the integration that Google has refused its client or its API, and returns what that means for this agent. The
 * integration checks it, and reports it for all of its agents.
 */
export function reportRefusal(deps: AgentDeps, key: string, refusal: IntegrationRefusal): StepFailure {
  const notReady = `CalendarIntegration ${key} is not ready`
  if (refusal.refused === 'OAuthClient') {
    const { error } = refusal
    deps.integrations.markSuspect(key)
    const message = `${notReady}: Google refused its OAuth client (${error.message}).`
    return stepFailure('Ready', 'IntegrationNotReady', message, { kind: 'retry', error })
  }
  deps.integrations.observeAPI(key, 'Disabled')
  const message = `${notReady}: the Calendar API is switched off in its Google Cloud project.`
  return stepFailure('Ready', 'IntegrationNotReady', message, { kind: 'wait', for: untilAPIAsked(deps, key) })
}
