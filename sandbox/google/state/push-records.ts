/** Stored push channels and the log of deliveries. Types only, without imports: `state.ts` holds them. */

/** A push channel. */
export interface Channel {
  id: string
  /** The number of the client's project: ids are unique in it. */
  project: string
  resourceId: string
  resourceUri: string
  calendar: string
  account: string
  client: string
  address: string
  token?: string
  /** The expiration that the client was told. */
  expiration: number
  /** When it really ends: at the expiration, or earlier. */
  endsAt: number
  /** Why it ends before its expiration. */
  ended?: 'stopped' | 'silently'
  /** The number of the latest message. */
  messages: number
  /** The status of the answer to the latest delivery; 0 if it could not be delivered. */
  lastStatus?: number
  /** The message that a fault holds back until the next one is delivered, if there is one. */
  held: Message[]
}

/** The states of a resource that a message can report. */
export type ResourceState = 'sync' | 'exists'

/** A message of a channel. */
export interface Message {
  channel: Channel
  number: number
  state: ResourceState
  /** The fault that it is sent with. */
  fault?: string
}

/** What became of one attempt to deliver a message. */
export type Outcome = 'waiting' | 'received' | 'retried' | 'failed' | 'lost'

/** An entry in the log of deliveries. It has neither the token nor the address. */
export interface Delivery {
  /** When it was sent, as RFC 3339. */
  at: string
  /** The channel's id. */
  channel: string
  calendar: string
  account: string
  client: string
  number: number
  state: ResourceState
  /** From 1; 0 for a message that is never sent. */
  attempt: number
  /** The status of the answer; 0 while there is none. */
  status: number
  outcome: Outcome
  /** The name of the fault that the message was sent with. */
  fault?: string
}

/** A notification as it is sent. Its body is empty. */
export interface Notification {
  address: string
  headers: Record<string, string>
}

/** Sends a notification, and returns the status of the answer. It rejects if there is none. */
export type Post = (notification: Notification, signal: AbortSignal) => Promise<number>

/** Everything about push. */
export interface PushState {
  /** All channels, by `<project> <id>`; those that ended too, because their ids stay taken. */
  channels: Map<string, Channel>
  /** The channels of each calendar that may still be alive. */
  byCalendar: Map<string, Set<Channel>>
  deliveries: { entries: Delivery[]; total: number }
  post: Post
  /** Deliveries and waits that are under way. */
  underWay: Set<Promise<void>>
  /** Functions that cancel a timer. */
  timers: Set<() => void>
  /** Aborted at the shutdown. */
  closing: AbortController
}
