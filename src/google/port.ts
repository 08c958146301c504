/**
 * Google as the other rooms use it. Reconcilers import only this file; `google.ts` implements it over HTTP. Each method sends one
 * request (a listing sends one per page), with a deadline, and throws only a `GoogleError`. Callers retry, because their queue has
 * a backoff for each key. A rate limit that a request meets applies to all Agents of the client.
 */

import type { Priority } from '../rate-limit/sliding-budget.ts'
import type { Quota } from '../resources/quota.ts'
import type { Bypass } from './bypass.ts'

export { GoogleError, needsNewToken, OverBudgetError, type GoogleFailure } from './errors.ts'
export type { Bypass, Priority, Quota }

/** The credentials of an OAuth client of type Web application. */
export interface OAuthClient {
  clientId: string
  clientSecret: string
}

/** The token endpoint's answer to a refresh or to an exchange. Instants in ms since the epoch. */
export interface TokenAnswer {
  accessToken: string
  expiresAt: number
  /** When the access token was issued, by our clock: two thirds of its lifetime are counted from here. */
  obtainedAt: number
  /**
   * After a refresh: set if Google rotated it; it must be saved before the access token is used. After an exchange: undefined if
   * Google returned none, and then the grant ends with the access token.
   */
  refreshToken?: string
  /** The granted scopes, if Google said so. */
  scopes?: string[]
  /** When the grant itself ends (`refresh_token_expires_in`), if Google said so. */
  grantExpiresAt?: number
}

/** A request for consent on Google's consent page (docs/google-behaviour.md#authorization-endpoint). */
export interface ConsentRequest {
  /** Exactly as registered at Google. */
  redirectURI: string
  scopes: readonly string[]
  /** Returned unchanged with the code. */
  state: string
  /** The PKCE challenge, computed with S256 (RFC 7636). */
  codeChallenge: string
  /** The e-mail address of the account that should sign in; Google offers it first. */
  loginHint?: string
}

