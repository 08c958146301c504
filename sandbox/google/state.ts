/**
 * Everything the simulated Google knows, in one place. The files around it are functions over this state, by topic.
 * All instants are milliseconds since the Unix epoch.
 */
import type { RequestLog } from './control/request-log.ts'
import type { Calendar, Channel } from './calendar/records.ts'
import type { FaultRule } from './control/fault-rules.ts'
import type { AccessToken, Account, AuthorizationCode, Client, Grant, Project } from './oauth/records.ts'

/** Time as the sandbox's caller hands it in; the operator's own clocks fit. */
export interface SandboxClock {
  now(): number
  setTimer(delayMs: number, fire: () => void): () => void
}

/** Behaviours of Google that come and go: they may be switched while the server runs. */
export interface Switches {
  /** Send `refresh_token_expires_in` with grants that end by time. */
  reportRefreshExpiry: boolean
  /** Every refresh answers with a new refresh token, and the old one dies. */
  rotateRefreshTokens: boolean
  /** With that, the old one dies only when the new one is used: nobody loses it by a crash in between. */
  rotationOverlap: boolean
  /** No listing page is longer than this, whatever `maxResults` says; 0 is no cap. */
  pageSizeCap: number
  /** All guests are shown, whatever `maxAttendees` says. */
  ignoreMaxAttendees: boolean
  /** Page and sync tokens of listings have at least so many characters. */
  tokenLength: number
  /** Every other page of a listing is empty, the first one included. */
  emptyPages: boolean
  /** Life of an access token in seconds. */
  accessTokenLifetime: number
  /** A new Google Meet conference is `pending` in the write's answer, and there on the next read. */
  pendingConferences: boolean
  /** Life of a sync token in seconds; 0 is for ever. */
  syncTokenLifetime: number
  /** Notifications are lost (`drop`), sent twice (`duplicate`), or `normal`. */
  notifications: 'normal' | 'drop' | 'duplicate'
  /** The origin (`http://127.0.0.1:8080`) to which notifications really go, whatever the channel's address; path kept. */
  deliverTo: string
}

export interface Listener {
  /** Cuts every connection; new ones are refused. */
  leave(): void
  /** Listens again, at the same port. */
  comeBack(): void
}

export interface GoogleState {
  /** Where this server listens, as clients write it: no trailing slash. */
  url: string
  now(): number
  setTimer(delayMs: number, fire: () => void): () => void
  /** How far this server's clock runs ahead of the one it was given. */
  aheadMs: number
  random(): number
  counter: number
  projects: Map<string, Project>
  clients: Map<string, Client>
  accounts: Map<string, Account>
  calendars: Map<string, Calendar>
  refreshTokens: Map<string, Grant>
  accessTokens: Map<string, AccessToken>
  codes: Map<string, AuthorizationCode>
  /** Clients that an administrator blocks: `<client> <account or organisation>`. */
  restrictions: Set<string>
  channels: Map<string, Channel>
  faults: FaultRule[]
  /** The listening socket, which may go away for a while. */
  listener: Listener
  /** Requests that hang, each with the fault that holds it; calling one lets it go on. */
  hanging: Map<() => void, string>
  log: RequestLog
  switches: Switches
}

export const defaultSwitches: Switches = {
  reportRefreshExpiry: false,
  rotateRefreshTokens: false,
  rotationOverlap: false,
  pageSizeCap: 0,
  ignoreMaxAttendees: false,
  tokenLength: 0,
  emptyPages: false,
  accessTokenLifetime: 3599,
  pendingConferences: false,
  syncTokenLifetime: 0,
  notifications: 'normal',
  deliverTo: '',
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** A name nobody else has, such as a token: unguessable as far as `random` is, unique by the counter in it. */
export function freshName(state: GoogleState, prefix: string, length = 40): string {
  let name = ''
  for (let i = 0; i < length; i++) name += ALPHABET.charAt(Math.floor(state.random() * 64))
  state.counter += 1
  return `${prefix}${name}${state.counter.toString(36)}`
}
