/**
 * Which namespace each site belongs to. The leader decides it and writes it into `SiteAccepted`, which every replica follows. The
 * registry remembers to which namespace a host was assigned, so a namespace that replaces its integration keeps its host.
 *
 * It is shared by all integrations of the process. `decide` is its only writer, and decides and remembers at once: otherwise two
 * integrations that are reconciled at the same time could be assigned the same host.
 */
import { keyOf, type Cluster, type Key } from '../kubernetes/port.ts'
import type { Clock } from '../platform/clock.ts'
import { siteHost, type Sites } from '../resources/sites.ts'
import type { CalendarIntegration } from '../resources/types.ts'
import type { CredentialsFinding, SiteFinding } from './findings.ts'
import type { SiteDecisions } from './port.ts'
import { decideSite, NO_HOST } from './site-decision.ts'

/** What the registry needs from outside. */
interface SiteDeps {
  cluster: Pick<Cluster, 'integrations'>
  clock: Pick<Clock, 'monotonic'>
  sites: Sites
}

/** Assigns hosts to namespaces. */
export class SiteRegistry implements SiteDecisions {
  readonly #deps: SiteDeps
  /** Host → the namespace that it belongs to. */
  readonly #holders = new Map<string, string>()
  /** Since when an integration has waited for an older one, by uid and the monotonic clock. */
  readonly #waitingSince = new Map<string, number>()
  readonly #onClaim: ((key: Key) => void)[] = []
  /** The number of hosts at which unused ones are forgotten. */
  #sweepAt = 100

  constructor(deps: SiteDeps) {
    this.#deps = deps
  }

  /** Registers a callback for every other integration with a host that was assigned to a namespace. */
  onClaim(listener: (key: Key) => void): void {
    this.#onClaim.push(listener)
  }

  /** Decides for this integration, and remembers the decision. */
  decide(integration: CalendarIntegration, credentials: CredentialsFinding): SiteFinding {
    const host = siteHost(integration.spec.google.siteURI)
    if (host === undefined) return NO_HOST
    const { finding, owner } = decideSite(integration, {
      host,
      sites: this.#deps.sites,
      integrations: this.#deps.cluster.integrations.byIndex('site', host),
      credentials,
      heldBy: this.#holders.get(host),
      waitedMs: (first) => this.#waitedMs(first),
    })
    if (owner !== undefined) this.#give(host, owner, integration)
    return finding
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
    for (const uid of this.#waitingSince.keys()) if (!uids.has(uid)) this.#waitingSince.delete(uid)
  }

  #waitedMs({ metadata: { uid = '' } }: CalendarIntegration): number {
    const now = this.#deps.clock.monotonic()
    const since = this.#waitingSince.get(uid) ?? now
    this.#waitingSince.set(uid, since)
    return now - since
  }

  #give(host: string, owner: string, { metadata }: CalendarIntegration): void {
    if (this.#holders.get(host) === owner) return
    this.#holders.set(host, owner)
    if (this.#holders.size > this.#sweepAt) {
      this.sweep()
      this.#sweepAt = 2 * this.#holders.size + 100
    }
    for (const other of this.#deps.cluster.integrations.byIndex('site', host)) {
      if (other.metadata.uid !== metadata.uid) for (const listener of this.#onClaim) listener(keyOf(other))
    }
  }
}
