/** What the reconcile of Agents needs from outside; `workloads.ts` provides it. */
import type { Zones } from '../calendar/zones.ts'
import type { IntegrationReader } from '../clients/port.ts'
import type { Google } from '../google/port.ts'
import type { GrantStore } from '../grants/grant-store.ts'
import type { TokenSource } from '../grants/port.ts'
import type { Cluster } from '../kubernetes/port.ts'
import type { Clock, Random } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { ChannelManager } from '../push/channel-manager.ts'
import type { Agent } from '../resources/types.ts'
import type { MemoryBudget } from '../calendars/memory-budget.ts'
import type { WrittenEvents } from '../calendars/written-events.ts'

/** The push channels, as the reconcile of agents uses them. */
export type AgentPushChannels = Pick<
  ChannelManager,
  'observe' | 'report' | 'isReported' | 'takeChanged' | 'stop' | 'forget' | 'release'
>

/** What the reconcile of agents works with. */
export interface AgentDeps {
  cluster: Cluster
  google: Google
  integrations: IntegrationReader
  tokens: TokenSource
  /** For Agents that are deleted. */
  grants: Pick<GrantStore, 'read' | 'delete' | 'isShared'>
  push: AgentPushChannels
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
  /** What this process has written to calendars. */
  written: WrittenEvents
  /** Reconciles an agent at once, because somebody waits for its calendars. */
  readNow(agentKey: string): void
  /** Called after the calendars of an agent were read, or could not be read: Bookings may wait for that. */
  calendarsRead(agentKey: string): void
  /** Schedules `runDeadline` in `ms`. */
  scheduleDeadline(agentKey: string, ms: number): void
  /** Called whenever the work on an agent makes progress: the liveness of the process is judged by it. */
  progress(agentKey: string): void
  /** Called when an agent's status was written, so that its integration counts its agents again. */
  reported(agentKey: string): void
}