/** An authorization code with the parameters that it was requested with. */
export interface CodeExchange {
  code: string
  /** That of the consent request; `postmessage` for a code from Google's popup (docs/google-behaviour.md#popup). */
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

/** One page of a listing. `events` is a list whose items have not been checked. */
export interface EventsPage {
  /** Event resources with the requested fields, as Google sent them. */
  events: readonly unknown[]
  /** The calendar's own time zone, if a page has named it so far. */
  timeZone: string | undefined
}

/** The result of a listing, after every page was passed on. */
export interface ListingEnd {
  /** Undefined if Google returned none; then the next sync is a full one. */
  nextSyncToken?: string
  timeZone: string
  /** The listing ended after several pages without a sync token, so events may be missing. */
  truncated: boolean
}

/** A request for a push channel, on which Google announces changes of one calendar (docs/google-behaviour.md#push-notifications). */
export interface WatchRequest {
  calendarId: string
  /** At most 64 characters, never used before. */
  channelId: string
  /** Sent back with each notification; at most 256 characters. */
  token: string
  /** The https URL that notifications are posted to. */
  address: string
}

/** A push channel, as Google made it. */
export interface WatchedChannel {
  /** Needed to stop the channel. */
  resourceId: string
  /** When the channel ends, in ms since the epoch. */
  expiresAt: number
}

/** A push channel that is to be stopped. */
export interface StopRequest {
  channelId: string
  resourceId: string
}

/** One event of a calendar. */
export interface EventReference {
  calendarId: string
  eventId: string
}

/** Whom Google tells by e-mail about a write (`sendUpdates`). */
export type SendUpdates = 'all' | 'externalOnly' | 'none'

/** The fields of Google's Events resource that a write sends. `null` in a patch removes a field. */
export type EventFields = Readonly<Record<string, unknown>>

/** A new event with an id of the caller's own, so that a request whose answer is lost can be repeated. */
interface InsertRequest {
  calendarId: string
  /** With `id`: 5 to 1,024 of the characters a-v and 0-9. */
  event: EventFields & { id: string }
  sendUpdates: SendUpdates
}

/** A change of an event in the version that it was decided on. */
interface PatchRequest extends EventReference {
  /** Objects are merged, lists are replaced, null removes. */
  fields: EventFields
  etag: string
  sendUpdates: SendUpdates
}

/** The deletion of an event, in whichever version. */
interface DeleteRequest extends EventReference {
  sendUpdates: SendUpdates
}

/** An event as Google holds it, with all guests. */
export interface StoredEvent {
  id: string
  /** Identifies the version of the event. */
  etag: string
  /** It was cancelled or deleted. Then only `id` is certain, and the id stays reserved. */
  isCancelled: boolean
  /** The Events resource; its fields are not checked. */
  resource: EventFields
}

/** What became of an insertion. `duplicate`: an event with that id exists, or existed. */
export type InsertResult = { kind: 'created'; event: StoredEvent } | { kind: 'duplicate' }

/**
 * What became of a patch. `changed`: the event is no longer in that version (412). `gone`: it does not exist (any more), or the
 * account may not see the calendar.
 */
type PatchResult = { kind: 'patched'; event: StoredEvent } | { kind: 'changed' } | { kind: 'gone' }

/** In whose budgets a request to the Calendar API counts. */
export interface Payer {
  /** The key of the integration. */
  integration: string
  /** The canonical form of the account, or another text that stands for an account that is not known. */
  account: string
  /** Nobody has verified that the access token is this account's. */
  isClaimed?: boolean
}

/** How a request to the Calendar API is limited. */
export interface RequestOptions {
  /** Whose budgets it counts in, besides the client's; nobody's by default. */
  payer?: Payer
  /** `routine` by default. A request with a bypass is `requested`. */
  priority?: Priority
  bypass?: Bypass
  /** The access token may be another client's, as one that was read from a Secret: a limit that it meets is not this client's. */
  isTokenUnproven?: boolean
}

/** The rate limit that Google applies to a client, and thereby to all of its Agents. */
export interface Limit {
  failure: 'RateLimited' | 'DailyQuotaExceeded'
  /** When it was first met, in ms since the epoch; shown to people. */
  since: number
  /** How long requests are still paused, in ms; 0 if the pause is over and the next request is the probe. */
  leftMs: number
}

/** Google as one OAuth client uses it. A bypass allows one request while a limit pauses the others. */
export interface GoogleClient {
  readonly credentials: OAuthClient
  /**
   * The rate limit in force, of the Calendar API or of the token endpoint. During its pause, every request to that service fails
   * at once without being sent.
   */
  limit(): Limit | undefined
  /** Uses a bypass for a request that the caller holds back itself. Returns whether that request may be sent. */
  tryBypass(bypass: Bypass): boolean
  /** While the Calendar API limits the client: makes the next request to it, from any Agent, the probe. */
  probeCalendar(bypass: Bypass): boolean
  /** Resolves if client id and secret belong together: Google then answers an invented refresh token with `invalid_grant`. */
  verify(bypass?: Bypass): Promise<void>
  /** Refreshes an access token (RFC 6749, section 6). Concurrent callers share one request. */
  refresh(refreshToken: string, bypass?: Bypass): Promise<TokenAnswer>
  /**
   * The URL of Google's consent page, which asks for a refresh token every time. Sends no request. Google shows errors on that
   * page (a redirect URI that is not registered, a blocked app) only to the person.
   */
  consentURL(request: ConsentRequest): string
  /** Exchanges a code for tokens. A code is valid once, for some minutes; a failed attempt uses it up, too. */
  exchange(exchange: CodeExchange): Promise<TokenAnswer>
  /** Reads one entry of the calendar list. The id `primary` means the account's own calendar. */
  calendar(accessToken: string, calendarId: string, options?: RequestOptions): Promise<CalendarEntry>
  /**
   * Lists events and passes one page after another to `onPage`; no page is kept. The listing is complete only if this resolves.
   * An exception of `onPage` ends the listing.
   */
  events(
    accessToken: string,
    request: EventsRequest,
    onPage: (page: EventsPage) => void,
    options?: RequestOptions,
  ): Promise<ListingEnd>
  /** Reads one event with all its guests; undefined if Google knows none of that id in a calendar that the account may see. */
  event(accessToken: string, event: EventReference, options?: RequestOptions): Promise<StoredEvent | undefined>
  /**
   * Creates an event. If this fails as `Unreachable`, the event may have been created nevertheless; the same request then results
   * in `duplicate`.
   */
  insertEvent(accessToken: string, request: InsertRequest, options?: RequestOptions): Promise<InsertResult>
  /** Changes an event, if it is still in the version that the caller has read. */
  patchEvent(accessToken: string, request: PatchRequest, options?: RequestOptions): Promise<PatchResult>
  /** Deletes an event. One that does not exist (any more) counts as deleted. */
  deleteEvent(accessToken: string, request: DeleteRequest, options?: RequestOptions): Promise<void>
  /** Makes a push channel. Its first message may arrive before this resolves. */
  watch(accessToken: string, request: WatchRequest, options?: RequestOptions): Promise<WatchedChannel>
  /** Stops a push channel of the same account and client. A channel that does not exist (any more) counts as stopped. */
  stopChannel(accessToken: string, request: StopRequest, options?: RequestOptions): Promise<void>
}

/** Google, for any OAuth client. */
export interface Google {
  /**
   * Returns the same client for the same credentials. Those secrets of a client id that Google has accepted share their rate
   * limits; any other secret has limits of its own (docs/decisions/0117).
   */
  client(credentials: OAuthClient): GoogleClient
  /**
   * Sets the quota of an integration and the credentials that it uses. Its requests keep to its own quota, and those of all
   * integrations that share their limits to the largest.
   */
  setQuota(integration: string, credentials: OAuthClient, quota: Quota): void
  /** Forgets an integration that was deleted. */
  forgetQuota(integration: string): void
  /** Revokes a grant by either of its tokens (RFC 7009). A token that is no longer valid counts as revoked. Needs no client. */
  revoke(token: string): Promise<void>
}
