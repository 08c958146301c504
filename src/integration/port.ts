/** What this room needs from outside; `operator.ts` hands it in. */
import type { Google } from '../google/port.ts'
import type { Cluster } from '../kubernetes/port.ts'
import type { Clock, Random } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { IntegrationRegistry } from './integration-registry.ts'
import type { SiteRegistry } from './site.ts'

export interface IntegrationDeps {
  cluster: Cluster
  google: Google
  registry: IntegrationRegistry
  sites: SiteRegistry
  /** The path under which the sign-in pages are; the usual one where nothing is said. */
  signInPrefix?: string
  clock: Clock
  random: Random
  log: Log
}
