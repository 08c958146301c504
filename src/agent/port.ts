/**
 * What this room needs from outside. `operator.ts` hands it in; the integration room's directory satisfies
 * `Integrations` without either room knowing the other.
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

/** An integration as its agents see it: whether its OAuth client may be used, and if not, why. */
export interface IntegrationView {
  /** Undefined until its Secret was read and understood. */
  client: GoogleClient | undefined
  /** Names the credentials in use; another value means that every grant has to prove itself again. */
  credentialsHash: string
  /** Whether calendars may be read through it. */
  ready: boolean
  /** Whether people may sign in on its site; it may belong to another namespace. */
  siteAccepted: boolean
  /** The Calendar API is switched off in its Google Cloud project; nothing else is wrong. */
  apiDisabled: boolean
  /** Why it is not ready: its own reason and message, for people. */
  message: string
}

export interface IntegrationReader {
  view(key: string): IntegrationView | undefined
  /**
   * Whether a request to the Calendar API may be sent: not while the API is known to be switched off, but for the one
   * request now and then that finds out whether it still is, or one that somebody asked for.
   */
  canProbe(key: string, asked: boolean): boolean
  /**
   * While the API is switched off: takes the one request that finds out, or another one by a bypass. Answers what gives it
   * back where the request did not find out; undefined where it is not ours.
   */
  tryAcquireProbe(key: string, bypass?: Bypass): (() => void) | undefined
  /** While the API is switched off: when one request may find out again, by the monotonic clock. */
  apiAskedAgainAt(key: string): number | undefined
  /** What an agent learned of the Calendar API in passing. */
  observeAPI(key: string, state: 'Enabled' | 'Disabled'): void
  /** What held the agents of this integration back is over: they look again now. */
  wake(key: string): void
  /** A request was refused for the client's sake: its proof is no longer worth anything. */
  markSuspect(key: string): void
}

/** Everything that the agents' reconcile works with. */
export interface AgentDeps {
  cluster: Cluster
  google: Google
  integrations: IntegrationReader
  tokens: TokenSource
  /** For an Agent that is deleted. */
  grants: Pick<GrantStore, 'read' | 'delete' | 'isShared'>
  clock: Clock
  random: Random
  log: Log
  zones: Zones
  /**
   * The page on which this agent's person signs in, at its integration's site; undefined where there is none: no web server,
   * or its keys are not there yet.
   */
  signInURL(agent: Agent, siteURI: string): string | undefined
  /** Has an agent looked at after `delayMs` at the latest. */
  wake(agentKey: string, delayMs: number): void
  /** Of what is kept of calendars, over all agents. */
  budget: MemoryBudget
  /** Asks for `attend` after so many ms. */
  attendIn(agentKey: string, ms: number): void
  /** Called whenever the work on an agent has come on: whoever judges whether the operator is alive goes by that. */
  progress(agentKey: string): void
  /** Called when this agent's status was written, so that its integration can count. */
  reported(agentKey: string): void
}
