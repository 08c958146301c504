/**
 * The state of the simulated Google, in one place. The other files are functions over it, by topic. All instants are
 * milliseconds since the Unix epoch.
 */
import type { RequestLog } from './request-log.ts'
import type { Calendar } from './calendar-records.ts'
import type { FaultRule } from './fault-rules.ts'
import type { AccessToken, Account, AuthorizationCode, Client, Grant, Project } from './oauth-records.ts'
import type { Mail } from './mail-records.ts'
import type { PushState } from './push-records.ts'
import type { RateLimitStatus, Traffic } from './quota-records.ts'

/** The clock that the caller passes in. The operator's own clocks fit. */
export interface SandboxClock {
  now(): number
  setTimer(delayMs: number, fire: () => void): () => void
}

/** Behaviours of Google that can be switched while the server runs. */
export interface Switches {
  /** Answers have `refresh_token_expires_in` for grants that expire. */
  reportRefreshExpiry: boolean
  /** Every refresh returns a new refresh token and ends the old one. */
  rotateRefreshTokens: boolean
  /** With that, the old one ends only when the new one is used, so that a crash in between loses nothing. */
  rotationOverlap: boolean
  /** The most items of a listing page, whatever `maxResults` says; 0 means no limit. */
  pageSizeCap: number
  /** All attendees are shown, whatever `maxAttendees` says. */
  ignoreMaxAttendees: boolean
  /** The least length of page and sync tokens. */
  tokenLength: number
  /** Every other page of a listing is empty, starting with the first. */
  emptyPages: boolean
  /** The lifetime of an access token in seconds. */
  accessTokenLifetime: number
  /** How many answers show a new Google Meet conference as `pending`: first the one to the write, then those of events.get. */
  pendingConferences: number
  /** Whether Google Meet makes conferences, fails to make them, or is not offered by the calendars. */
  meet: 'offered' | 'failing' | 'notOffered'
  /** An update brings a deleted event back. Otherwise it gets 403 `forbidden`; both are reported. */
  updateRestores: boolean
  /** The most writes to one calendar in a minute; 0 means unlimited. */
  writesPerCalendar: number
  /** The lifetime of a sync token in seconds; 0 means unlimited. */
  syncTokenLifetime: number
  /** The status of the answer to a request above a minute's quota. */
  rateLimitStatus: RateLimitStatus
  /** The longest life of a push channel in seconds, whatever is asked for. */
  channelLifetime: number
  /** How many seconds a channel that was stopped still sends messages. */
  stopDelay: number
  /** The first message of a channel is delivered before events.watch answers. Otherwise either may come first. */
  syncFirst: boolean
  /** Origins that channels may name although they are not https or not public. */
  acceptedOrigins: string[]
  /** The origin, such as `http://127.0.0.1:8080`, that replaces the one of every channel's address, or one for each origin. */
  deliverTo: string | Record<string, string>
}

/** The listening socket, as an outage needs it. */
export interface Listener {
  /** Closes every connection and refuses new ones. */
  beginOutage(): void
  /** Listens again on the same port. */
  endOutage(): void
}

/** The whole state of one simulated Google. */
export interface GoogleState {
  /** The origin of this server, without a trailing slash. */
  url: string
  now(): number
  setTimer(delayMs: number, fire: () => void): () => void
  /** How far this server's clock is ahead of the clock that it was given. */
  aheadMs: number
  random(): number
  counter: number
  projects: Map<string, Project>
  clients: Map<string, Client>
  accounts: Map<string, Account>
  calendars: Map<string, Calendar>
  /** How many reads still show a conference as pending, by the id of its request. */
  conferencePolls: Map<string, number>
  /** The mails to guests, oldest first. */
  mails: Mail[]
  refreshTokens: Map<string, Grant>
  accessTokens: Map<string, AccessToken>
  codes: Map<string, AuthorizationCode>
  /** Clients that an administrator blocked: `<client> <account or organisation>`. */
  restrictions: Set<string>
  push: PushState
  faults: FaultRule[]
  /** The listening socket, which an outage closes for a while. */
  listener: Listener
  /** Functions that release hanging requests, each with the id of its fault. */
  hanging: Map<() => void, string>
  log: RequestLog
  /** The requests to the Calendar API, by project and client. */
  traffic: Traffic
  switches: Switches
}

/** The switches at the start. */
export const defaultSwitches: Switches = {
  reportRefreshExpiry: false,
  rotateRefreshTokens: false,
  rotationOverlap: false,
  pageSizeCap: 0,
  ignoreMaxAttendees: false,
  tokenLength: 0,
  emptyPages: false,
  accessTokenLifetime: 3599,
  pendingConferences: 0,
  meet: 'offered',
  updateRestores: false,
  writesPerCalendar: 0,
  syncTokenLifetime: 0,
  rateLimitStatus: 403,
  channelLifetime: 604_800,
  stopDelay: 0,
  syncFirst: false,
  acceptedOrigins: [],
  deliverTo: '',
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Makes a unique name, such as a token. It is as unguessable as `random`, and unique by its counter. */
export function freshName(state: GoogleState, prefix: string, length = 40): string {
  let name = ''
  for (let i = 0; i < length; i++) name += ALPHABET.charAt(Math.floor(state.random() * 64))
  state.counter += 1
  return `${prefix}${name}${state.counter.toString(36)}`
}
