/** What is stored of calendars, events and push channels. Types only: `state.ts` holds them all. */
import type { Recurrence } from './recurrence.ts'
import type { EventTime, Span } from './times.ts'

export type AccessRole = 'freeBusyReader' | 'reader' | 'writerWithoutPrivateAccess' | 'writer' | 'owner'

export interface Calendar {
  id: string
  owner: string
  summary: string
  timeZone: string
  /** Roles of accounts besides the owner. */
  acl: Map<string, AccessRole>
  /** False for calendars such as holidays, which can't be watched. */
  pushSupported: boolean
  /** Grows with every change; an event carries the version of its latest change: together, the change log. */
  version: number
  /** Sync tokens of another epoch are answered 410: it moves on an ACL change and on the expire switch. */
  epoch: number
  /** In the order of creation. The records are never changed, only replaced. */
  events: Map<string, EventRecord>
  /** Former shapes of events that are or were recurring, for telling which instances are gone. */
  retired: { version: number; record: EventRecord }[]
  nextOrder: number
}

/** What people write into an event, as the API names it. */
export type EventFields = Record<string, unknown> & { start?: EventTime; end?: EventTime }

export interface EventRecord {
  readonly id: string
  /** Place in the calendar's order of creation. */
  readonly order: number
  readonly version: number
  readonly created: number
  readonly updated: number
  readonly cancelled: boolean
  readonly fields: EventFields
  readonly span: Span
  readonly recurrence?: Recurrence
  /** For an instance of a recurring event. */
  readonly series?: { master: string; original: EventTime; originalMs: number }
  /** An exception that went with its series: the instance returns if the series does. */
  readonly orphan?: boolean
}

export interface Channel {
  id: string
  resourceId: string
  resourceUri: string
  calendar: string
  account: string
  client: string
  address: string
  token?: string
  expiration: number
  /** The number of the latest message. */
  messages: number
  /** How the latest delivery was answered; 0 when it could not be delivered. */
  lastStatus?: number
}
