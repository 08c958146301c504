/**
 * What this room needs from outside, which `operator.ts` hands in, and its port to the others: the `IntegrationRegistry`. Agents
 * and pages see only the part of it that they name in ports of their own.
 */
import type { Bypass, Google, GoogleClient } from '../google/port.ts'
import type { Cluster, Key } from '../kubernetes/port.ts'
import type { Clock, Random } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { CalendarIntegration } from '../resources/types.ts'
import type { APIState } from './api-state.ts'
import type { CredentialsFinding, SiteFinding } from './findings.ts'

/** What the last reconcile of an integration found, as its Agents need it. */
export interface IntegrationEntry {
  client: GoogleClient | undefined
  credentialsHash: string
  /** Whether its Agents may be read through it. */
  ready: boolean
  apiDisabled: boolean
  /** Whether people may sign in on its site. */
  siteAccepted: boolean
  message: string
}

/**
 * What is known of every integration's OAuth client and Calendar API. The reconcile of an integration writes its entry; any
 * number of Agents read it and report what they met. All keys are integrations'.
 */
export interface IntegrationRegistry {
  /** Undefined until the integration was reconciled once. */
  view(key: Key): IntegrationEntry | undefined
  /** Whether the Calendar API may be called: it is on, or a probe is due, or (`isRequested`) somebody asked for one. Takes nothing. */
  canProbe(key: Key, isRequested: boolean): boolean
  /**
   * Takes the probe, or, where none is due, uses the bypass for one. Returns what gives the probe back where the request did not
   * find out anything; undefined where no request may be sent. Where the API is on there is nothing to take.
   */
  tryAcquireProbe(key: Key, bypass?: Bypass): (() => void) | undefined
  /** When the next probe is due, an instant of the monotonic clock; undefined where the API is not known to be off. */
  apiAskedAgainAt(key: Key): number | undefined
  /** A request told whether the Calendar API is on. The integration is reconciled if that is news. */
  observeAPI(key: Key, state: 'Enabled' | 'Disabled'): void
  /** Google refused the client: the integration verifies it again, soon. */
  markSuspect(key: Key): void
  /** Whether the client was marked since the last call. */
  consumeSuspect(key: Key): boolean
  /** Sets what a reconcile found. The Agents are told if it differs from what they knew. */
  put(key: Key, entry: IntegrationEntry): void
  /** The integration is gone. The Agents are told. */
  forget(key: Key): void
  api(key: Key): APIState | undefined
  /** Sets what the status said of the Calendar API before a restart. */
  recallAPI(key: Key, api: APIState): void
  /** A probe is due now, and the Agents are told so. */
  offerProbe(key: Key): void
  /** Wakes the integration and its Agents: what paused them is over, or worth another try. */
  wake(key: Key): void
  /** Calls back when the Agents of an integration have to be reconciled. */
  onEntry(listener: (key: Key) => void): void
  /** Calls back when an integration has to be reconciled because of what its Agents met. */
  onObservation(listener: (key: Key) => void): void
}

/** Which namespace has which site, as far as the reconcile needs it. */
export interface SiteDecisions {
  /** Decides for this integration. @param credentials what is known of them now, which the status may not say yet. */
  decide(integration: CalendarIntegration, credentials: CredentialsFinding): SiteFinding
  /** Forgets what no integration asks for any more. */
  sweep(): void
}

export interface IntegrationDeps {
  cluster: Cluster
  google: Google
  registry: IntegrationRegistry
  sites: SiteDecisions
  /** The path under which the sign-in pages are served; `/google-calendar` if it is not set. */
  signInPrefix?: string
  clock: Clock
  random: Random
  log: Log
}
