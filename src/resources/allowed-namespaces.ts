/** Decides which namespaces an integration serves, modelled on the Gateway API's `allowedRoutes`. Pure. */
import { matches } from './label-selector.ts'
import { integrationKey } from './references.ts'
import type { Agent, CalendarIntegration } from './types.ts'

/** Looks up the labels of a namespace. */
type LabelsOf = (namespace: string) => Record<string, string> | undefined

/** Whether this integration serves the agent's namespace. @param labelsOf undefined if the operator may not read labels. */
export function isAllowed(agent: Agent, integration: CalendarIntegration, labelsOf: LabelsOf | undefined): boolean {
  const namespace = agent.metadata.namespace ?? ''
  const { from, selector } = integration.spec.allowedNamespaces
  if (namespace === integration.metadata.namespace || from === 'All') return true
  return (
    from === 'Selector' && selector !== undefined && labelsOf !== undefined && matches(selector, labelsOf(namespace))
  )
}

/**
 * The message for an agent whose integration, in another namespace, does not exist or does not serve the agent's namespace. It is
 * the same in both cases, so that it reveals nothing about other namespaces.
 */
export function notAllowedMessage(agent: Agent, labelsOf: LabelsOf | undefined): string {
  const namespace = agent.metadata.namespace ?? ''
  const what = `There is no CalendarIntegration ${integrationKey(agent)} that serves namespace ${namespace}`
  const labels = labelsOf
    ? 'to All, or to Selector with labels that the namespace has'
    : 'to All (this operator watches named namespaces only, so it cannot read the labels that a Selector needs)'
  return `${what}: correct spec.integrationRef, or have spec.allowedNamespaces.from set ${labels} in that integration.`
}
