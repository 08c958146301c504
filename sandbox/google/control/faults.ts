/**
 * Faults by name. A rule says which requests it hits (kind, path, account, client, page of a listing), how many it
 * lets pass first and how often it strikes; the first rule that fits is played. Rules never act by chance.
 */
import {
  backEnd,
  ControlError,
  frontEnd,
  json,
  notACalendarUser,
  oauthError,
  type Refusal,
  type Reply,
} from '../errors.ts'
import { unauthenticated } from '../http/access.ts'
import { accessNotConfigured, dailyLimitExceeded, rateLimitExceeded } from '../oauth/projects.ts'
import { errorPage } from '../oauth/consent-pages.ts'
import { checkGarbling, type Garbling } from './garbling.ts'
import type { LoggedRequest } from './request-log.ts'

/** Replies that stand in for the real one. */
const replies = {
  rateLimitExceeded403: () => rateLimitExceeded('rateLimitExceeded'),
  userRateLimitExceeded403: () => rateLimitExceeded('userRateLimitExceeded'),
  quotaExceeded: () => dailyLimitExceeded('quotaExceeded'),
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
} satisfies Record<string, () => Refusal>

/** Faults of the connection, or of the way the answer comes back. */
const behaviours = ['reset', 'hang', 'commitThenDrop', 'html', 'truncated', 'slow', 'garbled'] as const

export type FaultName =
  | keyof typeof replies
  | 'access_denied'
  | 'access_not_configured'
  | 'disallowed_useragent'
  | 'org_internal'
  | (typeof behaviours)[number]

export interface FaultRequest extends Garbling {
  fault: FaultName
  /** A request kind such as `events.list`; `*` stands for anything: `events.*`, `token.*`. */
  kind?: string
  /** A path, percent-decoded; `*` stands for anything. */
  path?: string
  account?: string
  client?: string
  /** Only this page of a listing, from 1. */
  page?: number
  /** Let so many fitting requests pass first. */
  skip?: number
  /** Strike so often, then end; left out: until cleared. */
  times?: number
  /** With any reply: the `Retry-After` header, in seconds, or some other text: a date, a negative number, nonsense. */
  retryAfter?: number | string
  /** `slow`: by how much. */
  ms?: number
  /** `html`: with which status (502). */
  status?: number
}

export interface FaultRule extends FaultRequest {
  id: string
  /** How often it was played. */
  struck: number
  passed: number
}

export function checkFault(request: FaultRequest): void {
  const names = [...Object.keys(replies), ...Object.keys(pages), ...behaviours]
  if (!names.includes(request.fault)) {
    throw new ControlError(`there is no fault "${request.fault}"; there are ${names.join(', ')}`)
  }
  if (request.fault === 'garbled') checkGarbling(request)
  if (request.fault in pages && request.kind !== 'authorize') {
    throw new ControlError(
      `the fault "${request.fault}" is a page of the authorization endpoint: say "kind": "authorize"`,
    )
  }
}

/** The fault to play for this request, if any; it counts as played. */
export function takeFault(rules: FaultRule[], request: LoggedRequest): FaultRule | undefined {
  for (const rule of rules) {
    if (!fits(rule, request)) continue
    if (rule.times !== undefined && rule.struck >= rule.times) continue
    rule.passed += 1
    if (rule.passed <= (rule.skip ?? 0)) continue
    rule.struck += 1
    return rule
  }
  return undefined
}

function fits(rule: FaultRule, request: LoggedRequest): boolean {
  return (
    matches(rule.kind, request.kind) &&
    matches(rule.path, request.path) &&
    matches(rule.account?.toLowerCase(), request.account) &&
    matches(rule.client, request.client) &&
    (rule.page === undefined || rule.page === request.page)
  )
}

function matches(pattern: string | undefined, value: string | undefined): boolean {
  if (pattern === undefined || pattern === '*') return true
  if (value === undefined) return false
  if (!pattern.includes('*')) return pattern === value
  const escaped = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${escaped.join('.*')}$`).test(value)
}

/** Refusals that Google shows on a page of its own: for `authorize`. */
const pages: Record<string, number> = {
  access_denied: 403,
  access_not_configured: 400,
  disallowed_useragent: 403,
  org_internal: 403,
}

/** The reply that a fault of the first sort puts in place of the real one. */
export function replyOf(rule: FaultRule, kind: string): Reply | undefined {
  if (kind === 'authorize' && isRefusal(rule.fault))
    return errorPage(pages[rule.fault] ?? 400, rule.fault, 'Played by name.')
  if (!(rule.fault in replies)) return undefined
  const plain = isOAuth(kind) ? oauthTrouble(rule.fault) : undefined
  const reply = plain ?? replies[rule.fault as keyof typeof replies]().reply
  if (rule.retryAfter === undefined) return reply
  return { ...reply, headers: { ...reply.headers, 'retry-after': String(rule.retryAfter) } }
}

/** Every OAuth error by name, and no others, has an underscore. */
const isRefusal = (fault: string): boolean => fault.includes('_')

const isOAuth = (kind: string): boolean => kind.startsWith('token') || kind === 'revoke'

/** Server trouble as the token endpoint words it. */
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

/** A page such as a proxy in between sends instead of Google's JSON. */
export const htmlReply = (status: number): Reply => ({
  status,
  headers: { 'content-type': 'text/html; charset=UTF-8' },
  body: `<!DOCTYPE html><html lang=en><title>Error ${status}</title><p>The server encountered a temporary error and could not complete your request.<p>Please try again in 30 seconds.</html>`,
})
