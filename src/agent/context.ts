/** One look at an agent: what every step of it is given. */
import { integrationKey } from '../resources/allowed-namespaces.ts'
import { isRequested } from '../resources/status.ts'
import type { Agent, CalendarIntegration } from '../resources/types.ts'
import type { AgentDeps } from './port.ts'
import { resolveIntegration, type Resolution } from './resolve-integration.ts'
import type { AgentState } from './state.ts'

/** An agent with its state and its integration. */
export interface Context {
  readonly agent: Agent
  readonly state: AgentState
  readonly integration: CalendarIntegration | undefined
  /** Whether the integration can be used. */
  readonly resolved: Resolution
}

/** Looks the integration up. */
export function contextOf(deps: AgentDeps, agent: Agent, state: AgentState): Context {
  const integration = deps.cluster.integrations.get(integrationKey(agent))
  const asked = isRequested(agent, state.requests.handledRequest)
  const resolved = resolveIntegration(deps, agent, integration, { since: state.firstSeen, asked })
  return { agent, state, integration, resolved }
}
