/** What the web server needs from outside; `operator.ts` provides it. */
import type { Google } from '../google/port.ts'
import type { GrantStore } from '../grants/grant-store.ts'
import type { Cluster } from '../kubernetes/port.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Notification, ReceivedNotification } from '../push/port.ts'
import type { Sites } from '../resources/sites.ts'
import type { KeyRing } from './key-ring.ts'
import type { Outcome } from './pages/pages.ts'

/** The dependencies of the web server. */
export interface WebDeps {
  cluster: Cluster
  google: Google
  /** Stores the grants that people give. */
  grants: Pick<GrantStore, 'known' | 'readToReplace' | 'saveSignedIn' | 'readConsent' | 'isShared'>
  /** The origin of Google's consent page and of its script. */
  accountsURL: string
  /** The namespaces of each site, as the setting `--sites` lists them. */
  sites: Sites
  clock: Clock
  log: Log
  /** Cryptographically secure. */
  randomBytes: (count: number) => Uint8Array
  /** The keys for links, states and forms. The web server starts and stops them. */
  keys: KeyRing
  /** Called when somebody has signed in, so that the Agent has a new grant. */
  connected(agentKey: string): void
  /** Takes a notification from Google whose token was verified. Returns false if its Agent does not exist. */
  notified(notification: ReceivedNotification): boolean
  /** Called once for each notification from Google. */
  observeNotification(result: Notification['kind'] | 'refused'): void
  /** Called once for each completed sign-in. */
  observe(outcome: Outcome | 'refused' | 'failed'): void
}
