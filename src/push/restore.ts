/** What the statuses say about push channels after a restart. Pure. */
import { keyOf } from '../kubernetes/port.ts'
import type { Random } from '../platform/clock.ts'
import { DAY_MS } from '../platform/time-units.ts'
import { findCondition } from '../resources/conditions.ts'
import { fromTimestamp } from '../resources/secret-encoding.ts'
import type { Agent, AgentStatus, Condition } from '../resources/types.ts'
import { madeAt } from './channel-token.ts'
import type { RememberedTrial } from './reachability.ts'
import {
  newCalendarPush,
  newPushState,
  notSupported,
  renewalOf,
  withCalendarPush,
  type CalendarPush,
  type Channel,
  type Instants,
  type PushState,
} from './state.ts'
import { trialFailedAt, type ChannelStatus, type WatchedCalendar } from './watching.ts'

/** Google gives a channel a week (docs/google-behaviour.md#push-notifications). An id of an earlier version tells any time. */
const LONGEST_LIFE_MS = 31 * DAY_MS

/** The channels of an Agent that was not looked at since the start of the process. */
export function restored(agent: Agent, calendars: readonly WatchedCalendar[], at: Instants, random: Random): PushState {
  return calendars.reduce((state, { id, name }) => {
    const push = restoredCalendar(agent, name, at, random)
    return push ? withCalendarPush(state, id, push) : state
  }, newPushState())
}

function restoredCalendar(agent: Agent, name: string, at: Instants, random: Random): CalendarPush | undefined {
  const watching = watchingOf(agent)
  const known = agent.status?.sync?.calendars?.find((calendar) => calendar.id === name)
  if (!known || !watching) return undefined
  if (!known.channel) return lacksSupport(watching, known) ? notSupported(at.monotonic) : undefined
  const channel = restoredChannel(known.channel, at.now, random)
  if (!channel) return undefined
  return isProof(watching)
    ? { ...newCalendarPush(), proved: { ...channel, provedAt: at.monotonic } }
    : { ...newCalendarPush(), unproved: { ...channel, askedAt: at.monotonic, isRestored: true } }
}

/** Where Google refuses a channel, the failure is another calendar's. */
const isProof = ({ status, reason }: Condition): boolean => status === 'True' || reason === 'WatchFailed'

/** The condition is True although this calendar has no channel, or it says that none can have one. */
const lacksSupport = ({ status, reason }: Condition, { error }: CalendarStatus): boolean =>
  error === undefined && (status === 'True' || reason === 'NotSupported')

const watchingOf = ({ status }: Agent): Condition | undefined => findCondition(status?.conditions, 'Watching')

type CalendarStatus = NonNullable<NonNullable<AgentStatus['sync']>['calendars']>[number]

/** Undefined if it has ended meanwhile. */
function restoredChannel(channel: ChannelStatus, now: number, random: Random): Channel | undefined {
  const expiresAt = fromTimestamp(channel.expiresAt)
  if (expiresAt === undefined || expiresAt <= now) return undefined
  const renewAt = renewalOf({ now: beganAt(channel.id, { now, expiresAt }), expiresAt }, random())
  return { id: channel.id, resourceId: channel.resourceID, expiresAt, renewAt }
}

/** When the life of a channel began: now, if its id does not say that. */
function beganAt(id: string, { now, expiresAt }: { now: number; expiresAt: number }): number {
  const made = madeAt(id) ?? now
  return made <= now && made > expiresAt - LONGEST_LIFE_MS ? made : now
}

/** The site that a trial is about. */
interface TrialSite {
  /** The URL that notifications are posted to. */
  address: string
  /** Whether a key that is still accepted made the channel's id, for this URL. */
  isAccepted: (id: string) => boolean
}

/** What the statuses of an integration's Agents say about the last trial. Those of an earlier site say nothing. */
export function rememberedTrial(agents: readonly Agent[], { address, isAccepted }: TrialSite): RememberedTrial {
  const failed = agents.find((agent) => watchingOf(agent)?.message.startsWith(trialFailedAt(address)))
  const hasChannel = (agent: Agent): boolean =>
    agent.status?.sync?.calendars?.some(({ channel }) => channel !== undefined && isAccepted(channel.id)) ?? false
  const trying = agents.find(hasChannel) ?? failed
  return {
    isProved: agents.some((agent) => watchingOf(agent)?.status === 'True' && hasChannel(agent)),
    holder: trying && keyOf(trying),
    hasFailed: failed !== undefined,
  }
}
