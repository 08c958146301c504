/** Stored projects, clients, accounts and grants. Types only: `state.ts` holds them all. */
import type { QuotaUsage } from './quota-records.ts'

/** The settings of a project in the Google Cloud console. */
export interface ProjectSettings {
  /** The consent screen: `Internal` admits only accounts of `orgDomain`. */
  userType: 'Internal' | 'External'
  publishing: 'Testing' | 'Production'
  /** The organisation that the project belongs to. */
  orgDomain?: string
  /** Who may consent in Testing; by default everyone. */
  testUsers?: string[]
  calendarApi: boolean
  perMinute: number
  perMinutePerUser: number
  perDay: number
}

/** A project, with the requests that count for its quotas. */
export interface Project extends ProjectSettings {
  id: string
  number: string
  usage: QuotaUsage
}

/** An OAuth client. */
export interface Client {
  clientId: string
  project: string
  secrets: { value: string; disabled: boolean }[]
  redirectUris: string[]
  javascriptOrigins: string[]
  state: 'active' | 'disabled' | 'deleted'
}

/** A Google account. */
export interface Account {
  email: string
  /** The Workspace organisation, by its domain. */
  org?: string
  deleted: boolean
  /** Whether Google Calendar is off for it, or it is suspended: the API answers 403 `notACalendarUser`. */
  calendarOff: boolean
  /** The calendars in this account's list, in order, the primary one first. */
  list: Map<string, { selected: boolean; hidden: boolean }>
  /** The grants of this account, oldest first. Ended ones are dropped from time to time. */
  grants: Grant[]
}

/** An authorization code that was not exchanged yet. */
export interface AuthorizationCode {
  value: string
  client: string
  account: string
  scopes: string[]
  redirectUri: string
  challenge?: { value: string; method: 'S256' | 'plain' }
  /** Whether the exchange gives a refresh token: for offline access, at the first or a forced consent. */
  offline: boolean
  expiresAt: number
}

/** What an account granted to a client, with its refresh token. */
export interface Grant {
  refreshToken: string
  /** The token before it, which stays valid until the one above is used. */
  previousToken?: string
  client: string
  account: string
  scopes: string[]
  grantedAt: number
  lastUsedAt: number
  /** When it expires, in Testing or after a time-based consent. */
  expiresAt?: number
  endedAt?: number
  /** The `error_subtype` of a session policy that asks for the person again. */
  rapt?: 'invalid_rapt' | 'rapt_required'
  accessTokens: Set<string>
}

/** An access token. */
export interface AccessToken {
  value: string
  /** Absent if the consent was for online access only. */
  grant?: Grant
  client: string
  account: string
  scopes: string[]
  expiresAt: number
}

/** A valid request to the authorization endpoint. */
export interface AuthorizationRequest {
  client: Client
  query: URLSearchParams
  scopes: string[]
  /** Where the code goes: to a registered URI, or to the page that opened the popup. */
  target: { redirectUri: string } | { origin: string }
}
