/**
 * Knows the clients: through which Google client an Agent is read, and what is known about the integration that the client
 * belongs to. The reconcile of an integration puts its entry into the registry. Agents, and whoever else works for an Agent,
 * resolve the integration (`resolve-integration.ts`) and use its client (`agent-client.ts`). The room
 * speaks to Google through `google/port.ts` only.
 */
import type { Bypass, GoogleClient, Quota } from '../google/port.ts'
import type { Cluster, Key } from '../kubernetes/port.ts'
import type { Clock } from '../platform/clock.ts'
import type { APIState } from './api-state.ts'

/** The result of the last reconcile of an integration, as its Agents need it. */
export interface IntegrationEntry {
  /** Undefined until the client's Secret was read and parsed. */
  client: GoogleClient | undefined
  /** Identifies the credentials in use; with another value, every grant is checked again. */
  credentialsHash: string
  /** Whether calendars may be read through it. */
  ready: boolean
  /** The Calendar API is switched off in its Google Cloud project; nothing else is wrong. */
  apiDisabled: boolean
  /** Whether people may sign in on its site; it may belong to another namespace. */
  siteAccepted: boolean
  /** Whether its site belongs to another namespace. While nobody knows, it is neither accepted nor refused. */
  siteRefused?: boolean
  /** Why it is not ready, for people. */
  message: string
  /** What others that share its budget have to know; undefined unless Google has accepted the client. */
  share?: BudgetShare
  /** The accounts whose polls need more than their budget leaves for polls, by their canonical form; none by default. */
  accountsOverBudget?: ReadonlyMap<string, AccountShortage>
}

/** The part of an integration in the budget of its OAuth client. */
export interface BudgetShare {
  clientId: string
  quota: Quota
  /** How many requests a minute its polls need. */
  pollsPerMinute: number
}

/** The polls of one account need more than its budget leaves for them; in requests a minute. */
export interface AccountShortage {
  needed: number
  left: number
  budget: number
  /** The smallest budget that leaves enough. */
  enough: number
}

/** What requests for one Agent found out that concerns every Agent of the integration. */
export interface IntegrationFindings {
  /** Whether the Calendar API is enabled in the Google Cloud project. */
  readonly api?: 'Enabled' | 'Disabled'
  /** Google refused the OAuth client: it has to be verified again. */
  readonly clientRefused?: boolean
  /** A request that bypassed a limit was answered: the limit has ended, and the other Agents need not wait for its end. */
  readonly limitEnded?: boolean
}

/**
 * What is known about the OAuth client and the Calendar API of every integration. It is shared by all workers of the process, as
 * an informer's cache is: the reconcile of an integration writes its entry, the reconciles of any number of Agents read
 * it, and one call after each of their steps (`report`) records what they found out. All keys are those of integrations, and all instants are those of the monotonic clock.
 */
export interface IntegrationRegistry {
  /** The entry; undefined until the integration was reconciled once. */
  get(key: Key): IntegrationEntry | undefined
  /**
   * Whether a request to the Calendar API may be sent. While the API is known to be switched off, only a probe now and then may,
   * or a request that somebody asked for. Acquires nothing.
   */
  canProbe(key: Key, isRequested: boolean): boolean
  /**
   * While the API is switched off: acquires the right to send the probe, or another request with a bypass. Returns a function
   * that gives the right back if the request did not reach a conclusion; undefined if no request may be sent.
   */
  tryAcquireProbe(key: Key, bypass?: Bypass): (() => void) | undefined
  /** When the next probe is due; undefined unless the API is known to be switched off. */
  probeDueAt(key: Key): number | undefined
  /** Records what the requests for an Agent found out. What is new reconciles the integration. */
  report(key: Key, findings: IntegrationFindings): void
  /** Whether the client was refused since `clearSuspect` was called. */
  isSuspect(key: Key): boolean
  /** The reconcile of the integration verifies the client because of that. */
  clearSuspect(key: Key): void
  /** Records the result of a reconcile. A change reconciles the Agents, and the integrations that share its budget. */
  put(key: Key, entry: IntegrationEntry): void
  /** The integration is gone: its Agents are reconciled. */
  forget(key: Key): void
  /** The other integrations that share the budget of this client. */
  peersOf(key: Key, clientId: string): Key[]
  /** What is known about the Calendar API. */
  api(key: Key): APIState | undefined
  /** Records what the status said about the Calendar API before a restart. */
  recallAPI(key: Key, api: APIState): void
  /** Makes a probe due now, and reconciles the Agents. */
  offerProbe(key: Key): void
  /** Reconciles the integration and its Agents: what paused them is over, or worth another try. */
  wake(key: Key): void
  /** Registers a callback for integrations whose Agents have to be reconciled. */
  onEntry(listener: (key: Key) => void): void
  /** Registers a callback for integrations that have to be reconciled because of what their Agents found out. */
  onObservation(listener: (key: Key) => void): void
}

/** The part of the registry that serves those who use an integration for an Agent. */
export type IntegrationReader = Pick<
  IntegrationRegistry,
  'get' | 'canProbe' | 'tryAcquireProbe' | 'probeDueAt' | 'report'
>

/** What the room needs from outside. */
export interface ClientsDeps {
  cluster: Pick<Cluster, 'integrations' | 'namespaces'>
  integrations: IntegrationReader
  clock: Pick<Clock, 'monotonic'>
}
