/** What is known about the push channels of one Agent between two steps, as a value. */
import type { GoogleClient, Payer } from '../google/port.ts'
import type { Key } from '../kubernetes/port.ts'
import { newAnnouncements, type Announcements } from './announcements.ts'
import { withCalendarPush, type CalendarPush, type PushState } from './state.ts'
import type { PushMode, WatchedCalendar } from './watching.ts'

/** Which client makes and stops an Agent's channels, and with which token. */
export interface PushAccess {
  readonly client: GoogleClient
  readonly accessToken: string
  /** In whose budgets the requests count. */
  readonly payer: Payer | undefined
}

/** The state of one Agent. Instants are the monotonic clock's. */
export interface AgentPush {
  readonly uid: string
  /** The Agent's integration. */
  readonly integration: Key
  readonly mode: PushMode
  /** The URL that notifications were last posted to; undefined until that was known. */
  readonly address: string | undefined
  /** The calendars that the spec names and the person consented to. */
  readonly calendars: readonly WatchedCalendar[]
  readonly state: PushState
  /** By the ids of the calendars. */
  readonly announcements: ReadonlyMap<string, Announcements>
  /** The calendars that were announced as changed. */
  readonly changed: ReadonlySet<string>
  /** Those of them that are being read, and when that began. */
  readonly reading: ReadonlyMap<string, number>
  /** Undefined while the Agent has no valid token. */
  readonly access: PushAccess | undefined
  /** The last access, with which channels of an Agent that is gone are stopped. */
  readonly lastAccess: PushAccess | undefined
  /** Another Agent finds out whether notifications arrive. */
  readonly waitsForOther: boolean
  /** What the status was last told, as a digest; undefined until it was told anything. */
  readonly reported: string | undefined
}

type NewAgentPush = Pick<AgentPush, 'uid' | 'integration' | 'mode' | 'state'>

/** What all Agents have that were never announced as changed: a map of its own needs 180 bytes, and most Agents have no channels. */
const NONE = { announcements: new Map<string, never>(), changed: new Set<never>(), reading: new Map<string, never>() }

/** The state of an Agent that was not observed yet, with the channels that are known of it. */
export const newAgentPush = ({ uid, integration, mode, state }: NewAgentPush): AgentPush => ({
  ...{ uid, integration, state, mode, address: undefined, calendars: [] },
  ...NONE,
  ...{ access: undefined, lastAccess: undefined, waitsForOther: false, reported: undefined },
})

/** What is known about the messages for a calendar. */
export const announcementsOf = ({ announcements }: AgentPush, id: string): Announcements =>
  announcements.get(id) ?? newAnnouncements()

/** Replaces what is known about the messages for a calendar. */
export const withAnnouncements = (push: AgentPush, id: string, one: Announcements): AgentPush => ({
  ...push,
  announcements: new Map(push.announcements).set(id, one),
})

/** Replaces the channels of a calendar. */
export const withChannels = (push: AgentPush, id: string, calendar: CalendarPush): AgentPush => ({
  ...push,
  state: withCalendarPush(push.state, id, calendar),
})

/** Whether a channel of the Agent waits for its first message. */
export const hasUnproved = ({ state }: AgentPush): boolean =>
  [...state.byCalendar.values()].some(({ unproved }) => unproved !== undefined)

/** Whether there are no channels, none are wanted, and no message is waited for. */
export const isAtRest = ({
  mode,
  state,
  announcements,
}: Pick<AgentPush, 'mode' | 'state' | 'announcements'>): boolean =>
  (mode.kind === 'disabled' || mode.kind === 'unreachable') &&
  state.byCalendar.size === 0 &&
  state.stopping.length === 0 &&
  [...announcements.values()].every(({ unannounced }) => unannounced.length === 0)
