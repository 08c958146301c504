/** Counts an integration's Agents by their own status. */
import { keyOf, type Cluster } from '../kubernetes/port.ts'
import { isAllowed } from '../resources/allowed-namespaces.ts'
import { findCondition } from '../resources/conditions.ts'
import type { Agent, CalendarIntegration, CalendarIntegrationStatus } from '../resources/types.ts'

type Counts = NonNullable<CalendarIntegrationStatus['agents']>

/** Counts the Agents that the integration admits. Others are not counted, because anybody may refer to it. */
export function countAgents(cluster: Pick<Cluster, 'agents' | 'namespaces'>, integration: CalendarIntegration): Counts {
  const { agents, namespaces } = cluster
  const labelsOf = namespaces && ((name: string) => namespaces.get(name)?.metadata.labels)
  const all = agents.byIndex('integration', keyOf(integration))
  return counted(all.filter((agent) => isAllowed(agent, integration, labelsOf)))
}

/** Each Agent is ready, failing, awaiting its sign-in, or in progress: none is counted twice. */
function counted(agents: readonly Agent[]): Counts {
  const holds = (agent: Agent, type: string): boolean =>
    findCondition(agent.status?.conditions, type)?.status === 'True'
  const authorizedIs = (agent: Agent, reason: string): boolean =>
    findCondition(agent.status?.conditions, 'Authorized')?.reason === reason
  const ready = agents.filter((agent) => holds(agent, 'Ready'))
  const failing = agents.filter((agent) => holds(agent, 'Stalled'))
  const others = agents.filter((agent) => !holds(agent, 'Ready') && !holds(agent, 'Stalled'))
  return {
    total: agents.length,
    ready: ready.length,
    awaitingSignIn: others.filter((agent) => authorizedIs(agent, 'AwaitingSignIn')).length,
    expiringSoon: ready.filter((agent) => authorizedIs(agent, 'GrantExpiresSoon')).length,
    failing: failing.length,
    summary: `${ready.length}/${agents.length}`,
  }
}
