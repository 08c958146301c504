/**
 * Whether an integration may have its site: decided here, by the leader, and written into `SiteAccepted`, which every replica
 * follows. Whom a host was given to is remembered, so that a namespace which replaces its integration keeps its host.
 */
import { keyOf, type Cluster, type Key } from '../kubernetes/port.ts'
import type { Clock } from '../platform/clock.ts'
import { findCondition, type Finding } from '../resources/conditions.ts'
import type { ReasonOf } from '../resources/reasons.ts'
import { awaitsOlderClaim, claimOf, siteHost, type Sites } from '../resources/sites.ts'
import type { CalendarIntegration, Condition } from '../resources/types.ts'
import type { CredentialsFinding } from './credentials.ts'

export type SiteFinding = Finding<ReasonOf<'CalendarIntegration', 'SiteAccepted'>>

export interface SiteDeps {
  cluster: Pick<Cluster, 'integrations'>
  clock: Pick<Clock, 'monotonic'>
  sites: Sites
}

/** How long good credentials wait for Google's first word on an older integration with the same host. */
const OLDER_CLAIM_PATIENCE_MS = 10_000

export class SiteRegistry {
  readonly #deps: SiteDeps
  /** Host → the namespace that it belongs to. */
  readonly #holders = new Map<string, string>()
  /** Since when an integration has waited for an older one, by uid; monotonic. */
  readonly #waiting = new Map<string, number>()
  readonly #onClaim: ((key: Key) => void)[] = []
  /** At how many hosts those are forgotten that were left by a change of `siteURI`. */
  #sweepAt = 100

  constructor(deps: SiteDeps) {
    this.#deps = deps
  }

  /** Calls back with every other integration of a host that was given to somebody. */
  onClaim(listener: (key: Key) => void): void {
    this.#onClaim.push(listener)
  }

  /** Decides for this integration. @param credentials what is known of them by now: the status may not say so yet. */
  decide(integration: CalendarIntegration, credentials: CredentialsFinding): SiteFinding {
    const host = siteHost(integration.spec.google.siteURI)
    if (host === undefined) return undecided('spec.google.siteURI names no host.')
    const { sites, cluster } = this.#deps
    const integrations = cluster.integrations.byIndex('site', host).map((one) => {
      return keyOf(one) === keyOf(integration) ? withCredentials(integration, credentials) : one
    })
    const { namespaces, first } = claimOf(host, { sites, integrations }, this.#holders.get(host))
    if (sites.has(host)) return listed(host, namespaces, integration)
    const [owner] = namespaces
    if (owner === undefined) return undecided(`${host} belongs to no namespace yet: ${RULE}`)
    if (first && this.#awaitsOlder(first, integrations)) {
      return undecided(`An older integration with the host ${host} is looked at first: ${RULE}`)
    }
    this.#give(host, owner, integration)
    return owner === integration.metadata.namespace ? accepted(host) : conflict(host)
  }

  /** How many hosts are remembered. */
  get size(): number {
    return this.#holders.size
  }

  /** Forgets the hosts that no integration has now. */
  sweep(): void {
    const { integrations } = this.#deps.cluster
    for (const [host, namespace] of this.#holders) {
      const stays = integrations.byIndex('site', host).some(({ metadata }) => metadata.namespace === namespace)
      if (!stays) this.#holders.delete(host)
    }
    const uids = new Set([...integrations.list()].map(({ metadata }) => metadata.uid))
    for (const uid of this.#waiting.keys()) if (!uids.has(uid)) this.#waiting.delete(uid)
  }

  #awaitsOlder(integration: CalendarIntegration, integrations: readonly CalendarIntegration[]): boolean {
    const { uid = '' } = integration.metadata
    if (!awaitsOlderClaim(integration, integrations)) return false
    const now = this.#deps.clock.monotonic()
    const since = this.#waiting.get(uid) ?? now
    this.#waiting.set(uid, since)
    return now - since < OLDER_CLAIM_PATIENCE_MS
  }

  #give(host: string, owner: string, { metadata }: CalendarIntegration): void {
    if (this.#holders.get(host) === owner) return
    this.#holders.set(host, owner)
    if (this.#holders.size > this.#sweepAt) {
      this.sweep()
      this.#sweepAt = 2 * this.#holders.size + 100
    }
    for (const other of this.#deps.cluster.integrations.byIndex('site', host)) {
      if (other.metadata.uid !== metadata.uid) for (const listen of this.#onClaim) listen(keyOf(other))
    }
  }
}

const RULE = 'it goes to the namespace of the oldest integration with this host whose credentials Google accepts.'

const undecided = (message: string): SiteFinding => ({ status: 'Unknown', reason: 'NotYetKnown', message })

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

/** The integration as its status will be: what was found out in this reconcile counts already. */
function withCredentials(integration: CalendarIntegration, found: CredentialsFinding): CalendarIntegration {
  const { status } = integration
  const before = findCondition(status?.conditions, 'CredentialsValid')
  const others = (status?.conditions ?? []).filter((one) => one !== before)
  const condition: Condition = { type: 'CredentialsValid', lastTransitionTime: '', ...found }
  return { ...integration, status: { ...status, conditions: [...others, condition] } }
}
