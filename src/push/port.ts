/** What the pages tell the reconciler of an Agent about Google's notifications. */
import type { VerifiedChannel } from './channel-token.ts'

/** A notification for some calendars of one Agent. */
export interface Notification {
  /** Wall time, in ms since the epoch. */
  receivedAt: number
  /** `sync` is Google's first message on a channel: it announces nothing. */
  kind: 'sync' | 'change'
  /** `calendarTag` of each calendar. */
  tags: readonly string[]
  /** `channelCheck` of each channel that they arrived on; empty if a replica of an earlier version passed them on. */
  checks: readonly string[]
}

/** A notification whose token was verified. */
export interface ReceivedNotification extends Pick<VerifiedChannel, 'uid' | 'tag' | 'check'> {
  kind: Notification['kind']
}

/** Takes the notifications for the Agent `namespace/name`. */
export type OnNotification = (agentKey: string, notification: Notification) => void

/** The notifications for the Agents that this replica owns. */
export interface Notifications {
  /** Calls `listener` at most once a second for each Agent and kind, within a second of the notification. */
  subscribe(listener: OnNotification): void
}
