/**
 * What the room of the agents needs from outside; `operator.ts` provides it. The integration room's registry implements
 * `IntegrationReader`, although neither room imports the other.
 */
import type { Zones } from '../calendar/zones.ts'
import type { Google, GoogleClient, Bypass } from '../google/port.ts'
import type { GrantStore } from '../grants/grant-store.ts'
import type { TokenSource } from '../grants/port.ts'
import type { Cluster } from '../kubernetes/port.ts'
import type { Clock, Random } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Agent } from '../resources/types.ts'
import type { MemoryBudget } from '../calendars/memory-budget.ts'

/** An integration, as its agents see it. */
export interface IntegrationView {
  /** Undefined until its Secret was read and parsed. */
  client: GoogleClient | undefined
  /** Identifies the credentials in use; with another value, every grant is checked again. */
  credentialsHash: string
  /** Whether calendars may be read through it. */
  ready: boolean
  /** Whether people may sign in on its site; it may belong to another namespace. */
  siteAccepted: boolean
  /** The Calendar API is switched off in its Google Cloud project; nothing else is wrong. */
  apiDisabled: boolean
  /** Why it is not ready, for people. */
  message: string
}

/** What agents may ask about integrations, and report to them. */
export interface IntegrationReader {
  view(key: string): IntegrationView | undefined
  /**
   * Whether a request to the Calendar API may be sent. While the API is known to be switched off, only a probe now and then may,
   * or a request that somebody asked for.
   */
  canProbe(key: string, asked: boolean): boolean
  /**
   * While the API is switched off: takes the right to send the probe, or another request with a bypass. Returns a function that
   * gives the right back if the request did not reach a conclusion; undefined if it was not granted.
   */
  tryAcquireProbe(key: string, bypass?: Bypass): (() => void) | undefined
  /** While the API is switched off: when the next probe may be sent, by the monotonic clock. */
  apiAskedAgainAt(key: string): number | undefined
  /** Reports what a request found out about the Calendar API. */
  observeAPI(key: string, state: 'Enabled' | 'Disabled'): void
  /** Reconciles all agents of this integration: what they waited for has happened. */
  wake(key: string): void
  /** Reports that Google refused the OAuth client, so that the integration verifies it again. */
  markSuspect(key: string): void
}

/** What the reconcile of agents works with. */
export interface AgentDeps {
  cluster: Cluster
  google: Google
  integrations: IntegrationReader
  tokens: TokenSource
  /** For Agents that are deleted. */
  grants: Pick<GrantStore, 'read' | 'delete' | 'isShared'>
  clock: Clock
  random: Random
  log: Log
  zones: Zones
  /**
   * The URL of the page on which this agent's person signs in; undefined if pages are not served, or their keys do not exist
   * yet.
   */
  signInURL(agent: Agent, siteURI: string): string | undefined
  /** Reconciles an agent after `delayMs` at the latest. */
  wake(agentKey: string, delayMs: number): void
  /** The memory that the calendars of all agents share. */
  budget: MemoryBudget
  /** Schedules `attend` in `ms`. */
  attendIn(agentKey: string, ms: number): void
  /** Called whenever the work on an agent makes progress: the liveness of the process is judged by it. */
  progress(agentKey: string): void
  /** Called when an agent's status was written, so that its integration counts its agents again. */
  reported(agentKey: string): void
}
