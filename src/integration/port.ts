/** What this room needs from outside; `workloads.ts` provides it. */
import type { IntegrationRegistry } from '../clients/port.ts'
import type { Google } from '../google/port.ts'
import type { Cluster } from '../kubernetes/port.ts'
import type { Clock, Random } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { CalendarIntegration } from '../resources/types.ts'
import type { CredentialsFinding, SiteFinding } from './findings.ts'

/** Which namespace has which site, as far as the reconcile needs it. */
export interface SiteDecisions {
  /**
   * Decides for this integration.
   * @param credentials what is known about them now: the status may not show it yet.
   */
  decide(integration: CalendarIntegration, credentials: CredentialsFinding): SiteFinding
  /** Forgets the hosts that no integration has now. */
  sweep(): void
}

/** What the reconcile of integrations works with. */
export interface IntegrationDeps {
  cluster: Cluster
  google: Google
  registry: IntegrationRegistry
  sites: SiteDecisions
  /**
   * Whether this replica writes the status of this integration; always by default. If not, its Agents are told what this replica
   * finds out, the site is decided as its status says, and nothing is written.
   */
  isKeptHere?: (integration: CalendarIntegration) => boolean
  /** The path under which the sign-in pages are served; `/google-calendar` if it is not set. */
  signInPrefix?: string
  /** How many requests of a budget are left to other replicas; none if it is not set. */
  reserved?: (budget: number) => number
  clock: Clock
  random: Random
  log: Log
}
