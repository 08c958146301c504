/**
 * What the rest of the program may ask of Google. Reconcilers see only this file; `google.ts` implements it over HTTP.
 * Each method sends one request (a listing: one for each page), with a deadline, and throws a `GoogleError` and nothing else.
 * The caller retries: its queue has one backoff for each key. What a request learns of a rate limit holds for all Agents of the client.
 */

import type { Bypass } from './bypass.ts'

export type { Bypass }

/** A web client as the Google console hands it out. */
export interface OAuthClient {
  clientId: string
  clientSecret: string
}

/**
 * What a failure means, so that the caller knows what to do: by Google's `error` and `reason`, never by a description
 * (docs/google-behaviour.md#token-endpoint and #errors).
 */
export type GoogleFailure =
  /** No answer in time, a broken connection, 5xx: may pass. */
  | 'Unreachable'
  /** 429, or a reason such as rateLimitExceeded: back off. */
  | 'RateLimited'
  /** quotaExceeded, dailyLimitExceeded: a long pause. */
  | 'DailyQuotaExceeded'
  /** invalid_grant: this grant is dead. */
  | 'InvalidGrant'
  /** invalid_grant of an exchange: the code has expired, belongs to another client, or its verifier is wrong. Sign in again. */
  | 'InvalidCode'
  /** redirect_uri_mismatch of an exchange: our redirect URI is not registered at Google (yet). */
  | 'RedirectURIMismatch'
  /** invalid_grant with invalid_rapt or rapt_required: a session policy of the organisation ended the grant. */
  | 'SessionExpired'
  | 'InvalidClient'
  | 'ClientDeleted'
  | 'ClientDisabled'
  | 'UnauthorizedClient'
  | 'InvalidRequest'
  | 'BlockedByAdmin'
  /** 401 from the Calendar API: refresh once, retry once. */
  | 'Unauthenticated'
  | 'APIDisabled'
  | 'ScopeInsufficient'
  | 'NotFound'
  | 'Forbidden'
  /** notACalendarUser: the account has no Google Calendar, or it is switched off or suspended. */
  | 'CalendarDisabled'
  /** One page of a calendar is larger than an answer may be. */
  | 'CalendarTooLarge'
  /** 410 fullSyncRequired, or 400 for an unknown sync token: a full sync is needed. */
  | 'SyncTokenExpired'
  /** Anything else. Never a reason to delete anything. */
  | 'Unknown'

/** A request that failed. The message is safe to log and to show: it holds only a status, an error code and a reason. */
export class GoogleError extends Error {
  override readonly name = 'GoogleError'
  readonly failure: GoogleFailure
  readonly status: number | undefined
  /** How long to wait, in ms, where Google said so or limits the whole client. */
  readonly retryAfterMs: number | undefined

  constructor(failure: GoogleFailure, message: string, details: { status?: number; retryAfterMs?: number } = {}) {
    super(message)
    this.failure = failure
    this.status = details.status
    this.retryAfterMs = details.retryAfterMs
  }
}

/** The token endpoint's answer to a refresh or to an exchange. Instants in ms since the epoch. */
export interface TokenAnswer {
  accessToken: string
  expiresAt: number
  /** When the access token was issued, by our clock: two thirds of its lifetime are counted from here. */
  obtainedAt: number
  /**
   * After a refresh: set when Google rotated it; it must be saved before the access token is used. After an exchange: missing
   * where Google gave none, and then the grant ends with the access token.
   */
  refreshToken?: string
  /** The granted scopes, if Google said so. */
  scopes?: string[]
  /** The end of the grant itself (`refresh_token_expires_in`), if Google said so. */
  grantExpiresAt?: number
}

/** What a person is asked for on Google's consent page (docs/google-behaviour.md#authorization-endpoint). */
export interface ConsentRequest {
  /** Exactly as it is registered at Google. */
  redirectURI: string
  scopes: readonly string[]
  /** Returned unchanged with the code. */
  state: string
  /** PKCE's challenge, made by S256 (RFC 7636). */
  codeChallenge: string
  /** The e-mail address of the account that should sign in: Google offers it first. */
  loginHint?: string
}

