/**
 * What the rest of the program may ask of Google. Reconcilers see this file only; `google.ts` implements it over HTTP.
 * Each method is one request (a listing: one a page), with a deadline, and fails with a `GoogleError` and nothing else.
 * Retrying is the caller's: its queue has one backoff a key. Sharing the news of a rate limit is done here.
 */

import type { Bypass } from './bypass.ts'

export type { Bypass }

/** A web client as the Google console hands it out. */
export interface OAuthClient {
  clientId: string
  clientSecret: string
}

/** What a refusal is about, so that the caller knows what to do; told by `error` and `reason`, never by descriptions. */
export type GoogleFailure =
  /** No answer in time, a broken connection, 5xx: may pass. */
  | 'Unreachable'
  /** 429, rateLimitExceeded and its kin: back off. */
  | 'RateLimited'
  /** quotaExceeded, dailyLimitExceeded: a long pause. */
  | 'DailyQuotaExceeded'
  /** invalid_grant: this grant is dead. */
  | 'InvalidGrant'
  /** invalid_grant of an exchange: the code is dead, of another client, or its verifier is wrong. Begin anew. */
  | 'InvalidCode'
  /** redirect_uri_mismatch of an exchange: Google does not know our address (yet). */
  | 'RedirectURIMismatch'
  /** invalid_grant with invalid_rapt or rapt_required: the organisation's session policy ended it. */
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
  /** A page of a calendar is larger than any answer may be. */
  | 'CalendarTooLarge'
  /** 410 fullSyncRequired, and 400 for a sync token it does not know: list anew. */
  | 'SyncTokenExpired'
  /** Anything else. Never a reason to delete anything. */
  | 'Unknown'

/** A refusal of Google's. Its message is safe to log and to show: status, error code and reason only. */
export class GoogleError extends Error {
  override readonly name = 'GoogleError'
  readonly failure: GoogleFailure
  readonly status: number | undefined
  /** How long to stay away, where Google said so or everybody of this client is being limited. */
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
   * Of a refresh: present when Google rotated it; it must be kept before the access token is used. Of an exchange: missing
   * where Google gave none, and then there is nothing that lasts.
   */
  refreshToken?: string
  /** The granted scopes, when Google tells. */
  scopes?: string[]
  /** The end of the grant itself (`refresh_token_expires_in`), when Google tells. */
  grantExpiresAt?: number
}

/** Where a person is sent to sign in. */
export interface ConsentRequest {
  /** To the letter as it is registered at Google. */
  redirectURI: string
  scopes: readonly string[]
  /** Comes back as it is. */
  state: string
  /** Of PKCE, by S256. */
  codeChallenge: string
  /** The account that should sign in: Google offers it first. */
  loginHint?: string
}

/** A code, and what it was asked for with. */
export interface CodeExchange {
  code: string
  /** The one of the consent; `postmessage` for a code that came through Google's popup. */
  redirectURI: string
  codeVerifier?: string
}

export interface CalendarEntry {
  id: string
  timeZone?: string
  accessRole?: string
  primary?: boolean
}

/** One `events.list`: the first of a calendar (a window) or the next (a sync token), always with the same parameters. */
export interface EventsRequest {
  calendarId: string
  detail: 'Busy' | 'Full'
  from: { window: { start: number; end: number } } | { syncToken: string }
}

/** One page of a listing. Nothing of it is checked but that it is a list. */
export interface EventsPage {
  /** Event resources, with the fields that are asked for, as Google sent them. */
  events: readonly unknown[]
  /** The calendar's own, as far as the listing has told it. */
  timeZone: string | undefined
}

/** What is known once every page of a listing was handed on. */
export interface ListingEnd {
  /** Missing where Google gave none: then the next listing is a full one. */
  nextSyncToken?: string
  timeZone: string
}

/** How a client is being limited just now: one view for all of its agents. */
export interface Limit {
  failure: 'RateLimited' | 'DailyQuotaExceeded'
  /** When it was met first, ms since the epoch: for people. */
  since: number
  /** How long it still pauses requests, in ms; 0: it is over, but nobody has asked yet. */
  leftMs: number
}

/** Google, as one OAuth client sees it. With a bypass, a request passes once over a pause because of a limit. */
export interface GoogleClient {
  readonly credentials: OAuthClient
  /**
   * The limit in force, of the token endpoint or of the Calendar API, if any; while there is one, every request to that
   * service fails at once with it, and nothing is sent.
   */
  limit(): Limit | undefined
  /** Uses a bypass up for a request that is held back by something that the caller knows of. */
  tryBypass(bypass: Bypass): boolean
  /** Where the Calendar API limits us: the next request to it, whosever it is, finds out whether it still does. */
  probeCalendar(bypass: Bypass): boolean
  /** Resolves when id and secret are right: Google then answers a made-up refresh token with `invalid_grant`. */
  verify(bypass?: Bypass): Promise<void>
  /** One flight per refresh token, however many ask. */
  refresh(refreshToken: string, bypass?: Bypass): Promise<TokenAnswer>
  /**
   * Google's page of consent, asking for a refresh token every time. No request: an address to send a browser to. What goes
   * wrong there (an address that is not registered, an app that is blocked) Google shows to the person, and tells nobody else.
   */
  consentURL(request: ConsentRequest): string
  /** Turns a code into tokens; a code is good once, for some minutes, and dies of a failed attempt too. */
  exchange(exchange: CodeExchange): Promise<TokenAnswer>
  calendar(accessToken: string, calendarId: string, bypass?: Bypass): Promise<CalendarEntry>
  /**
   * Hands on one page after the other; nothing of a page is kept. There is no half of a listing: only when this resolves was
   * all of it handed on. What `onPage` throws ends the listing.
   */
  events(
    accessToken: string,
    request: EventsRequest,
    onPage: (page: EventsPage) => void,
    bypass?: Bypass,
  ): Promise<ListingEnd>
}

export interface Google {
  /**
   * The same client for the same credentials. What is learned of limits is shared among the secrets of one client id that Google
   * has accepted; a secret that it has not accepted has limits of its own.
   */
  client(credentials: OAuthClient): GoogleClient
  /** Ends a grant by either of its tokens; one that is dead already counts as done. No client is needed for that. */
  revoke(token: string): Promise<void>
}
