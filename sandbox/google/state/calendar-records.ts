/** Stored calendars and events. Types only: `state.ts` holds them all. */
import type { Recurrence } from '../times/recurrence.ts'
import type { EventTime, Span } from '../times/times.ts'
import type { SlidingMinute } from './quota-records.ts'

/** The roles of accounts in a calendar. */
export type AccessRole = 'freeBusyReader' | 'reader' | 'writerWithoutPrivateAccess' | 'writer' | 'owner'

/** A calendar with its events and its change log. */
export interface Calendar {
  id: string
  owner: string
  summary: string
  timeZone: string
  /** Roles of accounts other than the owner. */
  acl: Map<string, AccessRole>
  /** False for calendars such as holidays, which can't be watched. */
  pushSupported: boolean
  /** The client that made it. Its grants with the scope `calendar.app.created` reach this calendar. */
  createdBy?: string
  /** The writes of the last minute. */
  writes?: SlidingMinute
  /** Grows with every change. Each event has the version of its latest change; together they are the change log. */
  version: number
  /** Sync tokens of another epoch get 410. The epoch changes with the access list and with `expireSyncTokens`. */
  epoch: number
  /** In the order of creation. The records are immutable. */
  events: Map<string, EventRecord>
  /** Former versions of recurring events, which tell which instances are gone. */
  retired: { version: number; record: EventRecord }[]
  nextOrder: number
}

/** The fields of an event that people write, by their names in the API. */
export type EventFields = Record<string, unknown> & { start?: EventTime; end?: EventTime }

/** A version of an event, or of an exception of a series. */
export interface EventRecord {
  readonly id: string
  /** The position in the calendar's order of creation. */
  readonly order: number
  readonly version: number
  readonly created: number
  readonly updated: number
  readonly cancelled: boolean
  readonly fields: EventFields
  readonly span: Span
  readonly recurrence?: Recurrence
  /** Set for an instance of a recurring event. */
  readonly series?: { master: string; original: EventTime; originalMs: number }
  /** Set for an exception that was removed with its series. The instance returns if the series does. */
  readonly orphan?: boolean
}
