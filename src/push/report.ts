/** What the status of an Agent is told about push, and whether that has changed. Pure. */
import { hash } from 'node:crypto'
import { isSameContent } from '../platform/same-content.ts'
import { findCondition } from '../resources/conditions.ts'
import type { Agent, Condition } from '../resources/types.ts'
import { isAtRest, type AgentPush } from './agent-push.ts'
import { isValid, type CalendarPush, type Validity } from './state.ts'
import { channelStatus, decideWatching, trialFailedAt, type Watching } from './watching.ts'

/** What the status says about push. */
export interface PushReport {
  /** Undefined: the condition stays as it is. */
  watching: Exclude<Watching, 'unknown'> | undefined
  /** The channel of a calendar. */
  channelOf(calendarId: string): ReturnType<typeof channelStatus>
}

/** What the status of the Agent is to say. @param validity undefined while no notification is expected anywhere. */
export function pushReport(agent: Agent, push: AgentPush, validity: Validity | undefined): PushReport {
  const watching = watchingOf(push, validity)
  return {
    watching: watching === 'unknown' || isKept(agent, push, watching) ? undefined : watching,
    channelOf: (id) => (watching === 'absent' ? undefined : channelStatus(push.state.byCalendar.get(id))),
  }
}

/** Whether the status of the Agent says that as it stands: what it was told may not have been written. */
export function isReported(agent: Agent, push: AgentPush, validity: Validity | undefined): boolean {
  const report = pushReport(agent, push, validity)
  const { conditions, sync } = agent.status ?? {}
  const shown = (name: string): unknown => sync?.calendars?.find(({ id }) => id === name)?.channel
  return (
    push.calendars.every(({ id, name }) => isSameContent(report.channelOf(id), shown(name))) &&
    isShown(report.watching, findCondition(conditions, 'Watching'))
  )
}

function isShown(watching: PushReport['watching'], shown: Condition | undefined): boolean {
  if (!watching) return true
  return watching === 'absent' ? !shown : shown?.status === watching.status && shown.reason === watching.reason
}

/** The digest of all Agents without push: what the status says about them changes with a reconcile, which reports it itself. */
const AT_REST = 'at rest'

/** What the status would say, as a digest, to tell whether it has changed. */
export function reportDigest(push: AgentPush, validity: Validity | undefined): string {
  if (isAtRest(push)) return AT_REST
  const channels = [...push.state.byCalendar.values()].map(channelStatus)
  return hash('sha256', JSON.stringify([watchingOf(push, validity), channels]), 'base64')
}

function watchingOf({ mode, calendars, state, waitsForOther }: AgentPush, validity: Validity | undefined): Watching {
  const isWatched = ({ proved: channel }: CalendarPush): boolean =>
    channel !== undefined && validity !== undefined && isValid(channel, validity)
  return decideWatching({ mode, calendars, state, waitsForOther, isValid: isWatched })
}

/** A failure is reported until push works: while another attempt is under way, and after a restart. */
function isKept(agent: Agent, { mode }: AgentPush, watching: Watching): boolean {
  if (typeof watching === 'string' || watching.reason !== 'NotYetWatching' || mode.kind !== 'enabled') return false
  const before = findCondition(agent.status?.conditions, 'Watching')
  return before?.reason === 'WatchFailed' || (before?.message.startsWith(trialFailedAt(mode.address)) ?? false)
}