/** An authorization code, and what it was requested with. */
export interface CodeExchange {
  code: string
  /** The one of the consent page; `postmessage` for a code from Google's popup (docs/google-behaviour.md#popup). */
  redirectURI: string
  codeVerifier?: string
}

/** An entry of a person's calendar list. */
export interface CalendarEntry {
  id: string
  timeZone?: string
  accessRole?: string
  primary?: boolean
}

/** One `events.list`: a full sync of a window (ms since the epoch), or an incremental one from a sync token. */
export interface EventsRequest {
  calendarId: string
  detail: 'Busy' | 'Full'
  from: { window: { start: number; end: number } } | { syncToken: string }
}

/** One page of a listing. It is only checked that `events` is a list. */
export interface EventsPage {
  /** Event resources with the fields that were requested, as Google sent them. */
  events: readonly unknown[]
  /** The calendar's own time zone, if a page has named it so far. */
  timeZone: string | undefined
}

/** What is known once every page of a listing was passed on. */
export interface ListingEnd {
  /** Missing where Google gave none: then the next sync is a full one. */
  nextSyncToken?: string
  timeZone: string
  /** The listing stopped after several pages without the mark of a last page: events may be missing. */
  truncated: boolean
}

/** The limit that Google applies to a client now, for all of its Agents. */
export interface Limit {
  failure: 'RateLimited' | 'DailyQuotaExceeded'
  /** When it was met first, ms since the epoch; shown to people. */
  since: number
  /** How long requests are still paused, in ms; 0: the pause is over, and the next request finds out. */
  leftMs: number
}

/** Google, as one OAuth client uses it. A bypass allows one request while a limit pauses the others. */
export interface GoogleClient {
  readonly credentials: OAuthClient
  /**
   * The limit in force, of the Calendar API or of the token endpoint. During its pause every request to that service fails at
   * once, and nothing is sent.
   */
  limit(): Limit | undefined
  /** Uses a bypass for a request that the caller holds back. Returns whether that request may be sent. */
  tryBypass(bypass: Bypass): boolean
  /** While the Calendar API limits the client: lets the next request to it, whosever it is, find out whether it still does. */
  probeCalendar(bypass: Bypass): boolean
  /** Resolves if client id and secret belong together: Google then answers a made-up refresh token with `invalid_grant`. */
  verify(bypass?: Bypass): Promise<void>
  /** Refreshes an access token (RFC 6749, section 6). Callers that ask at the same time share one request. */
  refresh(refreshToken: string, bypass?: Bypass): Promise<TokenAnswer>
  /**
   * The URL of Google's consent page, which asks for a refresh token every time. Sends no request. What goes wrong on that page
   * (a redirect URI that is not registered, a blocked app) Google shows only to the person.
   */
  consentURL(request: ConsentRequest): string
  /** Exchanges a code for tokens. A code is good once, for some minutes; a failed attempt uses it up too. */
  exchange(exchange: CodeExchange): Promise<TokenAnswer>
  /** Reads one entry of the calendar list. `primary` stands for the account's own calendar. */
  calendar(accessToken: string, calendarId: string, bypass?: Bypass): Promise<CalendarEntry>
  /**
   * Lists events and passes on one page after the other; no page is kept. Only if this resolves was the whole listing passed
   * on. What `onPage` throws ends the listing.
   */
  events(
    accessToken: string,
    request: EventsRequest,
    onPage: (page: EventsPage) => void,
    bypass?: Bypass,
  ): Promise<ListingEnd>
}

/** Google, for any OAuth client. */
export interface Google {
  /**
   * The same client for the same credentials. Limits are shared by those secrets of a client id that Google has accepted; any
   * other secret has limits of its own (docs/decisions/0117).
   */
  client(credentials: OAuthClient): GoogleClient
  /** Revokes a grant by either of its tokens (RFC 7009). A token that is dead already counts as revoked. Needs no client. */
  revoke(token: string): Promise<void>
}
