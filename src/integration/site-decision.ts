/** Decides whether a site belongs to an integration's namespace. Pure. */
import { keyOf } from '../kubernetes/port.ts'
import { findCondition } from '../resources/conditions.ts'
import { awaitsOlderClaim, claimOf, type Sites } from '../resources/sites.ts'
import type { CalendarIntegration, Condition } from '../resources/types.ts'
import type { CredentialsFinding, SiteFinding } from './findings.ts'

/** What a decision about a site is based on. */
interface SiteFacts {
  /** The host of the integration's site. */
  host: string
  sites: Sites
  /** All integrations with this host. */
  integrations: readonly CalendarIntegration[]
  /** What is known about the integration's credentials now: its status may not show it yet. */
  credentials: CredentialsFinding
  /** The namespace that the host was last assigned to. */
  heldBy: string | undefined
  /** For how many ms the integration that would get the host has waited for an older one. It is called only if one has to wait. */
  waitedMs(integration: CalendarIntegration): number
}

/** The finding, and the namespace that the host is assigned to. */
interface SiteDecision {
  finding: SiteFinding
  owner?: string
}

/** How long valid credentials wait for Google's first answer about an older integration with the same host. */
const OLDER_CLAIM_PATIENCE_MS = 10_000

/** Decides for this integration. */
export function decideSite(integration: CalendarIntegration, facts: SiteFacts): SiteDecision {
  const { host, sites, credentials, heldBy } = facts
  const integrations = facts.integrations.map((one) =>
    keyOf(one) === keyOf(integration) ? withCredentials(integration, credentials) : one,
  )
  const { namespaces, first } = claimOf(host, { sites, integrations }, heldBy)
  if (sites.has(host)) return { finding: listed(host, namespaces, integration) }
  const [owner] = namespaces
  if (owner === undefined) return { finding: undecided(`${host} belongs to no namespace yet: ${RULE}`) }
  if (first && awaitsOlderClaim(first, integrations) && facts.waitedMs(first) < OLDER_CLAIM_PATIENCE_MS) {
    return { finding: undecided(`An older integration with the host ${host} is looked at first: ${RULE}`) }
  }
  return { owner, finding: owner === integration.metadata.namespace ? accepted(host) : conflict(host) }
}

const RULE = 'it goes to the namespace of the oldest integration with this host whose credentials Google accepts.'

const undecided = (message: string): SiteFinding => ({ status: 'Unknown', reason: 'NotYetKnown', message })

/** `spec.google.siteURI` is not the address of a site. */
export const NO_HOST = undecided('spec.google.siteURI names no host.')

/** What another replica has decided about the site of this integration. */
export function siteAsReported({ status }: CalendarIntegration): SiteFinding {
  const known = findCondition(status?.conditions, 'SiteAccepted')
  return known ? ({ status: known.status, reason: known.reason, message: known.message } as SiteFinding) : NOT_REPORTED
}

const NOT_REPORTED = undecided('Nobody has decided yet whose the site is.')

const accepted = (host: string): SiteFinding => ({
  status: 'True',
  reason: 'Accepted',
  message: `${host} belongs to this namespace.`,
})

const LOST =
  'No sign-in page, link or push channel is offered for this integration; its Agents that have a grant are still read.'

const conflict = (host: string): SiteFinding => ({
  status: 'False',
  reason: 'SiteConflict',
  message: `spec.google.siteURI names ${host}, which an integration of another namespace claimed first. ${LOST} Name a host of your own, or ask the administrator of the operator to list this host with this namespace in its setting --sites.`,
})

function listed(host: string, owners: readonly string[], { metadata }: CalendarIntegration): SiteFinding {
  if (owners.includes(metadata.namespace ?? '')) return accepted(host)
  return {
    status: 'False',
    reason: 'SiteConflict',
    message: `spec.google.siteURI names ${host}, which the operator's setting --sites gives to other namespaces. ${LOST} Name a host of your own, or ask the administrator of the operator to list this host with this namespace as well.`,
  }
}

/** The integration with the status that this reconcile is going to write. */
function withCredentials(integration: CalendarIntegration, found: CredentialsFinding): CalendarIntegration {
  const { status } = integration
  const before = findCondition(status?.conditions, 'CredentialsValid')
  const others = (status?.conditions ?? []).filter((one) => one !== before)
  const condition: Condition = { type: 'CredentialsValid', lastTransitionTime: '', ...found }
  return { ...integration, status: { ...status, conditions: [...others, condition] } }
}
