/** Why requests to Google fail. Other rooms take these from `port.ts`. */

/**
 * Why a request failed, distinguished by what a caller can do about it. It is derived from Google's `error` and `reason`, never
 * from a description (docs/google-behaviour.md#token-endpoint and #errors).
 */
export type GoogleFailure =
  /** No answer in time, a broken connection, or 5xx: retry. */
  | 'Unreachable'
  /** 429, or a reason such as rateLimitExceeded: back off. */
  | 'RateLimited'
  /** quotaExceeded or dailyLimitExceeded: pause for long. */
  | 'DailyQuotaExceeded'
  /** invalid_grant: the grant is no longer valid. */
  | 'InvalidGrant'
  /** invalid_grant for an exchange: the code has expired, belongs to another client, or its verifier is wrong. Sign in again. */
  | 'InvalidCode'
  /** redirect_uri_mismatch for an exchange: our redirect URI is not registered at Google (yet). */
  | 'RedirectURIMismatch'
  /** invalid_grant with invalid_rapt or rapt_required: the grant was ended by a session policy of the organisation. */
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
  /** 400 for a write: Google does not accept the content of the event. The reason is part of the message. */
  | 'Refused'
  /** notACalendarUser: the account has no Google Calendar, or it is switched off or suspended. */
  | 'CalendarDisabled'
  /** One page of a calendar exceeds the maximum size of an answer. */
  | 'CalendarTooLarge'
  /** pushNotSupportedForRequestedResource: Google does not announce changes of this calendar. */
  | 'PushNotSupported'
  /** 410 fullSyncRequired, or 400 for an unknown sync token: a full sync is needed. */
  | 'SyncTokenExpired'
  /** Anything else. It must never cause a deletion. */
  | 'Unknown'

/** A request that failed. The message can be logged and shown: it contains only a status, an error code and a reason. */
export class GoogleError extends Error {
  override readonly name = 'GoogleError'
  readonly failure: GoogleFailure
  readonly status: number | undefined
  /** How long to wait, in ms, if Google said so or limits the whole client. */
  readonly retryAfterMs: number | undefined

  constructor(failure: GoogleFailure, message: string, details: { status?: number; retryAfterMs?: number } = {}) {
    super(message)
    this.failure = failure
    this.status = details.status
    this.retryAfterMs = details.retryAfterMs
  }
}

/** What Google says about the project of the access token. */
const ABOUT_THE_PROJECT: readonly GoogleFailure[] = ['APIDisabled', 'RateLimited', 'DailyQuotaExceeded']

/**
 * Whether the request has to be repeated with a new access token: Google refused the token, or the API is switched off or limited
 * in the project of a token that was read from a Secret, which may be another project than the client's.
 */
export const needsNewToken = ({ failure, status }: GoogleError, token: { isTokenProven: boolean }): boolean =>
  failure === 'Unauthenticated' || (ABOUT_THE_PROJECT.includes(failure) && status !== undefined && !token.isTokenProven)

/** The request was not sent, because a budget of `spec.quota` is used up for the moment. Google does not limit anything. */
export class OverBudgetError extends GoogleError {
  /** Whose budget it is: that of all accounts of the client, or that of one account. */
  readonly budget: 'client' | 'account'

  constructor(budget: OverBudgetError['budget'], retryAfterMs: number) {
    super('RateLimited', `the budget of the ${budget} is used up for the moment`, { retryAfterMs })
    this.budget = budget
  }
}
