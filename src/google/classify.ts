/**
 * Classifies error answers: a status and a parsed body become a `GoogleFailure`. Only `error`, `error_subtype` and the reasons of
 * both error formats are used, never a description. Pure. Source: docs/google-behaviour.md#token-endpoint and #errors.
 */
import { isRecord } from '../platform/json.ts'
import type { GoogleFailure } from './port.ts'

/** What an error answer means. */
export interface ClassifiedError {
  failure: GoogleFailure
  /** The error code or the reason that Google gave; safe to show. */
  reason: string
  /** Whether Google limits the requests of one person, and not those of the client. */
  personal?: boolean
}

type Fields = Record<string, unknown>

/** Returns a value that is a single word; any other text might contain something that must not be shown. */
const wordOf = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[\w.-]{1,64}$/.test(value) ? value : undefined

const BY_OAUTH_ERROR = new Map<string, GoogleFailure>([
  ['invalid_grant', 'InvalidGrant'],
  ['invalid_client', 'InvalidClient'],
  ['deleted_client', 'ClientDeleted'],
  ['disabled_client', 'ClientDisabled'],
  ['unauthorized_client', 'UnauthorizedClient'],
  ['invalid_request', 'InvalidRequest'],
  ['redirect_uri_mismatch', 'InvalidRequest'],
  ['admin_policy_enforced', 'BlockedByAdmin'],
])

const SESSION_POLICY = ['invalid_rapt', 'rapt_required']

/** Classifies an error of the token endpoint that answers a refresh. */
export function classifyOAuth(status: number, body: unknown): ClassifiedError {
  const passing = byStatus(status)
  if (passing) return passing
  const [error, subtype = ''] = ['error', 'error_subtype'].map((name) =>
    isRecord(body) ? wordOf(body[name]) : undefined,
  )
  if (status < 400 || error === undefined) return { failure: 'Unknown', reason: error ?? 'no error code' }
  if (error === 'invalid_grant' && SESSION_POLICY.includes(subtype)) {
    return { failure: 'SessionExpired', reason: subtype }
  }
  return { failure: BY_OAUTH_ERROR.get(error) ?? 'Unknown', reason: error }
}

/** Classifies an error of the token endpoint that answers an exchange: for a code, the same error codes have other meanings. */
export function classifyExchange(status: number, body: unknown): ClassifiedError {
  const classified = classifyOAuth(status, body)
  if (classified.failure === 'InvalidGrant') return { ...classified, failure: 'InvalidCode' }
  return classified.reason === 'redirect_uri_mismatch' ? { ...classified, failure: 'RedirectURIMismatch' } : classified
}

/** Classifies by the status alone, for answers whose body may come from a proxy. */
function byStatus(status: number): ClassifiedError | undefined {
  if (status === 429) return { failure: 'RateLimited', reason: 'rate limited' }
  if (status >= 500) return { failure: 'Unreachable', reason: 'server error' }
  if (status === 408) return { failure: 'Unreachable', reason: 'request timeout' }
  return undefined
}

/** What each reason means, and the statuses with which it is valid; with any other status it is ignored. */
const BY_REASON = new Map<string, { failure: GoogleFailure; at: number[] }>([
  ['authError', { failure: 'Unauthenticated', at: [401] }],
  ['UNAUTHENTICATED', { failure: 'Unauthenticated', at: [401] }],
  ['rateLimitExceeded', { failure: 'RateLimited', at: [403, 429] }],
  ['userRateLimitExceeded', { failure: 'RateLimited', at: [403, 429] }],
  ['RATE_LIMIT_EXCEEDED', { failure: 'RateLimited', at: [403, 429] }],
  ['quotaExceeded', { failure: 'DailyQuotaExceeded', at: [403, 429] }],
  ['dailyLimitExceeded', { failure: 'DailyQuotaExceeded', at: [403, 429] }],
  ['accessNotConfigured', { failure: 'APIDisabled', at: [403] }],
  ['SERVICE_DISABLED', { failure: 'APIDisabled', at: [403] }],
  ['insufficientPermissions', { failure: 'ScopeInsufficient', at: [403] }],
  ['ACCESS_TOKEN_SCOPE_INSUFFICIENT', { failure: 'ScopeInsufficient', at: [403] }],
  ['forbidden', { failure: 'Forbidden', at: [403] }],
  ['forbiddenForNonOrganizer', { failure: 'Forbidden', at: [403] }],
  ['notACalendarUser', { failure: 'CalendarDisabled', at: [403] }],
  ['pushNotSupportedForRequestedResource', { failure: 'PushNotSupported', at: [400] }],
  ['notFound', { failure: 'NotFound', at: [404] }],
  ['NOT_FOUND', { failure: 'NotFound', at: [404] }],
  ['fullSyncRequired', { failure: 'SyncTokenExpired', at: [410] }],
  ['updatedMinTooLongAgo', { failure: 'SyncTokenExpired', at: [410] }],
])

