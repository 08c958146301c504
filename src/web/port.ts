/** What the web room needs from outside; `operator.ts` hands it in. */
import type { Google } from '../google/port.ts'
import type { Cluster } from '../kubernetes/port.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Sites } from '../resources/sites.ts'
import type { Outcome } from './pages/pages.ts'

export interface WebDeps {
  cluster: Cluster
  google: Google
  /** Where Google asks for consent: its script comes from there too, and forms are led there. */
  accountsURL: string
  /** Whose each site is, as far as a setting says so. */
  sites: Sites
  clock: Clock
  log: Log
  /** Unguessable. */
  randomBytes: (count: number) => Uint8Array
  /** Where the Secret of the keys is kept. */
  namespace: string
  /** Called when somebody has signed in: the Agent has a new grant. */
  connected(agentKey: string): void
  /** Called when the links have changed: statuses that show one are out of date. */
  linksChanged(): void
  /** Called once a sign-in that has come to an end. */
  observe(outcome: Outcome | 'refused' | 'failed'): void
}
