/** What is stored of projects, clients, people and what they granted. Types only, without imports: `state.ts` holds them all. */

export interface ProjectSettings {
  /** The consent screen: `Internal` admits only accounts of `orgDomain`. */
  userType: 'Internal' | 'External'
  publishing: 'Testing' | 'Production'
  /** The organisation that the project belongs to. */
  orgDomain?: string
  /** Who may consent in Testing; left out, everyone is taken to be listed. */
  testUsers?: string[]
  calendarApi: boolean
  perMinute: number
  perMinutePerUser: number
  perDay: number
}

export interface Project extends ProjectSettings {
  id: string
  number: string
  usage: { project: QuotaWindow; users: Map<string, QuotaWindow>; day: number; today: number }
}

/** The instants of the requests of the last minute, oldest first from `head` on. */
export interface QuotaWindow {
  times: number[]
  head: number
}

export interface Client {
  clientId: string
  project: string
  secrets: { value: string; disabled: boolean }[]
  redirectUris: string[]
  javascriptOrigins: string[]
  state: 'active' | 'disabled' | 'deleted'
}

export interface Account {
  email: string
  /** The Workspace organisation, by its domain. */
  org?: string
  deleted: boolean
  /** Google Calendar is switched off for it, or it is suspended: the API answers 403 `notACalendarUser`. */
  calendarOff: boolean
  /** The calendars in this account's list, in order; the primary one first. */
  list: Map<string, { selected: boolean; hidden: boolean }>
  /** What this account granted, oldest first; the dead ones are dropped now and then. */
  grants: Grant[]
}

export interface AuthorizationCode {
  value: string
  client: string
  account: string
  scopes: string[]
  redirectUri: string
  challenge?: { value: string; method: 'S256' | 'plain' }
  /** Whether a refresh token comes with it: offline access, at the first or a forced consent. */
  offline: boolean
  expiresAt: number
}

export interface Grant {
  refreshToken: string
  /** Good as well, until the one above is used. */
  previousToken?: string
  client: string
  account: string
  scopes: string[]
  grantedAt: number
  lastUsedAt: number
  /** When it ends by time: Testing, or a time-based consent. */
  expiresAt?: number
  deadSince?: number
  /** Set when a session policy wants the person back: the `error_subtype`. */
  rapt?: 'invalid_rapt' | 'rapt_required'
  accessTokens: Set<string>
}

export interface AccessToken {
  value: string
  /** Absent when the consent was for online access only. */
  grant?: Grant
  client: string
  account: string
  scopes: string[]
  expiresAt: number
}

/** A request of the authorization endpoint that was found good. */
export interface AuthorizationRequest {
  client: Client
  query: URLSearchParams
  scopes: string[]
  /** Where the code goes: a registered URI, or back to the page that opened the popup. */
  target: { redirectUri: string } | { origin: string }
}
