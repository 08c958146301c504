/**
 * Which namespace a site belongs to. A host, with every port of it, belongs to one namespace: to those that the setting
 * `--sites` lists with it; else to the one whose integration claimed it first. Pure.
 *
 * The leader decides (`claimOf`) and writes `SiteAccepted` into the status. Every replica believes what stands there
 * (`isSiteAccepted`), so that pages, links and channels of all replicas follow the same decision.
 */
import { findCondition } from './conditions.ts'
import type { CalendarIntegration } from './types.ts'

/** The setting `--sites`: a host, as `siteHost` writes it, and the namespaces that it belongs to. */
export type Sites = ReadonlyMap<string, readonly string[]>

/**
 * The host that `siteURI` names, without its port, in the one form in which hosts are compared: lower case, punycode, no
 * dot at the end, an IPv6 address in brackets. Undefined where it is no address of a site.
 */
export function siteHost(siteURI: string): string | undefined {
  const url = URL.canParse(siteURI) ? new URL(siteURI) : undefined
  if (!url || !/^https?:$/.test(url.protocol)) return undefined
  return url.hostname.replace(/\.+$/, '') || undefined
}

const hostOf = ({ spec }: CalendarIntegration): string | undefined => siteHost(spec.google.siteURI)

const namespaceOf = ({ metadata }: CalendarIntegration): string => metadata.namespace ?? ''

export interface SiteClaims {
  sites: Sites
  /** All integrations, or at least those of the host in question. */
  integrations: Iterable<CalendarIntegration>
}

export interface SiteClaim {
  /** Whose the host is; empty while it belongs to nobody. */
  namespaces: readonly string[]
  /** Set where the host belonged to nobody so far: the integration that it goes to. */
  first?: CalendarIntegration
}

/**
 * Decides whose this host is.
 *
 * @param heldBy the namespace that it was last found to belong to: it does so for as long as it has an integration there.
 */
export function claimOf(host: string, { sites, integrations }: SiteClaims, heldBy?: string): SiteClaim {
  const listed = sites.get(host)
  if (listed) return { namespaces: listed }
  const claimants = claimantsOf(host, integrations)
  if (heldBy !== undefined && claimants.some((one) => namespaceOf(one) === heldBy)) return { namespaces: [heldBy] }
  const holder = claimants.find((one) => holds(one, host))
  if (holder) return { namespaces: [namespaceOf(holder)] }
  const first = claimants.find(isProved)
  return first ? { namespaces: [namespaceOf(first)], first } : { namespaces: [] }
}

/** Whether this integration's pages, links and channels may stand on its site, by what stands in the statuses. */
export function isSiteAccepted(integration: CalendarIntegration, { sites, integrations }: SiteClaims): boolean {
  const host = hostOf(integration)
  if (host === undefined) return false
  const listed = sites.get(host)
  if (listed) return listed.includes(namespaceOf(integration))
  if (!holds(integration, host)) return false
  const first = claimantsOf(host, integrations).find((one) => holds(one, host))
  return first === undefined || namespaceOf(first) === namespaceOf(integration)
}

/**
 * Whether an older integration with this host, of another namespace, is still waiting for Google's first word on its
 * credentials: if they are good, the host is its namespace's.
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
      isUnheard(one),
  )
}

/** Oldest first. */
const claimantsOf = (host: string | undefined, integrations: Iterable<CalendarIntegration>): CalendarIntegration[] =>
  [...integrations].filter((one) => hostOf(one) === host).sort(byAge)

const ageOf = ({ metadata }: CalendarIntegration): number => Date.parse(metadata.creationTimestamp ?? '') || Infinity

const compare = <T>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0)

const byAge = (a: CalendarIntegration, b: CalendarIntegration): number =>
  compare(ageOf(a), ageOf(b)) || compare(namespaceOf(a), namespaceOf(b)) || compare(a.metadata.name, b.metadata.name)

/** Whether the status says that this host was accepted: the spec may have named another one at that time. */
function holds({ metadata, status }: CalendarIntegration, host: string): boolean {
  const accepted = findCondition(status?.conditions, 'SiteAccepted')
  if (accepted?.status !== 'True') return false
  return (
    accepted.observedGeneration === metadata.generation || siteHost(status?.signIn?.javascriptOrigin ?? '') === host
  )
}

/** One that is being deleted claims nothing anew. */
const isProved = ({ metadata, status }: CalendarIntegration): boolean =>
  !metadata.deletionTimestamp && findCondition(status?.conditions, 'CredentialsValid')?.status === 'True'

const isUnheard = ({ status }: CalendarIntegration): boolean =>
  (findCondition(status?.conditions, 'CredentialsValid')?.reason ?? 'NotYetKnown') === 'NotYetKnown'
