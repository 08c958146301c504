/** The replies of faults, by name. `fault-rules.ts` says which requests a fault hits. */
import {
  backEnd,
  ControlError,
  frontEnd,
  json,
  notACalendarUser,
  oauthError,
  type Refusal,
  type Reply,
} from '../http/errors.ts'
import { unauthenticated } from '../oauth/access.ts'
import { accessNotConfigured } from '../oauth/projects.ts'
import {
  channelIdNotUnique,
  pushNotSupported,
  webhookUrlNotHttps,
  webhookUrlUnauthorized,
} from '../push/channel-request.ts'
import { calendarUsageLimitsExceeded } from '../quota/calendar-writes.ts'
import { dailyLimitExceeded, rateLimitExceeded } from '../quota/quotas.ts'
import { errorPage } from '../oauth/consent-pages.ts'
import {
  BEHAVIOURS,
  NOTIFICATION_FAULTS,
  isNotificationFault,
  type FaultRequest,
  type FaultRule,
  type ReplyName,
} from '../state/fault-rules.ts'
import { checkGarbling } from '../state/garbling.ts'

/** Replies that replace the real one. */
const replies = {
  rateLimitExceeded403: () => rateLimitExceeded('project'),
  userRateLimitExceeded403: () => rateLimitExceeded('user'),
  quotaExceeded: () => calendarUsageLimitsExceeded(),
  dailyLimitExceeded: () => dailyLimitExceeded(),
  accessNotConfigured: () => accessNotConfigured('100000000001'),
  '429': () => tooMany(),
  '500': () => broken(500, 'Internal Error'),
  '502': () => broken(502, 'Bad Gateway'),
  '503': () => broken(503, 'Service Unavailable'),
  '504': () => broken(504, 'Gateway Timeout'),
  authError: () => unauthenticated(),
  notACalendarUser: () => notACalendarUser(),
  forbidden: () => backEnd(403, 'forbidden', 'Forbidden'),
  notFound: () => backEnd(404, 'notFound', 'Not Found'),
  conflict: () => backEnd(409, 'conflict', 'Conflict'),
  fullSyncRequired: () => backEnd(410, 'fullSyncRequired', 'Sync token is no longer valid, a full sync is required.'),
  updatedMinTooLongAgo: () =>
    backEnd(410, 'updatedMinTooLongAgo', 'The requested minimum modification time is too far in the past.'),
  conditionNotMet: () => backEnd(412, 'conditionNotMet', 'Precondition Failed'),
  channelIdNotUnique: () => channelIdNotUnique('named-by-fault'),
  'push.webhookUrlNotHttps': () => webhookUrlNotHttps('http://named-by-fault'),
  'push.webhookUrlUnauthorized': () => webhookUrlUnauthorized('https://named-by-fault'),
  pushNotSupportedForRequestedResource: () => pushNotSupported(),
  invalid_grant: () => oauthError(400, 'invalid_grant', 'Bad Request'),
  invalid_rapt: () => oauthError(400, 'invalid_grant', 'reauth related error (invalid_rapt)', 'invalid_rapt'),
  rapt_required: () => oauthError(400, 'invalid_grant', 'reauth related error (rapt_required)', 'rapt_required'),
  admin_policy_enforced: () => oauthError(400, 'admin_policy_enforced', 'Blocked by the administrator.'),
  redirect_uri_mismatch: () => oauthError(400, 'redirect_uri_mismatch', 'Bad Request'),
  invalid_request: () => oauthError(400, 'invalid_request', 'client_secret is missing.'),
  invalid_client: () => oauthError(401, 'invalid_client', 'Unauthorized'),
  deleted_client: () => oauthError(401, 'deleted_client', 'The OAuth client was deleted.'),
  disabled_client: () => oauthError(401, 'disabled_client', 'The OAuth client was disabled.'),
  unauthorized_client: () => oauthError(401, 'unauthorized_client', 'Unauthorized'),
} satisfies Record<ReplyName, () => Refusal>

/** @throws ControlError if the request for a fault is invalid. */
export function checkFault(request: FaultRequest): void {
  const names = [...Object.keys(replies), ...Object.keys(pages), ...BEHAVIOURS, ...NOTIFICATION_FAULTS]
  if (!names.includes(request.fault)) {
    throw new ControlError(`there is no fault "${request.fault}"; there are ${names.join(', ')}`)
  }
  if (request.fault === 'garbled') checkGarbling(request)
  if (isNotificationFault(request.fault) && request.kind?.startsWith('notification.') === false) {
    throw new ControlError(
      `the fault "${request.fault}" hits notifications: say "kind": "notification.sync" or "notification.exists", or no kind`,
    )
  }
  if (request.fault in pages && request.kind !== 'authorize') {
    throw new ControlError(
      `the fault "${request.fault}" is a page of the authorization endpoint: say "kind": "authorize"`,
    )
  }
}

/** Errors that Google shows on its own page, for `authorize`. */
const pages: Record<string, number> = {
  access_denied: 403,
  access_not_configured: 400,
  disallowed_useragent: 403,
  org_internal: 403,
}

/** The reply that a fault puts in place of the real one; undefined if it acts on the connection or the answer. */
export function replyOf(rule: FaultRule, kind: string): Reply | undefined {
  if (kind === 'authorize' && isRefusal(rule.fault))
    return errorPage(pages[rule.fault] ?? 400, rule.fault, 'Played by name.')
  if (!(rule.fault in replies)) return undefined
  const plain = isOAuth(kind) ? oauthTrouble(rule.fault) : undefined
  const reply = plain ?? replies[rule.fault as ReplyName]().reply
  if (rule.retryAfter === undefined) return reply
  return { ...reply, headers: { ...reply.headers, 'retry-after': String(rule.retryAfter) } }
}

/** Names of OAuth errors, and no others, have an underscore. */
const isRefusal = (fault: string): boolean => fault.includes('_')

const isOAuth = (kind: string): boolean => kind.startsWith('token') || kind === 'revoke'

/** Server errors in the words of the token endpoint. */
function oauthTrouble(fault: string): Reply | undefined {
  if (fault === '429') return json({ error: 'rate_limit_exceeded', error_description: 'Rate limit exceeded.' }, 429)
  if (!/^5\d\d$/.test(fault)) return undefined
  return json({ error: 'internal_failure', error_description: 'Backend Error' }, Number(fault))
}

const tooMany = (): Refusal =>
  frontEnd(429, 'Resource has been exhausted (e.g. check quota).', {
    status: 'RESOURCE_EXHAUSTED',
    domain: 'usageLimits',
    reason: 'rateLimitExceeded',
    detail: 'RATE_LIMIT_EXCEEDED',
  })

const broken = (code: number, message: string): Refusal => backEnd(code, 'backendError', message)

/** A page that a proxy sends instead of Google's JSON. */
export const htmlReply = (status: number): Reply => ({
  status,
  headers: { 'content-type': 'text/html; charset=UTF-8' },
  body: `<!DOCTYPE html><html lang=en><title>Error ${status}</title><p>The server encountered a temporary error and could not complete your request.<p>Please try again in 30 seconds.</html>`,
})
