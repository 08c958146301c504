/** Summarizes the cluster's objects for a person. Pure. */
import { findCondition, timestamp } from '../../resources/conditions.ts'
import type { Agent, Booking, CalendarIntegration } from '../../resources/types.ts'
import { operatorHealth, type OperatorHealth } from './operator-health.ts'
import { actionItems, type ActionItem } from './action-items.ts'
import type { ClusterSnapshot } from './cluster-snapshot.ts'
import { shardsOf, type Shards } from './shards.ts'

/** What `-o json` and `-o yaml` show. Times are RFC 3339, UTC. */
export interface Overview {
  at: string
  /** Empty for all namespaces. */
  namespace: string
  operator: OperatorHealth
  /** The replicas that share the Agents; missing without a ring. */
  ring?: Shards
  integrations: IntegrationLine[]
  agents: Record<AgentState, number> & { total: number }
  bookings: Record<BookingState, number> & { total: number }
  /** The most urgent first. */
  needsAPerson: ActionItem[]
}

/** The summary of one integration. */
export interface IntegrationLine {
  namespace: string
  name: string
  /** The status of the condition Ready. */
  ready: string
  reason: string
  /** Ready agents out of all, such as `3/4`. */
  agents: string
  message: string
}

/**
 * The state of an agent. `awaited`: a person has to sign in. `trying`: it is not ready, and the operator keeps trying. `stalled`:
 * somebody has to act.
 */
export type AgentState = 'ready' | 'awaited' | 'trying' | 'stalled' | 'suspended'

/** The state of a booking. `trying`: it is not decided, or not written yet. `stalled`: it was refused, or cancelled at Google. */
export type BookingState = 'ready' | 'trying' | 'stalled' | 'suspended'

/** Creates the overview. @param now ms since the epoch. */
export function overviewOf(snapshot: ClusterSnapshot, now: number): Overview {
  const operator = operatorHealth(snapshot.leases, now)
  const ring = shardsOf(snapshot.shardLeases, snapshot.agents, now)
  return {
    at: timestamp(now),
    namespace: snapshot.namespace ?? '',
    operator,
    ...(ring && { ring }),
    integrations: snapshot.integrations.map(integrationLine),
    agents: countAgents(snapshot.agents),
    bookings: countBookings(snapshot.bookings),
    needsAPerson: actionItems(snapshot, operator, now),
  }
}

/** What is shown for an integration without a status. */
const NOT_LOOKED_AT = { status: 'Unknown', reason: 'NotLookedAt', message: '' }

function integrationLine({ metadata, spec, status: found = {} }: CalendarIntegration): IntegrationLine {
  const { status, reason, message } = findCondition(found.conditions, 'Ready') ?? NOT_LOOKED_AT
  const { namespace = '', name } = metadata
  const { summary = '' } = found.agents ?? {}
  return { namespace, name, ready: status, reason: spec.suspend ? 'Suspended' : reason, agents: summary, message }
}

function countAgents(agents: readonly Agent[]): Overview['agents'] {
  const counts = { total: agents.length, ready: 0, awaited: 0, trying: 0, stalled: 0, suspended: 0 }
  for (const agent of agents) counts[agentState(agent)]++
  return counts
}

function countBookings(bookings: readonly Booking[]): Overview['bookings'] {
  const counts = { total: bookings.length, ready: 0, trying: 0, stalled: 0, suspended: 0 }
  for (const booking of bookings) counts[stateOf(booking)]++
  return counts
}

function agentState(agent: Agent): AgentState {
  const state = stateOf(agent)
  const isAwaited = findCondition(agent.status?.conditions, 'Ready')?.reason === 'AwaitingSignIn'
  return state === 'trying' && isAwaited ? 'awaited' : state
}

function stateOf({ spec, status }: Agent | Booking): BookingState {
  const holds = (type: string): boolean => findCondition(status?.conditions, type)?.status === 'True'
  if (spec.suspend) return 'suspended'
  if (holds('Ready')) return 'ready'
  return holds('Stalled') ? 'stalled' : 'trying'
}
