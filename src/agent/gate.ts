/**
 * The way to an agent's integration: is it there, does it admit this namespace, can its client be used?
 */
import { keyOf, type KubernetesObject, type Store } from '../kubernetes/port.ts'
import type { Agent, CalendarIntegration } from '../resources/types.ts'
import type { AgentDeps, IntegrationView } from './port.ts'
import { setback, slowly, type Setback } from './setback.ts'

export interface OpenGate {
  key: string
  integration: CalendarIntegration
  view: IntegrationView & { client: NonNullable<IntegrationView['client']> }
}

/** What else an integration's state means for its agents: its suspension is theirs. */
export type Gate = OpenGate | Setback | 'Suspended'

export const integrationKey = (agent: Agent): string =>
  `${agent.spec.integrationRef.namespace ?? agent.metadata.namespace ?? ''}/${agent.spec.integrationRef.name}`

export function openGate(deps: AgentDeps, agent: Agent, since: number): Gate {
  const key = integrationKey(agent)
  const integration = deps.cluster.integrations.get(key)
  if (!integration) {
    const message = `There is no CalendarIntegration ${key}: create it, or correct spec.integrationRef.`
    return setback('Ready', 'IntegrationNotFound', message, { kind: 'wait', for: 60 * 60_000 })
  }
  const now = deps.clock.now()
  const refusal = notAllowed(agent, integration, deps.cluster.namespaces)
  if (refusal) return setback('Ready', 'IntegrationNotAllowed', refusal, { kind: 'slow', at: slowly(since, now) })
  if (integration.spec.suspend) return 'Suspended'
  return usable(deps, key, integration)
}

function usable(deps: AgentDeps, key: string, integration: CalendarIntegration): Gate {
  const view = deps.integrations.view(key)
  if (view?.ready && view.client) return { key, integration, view: { ...view, client: view.client } }
  const why = view?.message ?? 'The operator has not looked at it yet.'
  const message = `CalendarIntegration ${key} is not ready: ${why}`
  // The one request that finds out whether a switched-off API is on again is an agent's.
  if (view?.client && view.apiDisabled && deps.integrations.mayUseAPI(key)) {
    return { key, integration, view: { ...view, client: view.client } }
  }
  return setback('Ready', 'IntegrationNotReady', message, { kind: 'wait', for: untilAPIAsked(deps, key) })
}

/** The integration's change wakes its agents; only the switched-off API has to be asked by one of them. */
export function untilAPIAsked({ integrations, clock }: AgentDeps, key: string): number {
  const at = integrations.apiAskedAgainAt(key)
  return at === undefined ? 60 * 60_000 : Math.max(at - clock.now(), 0) + 1_000
}

/** The reason, for people, why this integration does not serve the agent's namespace; undefined where it does. */
function notAllowed(
  agent: Agent,
  integration: CalendarIntegration,
  namespaces: Store<KubernetesObject> | undefined,
): string | undefined {
  const namespace = agent.metadata.namespace ?? ''
  const home = integration.metadata.namespace ?? ''
  const { from, selector } = integration.spec.allowedNamespaces
  const whom = `CalendarIntegration ${keyOf(integration)}`
  if (namespace === home || from === 'All') return undefined
  if (from === 'Same') {
    return `${whom} serves its own namespace only: set its spec.allowedNamespaces.from to All or Selector, or move the Agent to ${home}.`
  }
  if (!namespaces) {
    return `${whom} selects namespaces by label, which an operator that watches named namespaces only cannot read: set spec.allowedNamespaces.from to All, or run the operator cluster-wide.`
  }
  if (selector && matches(selector, namespaces.get(namespace)?.metadata.labels)) return undefined
  return `Namespace ${namespace} does not match spec.allowedNamespaces.selector of ${whom}: label the namespace, or widen the selector.`
}

interface Selector {
  matchLabels?: Record<string, string>
  matchExpressions?: { key: string; operator: string; values?: string[] }[]
}

/** A label selector as the Kubernetes API defines it; one without any requirement selects everything. */
export function matches(selector: Selector, labels: Record<string, string> = {}): boolean {
  const exact = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value)
  return exact && (selector.matchExpressions ?? []).every((expression) => matchesOne(expression, labels))
}

function matchesOne(
  { key, operator, values = [] }: { key: string; operator: string; values?: string[] },
  labels: Record<string, string>,
): boolean {
  const value = labels[key]
  if (operator === 'Exists') return value !== undefined
  if (operator === 'DoesNotExist') return value === undefined
  const listed = value !== undefined && values.includes(value)
  return operator === 'NotIn' ? !listed : listed
}