/** Classifies an error of the Calendar API, in either format. @param sentSyncToken whether the request contained a sync token. */
export function classifyAPI(status: number, body: unknown, sentSyncToken: boolean): ClassifiedError {
  if (status !== 429) {
    const passing = byStatus(status)
    if (passing) return passing
  }
  const reasons = reasonsIn(body)
  for (const reason of reasons) {
    const meaning = BY_REASON.get(reason)
    if (meaning?.at.includes(status)) return limitOf({ failure: meaning.failure, reason }, body, reasons)
  }
  const failure = byStatusAlone(status, reasons, sentSyncToken)
  return limitOf({ failure, reason: reasons[0] ?? 'no reason given' }, body, reasons)
}

/** The limit that is named belongs to the whole project, and not to one of its users. */
const isOfProject = (limit: string): boolean => limit.includes('PerProject') && !limit.includes('PerUser')

/**
 * Classifies an error of the Calendar API that answers a write. Google limits quick writes to one calendar, in the same words as
 * other limits. So a limit concerns the client only if the answer names the quota of the project: if the client is limited
 * nevertheless, the next read meets that limit, too.
 */
export function classifyWrite(status: number, body: unknown): ClassifiedError {
  const classified = classifyAPI(status, body, false)
  const { failure, reason } = classified
  if (status === 400 && failure === 'Unknown') return { failure: 'Refused', reason: `${reason}${placeIn(body)}` }
  // It is passing: another write was in the way.
  if (status === 409) return { failure: 'Unreachable', reason }
  if (status === 403 && reason === 'requiredAccessLevel') return { failure: 'Forbidden', reason }
  const isLimit = failure === 'RateLimited' || failure === 'DailyQuotaExceeded'
  if (!isLimit || reason === 'dailyLimitExceeded' || limitsIn(body).some(isOfProject)) return classified
  return { failure: 'RateLimited', reason, personal: true }
}

const limitsIn = (body: unknown): string[] =>
  itemsOf(errorOf(body).details).flatMap(({ metadata }) =>
    isRecord(metadata) ? (wordOf(metadata.quota_limit) ?? []) : [],
  )

/** Which field of the event an error names, such as ` at attendees`; parameters and headers are not the user's. */
function placeIn(body: unknown): string {
  const places = itemsOf(errorOf(body).errors).filter(({ locationType }) => locationType === undefined)
  const place = places
    .map(({ location }) => (typeof location === 'string' ? location : ''))
    .find((one) => PLACE.test(one))
  return place === undefined ? '' : ` at ${place}`
}

const PLACE = /^[a-zA-Z]\w{0,40}(\[\d{1,4}\])?(\.\w{1,40}){0,3}$/

/** Whether a 409 says that an event with this id exists or existed. Only `conflict` says something else. */
export const isDuplicate = (body: unknown): boolean => !reasonsIn(body).includes('conflict')

function byStatusAlone(status: number, reasons: string[], sentSyncToken: boolean): GoogleFailure {
  if (status === 400) return sentSyncToken && reasons.includes('invalid') ? 'SyncTokenExpired' : 'Unknown'
  // Whatever the reason, a full sync is safe.
  if (status === 410) return sentSyncToken ? 'SyncTokenExpired' : 'Unknown'
  if (status === 401) return 'Unauthenticated'
  if (status === 429) return 'RateLimited'
  return 'Unknown'
}

const errorOf = (body: unknown): Fields => (isRecord(body) && isRecord(body.error) ? body.error : {})
const itemsOf = (list: unknown): Fields[] => (Array.isArray(list) ? list.filter(isRecord) : [])

/** The reasons, most specific first: `details[].reason`, then `errors[].reason`, then `status`. */
function reasonsIn(body: unknown): string[] {
  const error = errorOf(body)
  const reasons = [...itemsOf(error.details), ...itemsOf(error.errors)].map(({ reason }) => wordOf(reason))
  return [...reasons, wordOf(error.status)].filter((reason) => reason !== undefined)
}

/** Distinguishes daily and per-user limits: `ErrorInfo` names the quota, as in `defaultPerMinutePerProjectPerUser`. */
function limitOf(classified: ClassifiedError, body: unknown, reasons: string[]): ClassifiedError {
  if (classified.failure !== 'RateLimited') return classified
  const limits = limitsIn(body)
  const daily = reasons.find((reason) => BY_REASON.get(reason)?.failure === 'DailyQuotaExceeded')
  if (daily !== undefined || limits.some((limit) => limit.includes('PerDay'))) {
    return { failure: 'DailyQuotaExceeded', reason: daily ?? classified.reason }
  }
  const personal = reasons.includes('userRateLimitExceeded') || limits.some((limit) => limit.includes('PerUser'))
  return { ...classified, personal }
}
