/** What a reconcile of an Agent tells its push channels, and which announced changes it takes. Pure. */
import type { Resolution } from '../clients/resolve-integration.ts'
import type { Payer } from '../google/port.ts'
import type { Agent } from '../resources/types.ts'
import { announcementsOf, isAtRest, withAnnouncements, type AgentPush, type PushAccess } from './agent-push.ts'
import { noted } from './announcements.ts'
import { withoutFailures } from './state.ts'
import type { PushMode, WatchedCalendar } from './watching.ts'

/** What a reconcile of an Agent has found. */
export interface Observation {
  agent: Agent
  resolution: Resolution
  /** The calendars that the spec names and the person consented to. */
  calendars: readonly WatchedCalendar[]
  /** A valid access token; undefined if the grant was not found valid. */
  accessToken: string | undefined
  /** In whose budgets requests for the Agent count. */
  payer: Payer | undefined
  /** Somebody asked for a look now. */
  isRequested: boolean
}

/** Notes what a reconcile has read, and which calendars the spec names now. */
export function observed(before: AgentPush, observation: Observation, mode: PushMode): AgentPush {
  const { resolution, calendars } = observation
  // While nobody knows whether a new site is accepted, there is no address.
  const address = mode.kind === 'enabled' ? mode.address : before.address
  const state = address === before.address ? before.state : withoutFailures(before.state)
  const changed = withUnread(before, calendars)
  const reading = before.reading.size > 0 ? new Map<string, number>() : before.reading
  const integration = resolution.key
  const isResting = isAtRest({ mode, state, announcements: before.announcements })
  // Without channels, none is made or stopped, and no message is missed.
  const access = isResting ? undefined : accessOf(observation)
  const lastAccess = isResting ? undefined : (access ?? before.lastAccess)
  const now = { ...before, integration, mode, address, calendars, state, access, lastAccess, changed, reading }
  return isResting ? now : calendars.reduce(withReading, now)
}

/** Takes the calendars that were announced as changed: they are to be read from `now` on. */
export function takenChanged(push: AgentPush, now: number): AgentPush {
  if (push.changed.size === 0 && push.reading.size === 0) return push
  const taken = [...push.changed, ...push.reading.keys()]
  return { ...push, changed: new Set(), reading: new Map(taken.map((id) => [id, now])) }
}

function withReading(push: AgentPush, { id, lastRead, changedAt }: WatchedCalendar): AgentPush {
  const provedAt = push.state.byCalendar.get(id)?.proved?.provedAt
  return withAnnouncements(push, id, noted(announcementsOf(push, id), { lastRead, changedAt, provedAt }))
}

/** Adds the changed calendars that another failure kept from being read: they are read when the next reading comes to them. */
function withUnread({ changed, reading }: AgentPush, calendars: readonly WatchedCalendar[]): ReadonlySet<string> {
  if (reading.size === 0) return changed
  const unread = calendars.filter(
    ({ id, lastRead = -Infinity, hasFailed }) => !hasFailed && lastRead < (reading.get(id) ?? -Infinity),
  )
  return new Set([...changed, ...unread.map(({ id }) => id)])
}

/** With which client and token channels are made; undefined while none can be made. */
function accessOf({ resolution, accessToken, payer }: Observation): PushAccess | undefined {
  if (resolution.kind !== 'resolved' || resolution.entry.apiDisabled || accessToken === undefined) return undefined
  return { client: resolution.entry.client, accessToken, payer }
}
