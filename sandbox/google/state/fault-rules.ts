/**
 * Which requests and notifications a fault hits. A rule names them (kind, path, account, client, page of a listing), how many of
 * them pass first and how many it hits; the first rule that fits is played. Rules never act by chance. Pure.
 */
import type { Garbling } from './garbling.ts'
import type { LoggedRequest } from './request-log.ts'

/** Replies that replace the real one; `faults.ts` makes them. */
export type ReplyName =
  | 'rateLimitExceeded403'
  | 'userRateLimitExceeded403'
  | 'quotaExceeded'
  | 'dailyLimitExceeded'
  | 'accessNotConfigured'
  | '429'
  | '500'
  | '502'
  | '503'
  | '504'
  | 'authError'
  | 'notACalendarUser'
  | 'forbidden'
  | 'notFound'
  | 'conflict'
  | 'fullSyncRequired'
  | 'updatedMinTooLongAgo'
  | 'conditionNotMet'
  | 'channelIdNotUnique'
  | 'push.webhookUrlNotHttps'
  | 'push.webhookUrlUnauthorized'
  | 'pushNotSupportedForRequestedResource'
  | 'invalid_grant'
  | 'invalid_rapt'
  | 'rapt_required'
  | 'admin_policy_enforced'
  | 'redirect_uri_mismatch'
  | 'invalid_request'
  | 'invalid_client'
  | 'deleted_client'
  | 'disabled_client'
  | 'unauthorized_client'

/** Faults of the connection, or of the way the answer is sent. */
export const BEHAVIOURS = [
  'reset',
  'hang',
  'commitThenDrop',
  'commitThenFail',
  'commitThenSlow',
  'html',
  'truncated',
  'slow',
  'garbled',
] as const

/** Faults of push notifications. */
export const NOTIFICATION_FAULTS = ['lost', 'duplicated', 'delayed', 'reordered', 'numberGap'] as const

/** The names of all faults. */
export type FaultName =
  | ReplyName
  | 'access_denied'
  | 'access_not_configured'
  | 'disallowed_useragent'
  | 'org_internal'
  | (typeof BEHAVIOURS)[number]
  | (typeof NOTIFICATION_FAULTS)[number]

/** A fault, and the requests that it hits. */
export interface FaultRequest extends Garbling {
  fault: FaultName
  /** A request kind such as `events.list`, or `notification.exists`; `*` matches anything: `events.*`, `token.*`. */
  kind?: string
  /** A path, percent-decoded, or for a notification that of the watched resource; `*` matches anything. */
  path?: string
  account?: string
  client?: string
  /** Only this page of a listing, from 1. */
  page?: number
  /** How many matching requests pass first. */
  skip?: number
  /** How many requests it hits; by default all of them until it is cleared. */
  times?: number
  /** The `Retry-After` header of a reply: seconds, or any text, such as a date or nonsense. */
  retryAfter?: number | string
  /** For `slow`, `commitThenSlow` and `delayed`: the delay. */
  ms?: number
  /** For `html` and `commitThenFail`: the status, 502 and 503 by default. */
  status?: number
  /** For `numberGap`: how many numbers are left out. */
  gap?: number
}

/** A fault in effect, with its counts. */
export interface FaultRule extends FaultRequest {
  id: string
  /** How many requests it hit. */
  struck: number
  passed: number
}

/** What a fault can hit: a request, or a notification (of the kind `notification.sync` or `notification.exists`). */
type Hit = Pick<LoggedRequest, 'kind' | 'path' | 'account' | 'client' | 'page'>

/** Whether a fault hits notifications, and no requests. */
export const isNotificationFault = (fault: FaultName): boolean =>
  (NOTIFICATION_FAULTS as readonly FaultName[]).includes(fault)

/** Finds the fault of a request or a notification, if there is one, and counts it. */
export function findFault(rules: FaultRule[], request: Hit): FaultRule | undefined {
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

function fits(rule: FaultRule, request: Hit): boolean {
  return (
    isNotificationFault(rule.fault) === request.kind.startsWith('notification.') &&
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
