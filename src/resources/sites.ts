/**
 * Decides which namespaces a site belongs to. A host, with all its ports, belongs to the namespaces that the setting `--sites` lists
 * for it; if it is not listed, to the namespace whose integration claimed it first. Pure.
 *
 * The leader decides (`claimOf`) and writes `SiteAccepted` into the status. Every replica follows the status (`isSiteAccepted`), so
 * that pages, links and channels of all replicas agree.
 */
import { parseURL } from '../platform/url.ts'
import { findCondition } from './conditions.ts'
import type { CalendarIntegration } from './types.ts'

/** The setting `--sites`: a host, as `siteHost` writes it, and the namespaces that it belongs to. */
export type Sites = ReadonlyMap<string, readonly string[]>

/**
 * Returns the host of `siteURI` without its port, in canonical form: lower case, punycode, no trailing dot, IPv6 addresses in
 * brackets. Undefined if the text is not the address of a site.
 */
export function siteHost(siteURI: string): string | undefined {
  const url = parseURL(siteURI)
  if (!url || !/^https?:$/.test(url.protocol)) return undefined
  return url.hostname.replace(/\.+$/, '') || undefined
}

const hostOf = ({ spec }: CalendarIntegration): string | undefined => siteHost(spec.google.siteURI)

const namespaceOf = ({ metadata }: CalendarIntegration): string => metadata.namespace ?? ''

/** What decides about the claims on sites. */
interface SiteClaims {
  sites: Sites
  /** All integrations, or at least those with the same host. */
  integrations: Iterable<CalendarIntegration>
}

/** Which namespaces may use a host. */
interface SiteClaim {
  /** The namespaces that the host belongs to; empty if it belongs to none. */
  namespaces: readonly string[]
  /** The integration that gets the host, if it belonged to no namespace before. */
  first?: CalendarIntegration
}

/**
 * Decides which namespaces this host belongs to.
 *
 * @param heldBy the namespace that it belonged to last; it keeps the host while it has an integration with it.
 */
export function claimOf(host: string, { sites, integrations }: SiteClaims, heldBy?: string): SiteClaim {
  const listed = sites.get(host)
  if (listed) return { namespaces: listed }
  const claimants = claimantsOf(host, integrations)
  if (heldBy !== undefined && claimants.some((one) => namespaceOf(one) === heldBy)) return { namespaces: [heldBy] }
  const holder = claimants.find((one) => isAcceptedFor(one, host))
  if (holder) return { namespaces: [namespaceOf(holder)] }
  const first = claimants.find(hasValidCredentials)
  return first ? { namespaces: [namespaceOf(first)], first } : { namespaces: [] }
}

/** Whether this integration may have pages, links and channels on its site, according to the statuses. */
export function isSiteAccepted(integration: CalendarIntegration, { sites, integrations }: SiteClaims): boolean {
  const host = hostOf(integration)
  if (host === undefined) return false
  const listed = sites.get(host)
  if (listed) return listed.includes(namespaceOf(integration))
  if (!isAcceptedFor(integration, host)) return false
  const first = claimantsOf(host, integrations).find((one) => isAcceptedFor(one, host))
  return first === undefined || namespaceOf(first) === namespaceOf(integration)
}

/**
 * Whether an older integration with this host, in another namespace, is still waiting for the first check of its credentials: if
 * they are valid, the host goes to its namespace.
 */
export function awaitsOlderClaim(
  integration: CalendarIntegration,
  integrations: Iterable<CalendarIntegration>,
): boolean {
  const host = hostOf(integration)
  return claimantsOf(host, integrations).some(
    (one) =>
      namespaceOf(one) !== namespaceOf(integration) &&
      byAge(one, integration) < 0 &&
      !one.spec.suspend &&
      !one.metadata.deletionTimestamp &&
      isUnverified(one),
  )
}

/** Oldest first. */
const claimantsOf = (host: string | undefined, integrations: Iterable<CalendarIntegration>): CalendarIntegration[] =>
  [...integrations].filter((one) => hostOf(one) === host).sort(byAge)

const ageOf = ({ metadata }: CalendarIntegration): number => Date.parse(metadata.creationTimestamp ?? '') || Infinity

const compare = <T>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0)

const byAge = (a: CalendarIntegration, b: CalendarIntegration): number =>
  compare(ageOf(a), ageOf(b)) || compare(namespaceOf(a), namespaceOf(b)) || compare(a.metadata.name, b.metadata.name)

/** Whether the status says that this host was accepted; at that time, the spec may have named another host. */
function isAcceptedFor({ metadata, status }: CalendarIntegration, host: string): boolean {
  const accepted = findCondition(status?.conditions, 'SiteAccepted')
  if (accepted?.status !== 'True') return false
  return (
    accepted.observedGeneration === metadata.generation || siteHost(status?.signIn?.javascriptOrigin ?? '') === host
  )
}

/** Whether Google has accepted the credentials. An integration that is being deleted cannot claim a host. */
const hasValidCredentials = ({ metadata, status }: CalendarIntegration): boolean =>
  !metadata.deletionTimestamp && findCondition(status?.conditions, 'CredentialsValid')?.status === 'True'

/** Whether the credentials have not been checked yet. */
const isUnverified = ({ status }: CalendarIntegration): boolean =>
  (findCondition(status?.conditions, 'CredentialsValid')?.reason ?? 'NotYetKnown') === 'NotYetKnown'
