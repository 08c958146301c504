/** Which namespaces an integration serves, after the Gateway API's `allowedRoutes`. Pure. */
import type { Agent, CalendarIntegration } from './types.ts'

/** The labels of a namespace; undefined as a whole where the operator may not read them. */
export type LabelsOf = (namespace: string) => Record<string, string> | undefined

export const integrationKey = (agent: Agent): string =>
  `${agent.spec.integrationRef.namespace ?? agent.metadata.namespace ?? ''}/${agent.spec.integrationRef.name}`

/** The reason, for people, why this integration does not serve the agent's namespace; undefined where it does. */
export function notAllowed(
  agent: Agent,
  integration: CalendarIntegration,
  labelsOf: LabelsOf | undefined,
): string | undefined {
  const namespace = agent.metadata.namespace ?? ''
  const home = integration.metadata.namespace ?? ''
  const { from, selector } = integration.spec.allowedNamespaces
  const whom = `CalendarIntegration ${home}/${integration.metadata.name}`
  if (namespace === home || from === 'All') return undefined
  if (from === 'Same') {
    return `${whom} serves its own namespace only: set its spec.allowedNamespaces.from to All or Selector, or move the Agent to ${home}.`
  }
  if (!labelsOf) {
    return `${whom} selects namespaces by label, which an operator that watches named namespaces only cannot read: set spec.allowedNamespaces.from to All, or run the operator cluster-wide.`
  }
  if (selector && matches(selector, labelsOf(namespace))) return undefined
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
