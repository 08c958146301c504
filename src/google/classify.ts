/**
 * What a refusal of Google's is about. Pure: status and parsed body in, a `GoogleFailure` out. Only `error`, `error_subtype`
 * and the reasons of both envelopes are looked at, never a description.
 *
 * Sources: OAuth 2.0 for web server applications, and the Calendar API's "Handle API errors".
 */
import type { GoogleFailure } from './port.ts'

export interface Refusal {
  failure: GoogleFailure
  /** Google's own word for it: safe to show. */
  reason: string
  /** A limit of one person's requests, not of the client's. */
  personal?: boolean
}

type Fields = Record<string, unknown>

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null
const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[\w.-]{1,64}$/.test(value) ? value : undefined

const BY_OAUTH_ERROR: Record<string, GoogleFailure> = {
  invalid_grant: 'InvalidGrant',
  invalid_client: 'InvalidClient',
  deleted_client: 'ClientDeleted',
  disabled_client: 'ClientDisabled',
  unauthorized_client: 'UnauthorizedClient',
  invalid_request: 'InvalidRequest',
  redirect_uri_mismatch: 'InvalidRequest',
  admin_policy_enforced: 'BlockedByAdmin',
}

const SESSION_POLICY = ['invalid_rapt', 'rapt_required']

/** The token endpoint's answer. */
export function classifyOAuth(status: number, body: unknown): Refusal {
  if (status === 429) return { failure: 'RateLimited', reason: 'rate limited' }
  if (status >= 500) return { failure: 'Unreachable', reason: 'server error' }
  const error = isFields(body) ? textOf(body.error) : undefined
  const subtype = isFields(body) ? textOf(body.error_subtype) : undefined
  if (error === 'invalid_grant' && subtype !== undefined && SESSION_POLICY.includes(subtype)) {
    return { failure: 'SessionExpired', reason: subtype }
  }
  const failure = status >= 400 && error !== undefined ? BY_OAUTH_ERROR[error] : undefined
  return { failure: failure ?? 'Unknown', reason: error ?? 'no error code' }
}

const BY_REASON: Record<string, GoogleFailure> = {
  authError: 'Unauthenticated',
  UNAUTHENTICATED: 'Unauthenticated',
  rateLimitExceeded: 'RateLimited',
  userRateLimitExceeded: 'RateLimited',
  RATE_LIMIT_EXCEEDED: 'RateLimited',
  quotaExceeded: 'DailyQuotaExceeded',
  dailyLimitExceeded: 'DailyQuotaExceeded',
  accessNotConfigured: 'APIDisabled',
  SERVICE_DISABLED: 'APIDisabled',
  insufficientPermissions: 'ScopeInsufficient',
  ACCESS_TOKEN_SCOPE_INSUFFICIENT: 'ScopeInsufficient',
  forbidden: 'Forbidden',
  forbiddenForNonOrganizer: 'Forbidden',
  notFound: 'NotFound',
  fullSyncRequired: 'SyncTokenExpired',
  updatedMinTooLongAgo: 'SyncTokenExpired',
  backendError: 'Unreachable',
}

/** The failures that each status may mean: a reason that doesn't belong to its status is not believed. */
const BY_STATUS: Record<number, GoogleFailure[]> = {
  401: ['Unauthenticated'],
  403: ['RateLimited', 'DailyQuotaExceeded', 'APIDisabled', 'ScopeInsufficient', 'Forbidden'],
  404: ['NotFound'],
  410: ['SyncTokenExpired'],
  429: ['RateLimited', 'DailyQuotaExceeded'],
}

/** The Calendar API's answer, in either envelope. */
export function classifyAPI(status: number, body: unknown, sentSyncToken: boolean): Refusal {
  if (status >= 500) return { failure: 'Unreachable', reason: 'server error' }
  const reasons = reasonsIn(body)
  const known = reasons.find((reason) => BY_STATUS[status]?.includes(BY_REASON[reason] ?? 'Unknown'))
  if (known) return { failure: BY_REASON[known] ?? 'Unknown', reason: known, personal: isPersonal(known, body) }
  return { failure: byStatusAlone(status, reasons, sentSyncToken), reason: reasons[0] ?? 'no reason given' }
}

function byStatusAlone(status: number, reasons: string[], sentSyncToken: boolean): GoogleFailure {
  if (status === 400) return sentSyncToken && reasons.includes('invalid') ? 'SyncTokenExpired' : 'Unknown'
  if (status === 410) return sentSyncToken ? 'SyncTokenExpired' : 'Unknown'
  if (status === 401) return 'Unauthenticated'
  if (status === 429) return 'RateLimited'
  return 'Unknown'
}

/** `error.errors[].reason`, `error.details[].reason` and `error.status`, in that order. */
function reasonsIn(body: unknown): string[] {
  const error = isFields(body) && isFields(body.error) ? body.error : {}
  const lists = [error.errors, error.details].flatMap((list): unknown[] => (Array.isArray(list) ? list : []))
  const reasons = lists.map((item) => (isFields(item) ? textOf(item.reason) : undefined))
  return [...reasons, textOf(error.status)].filter((reason) => reason !== undefined)
}

function isPersonal(reason: string, body: unknown): boolean {
  if (reason === 'userRateLimitExceeded') return true
  return reason === 'RATE_LIMIT_EXCEEDED' && JSON.stringify(body).includes('PerUser')
}
