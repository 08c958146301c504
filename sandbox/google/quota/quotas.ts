/**
 * The quotas of the Calendar API (docs/google-behaviour.md#quotas): requests in a sliding minute, for the project and for each
 * of its users, and requests of a day that ends at midnight in California.
 */
import { DAY_MS, instantOf, wallOf } from '../times/times.ts'
import { frontEnd, type Refusal } from '../http/errors.ts'
import type { Project } from '../state/oauth-records.ts'
import type { QuotaUsage, RateLimitStatus } from '../state/quota-records.ts'
import { addRequest, lastMinute, newMinute } from './sliding-minute.ts'

const PACIFIC = 'America/Los_Angeles'

/** Makes the usage of a project that has had no request. */
export const newUsage = (): QuotaUsage => ({ project: newMinute(), users: new Map(), today: 0, dayEnds: 0 })

/** A request that counts for the quotas of a project. */
interface Spending {
  user: string
  now: number
  /** The status of the answer if a minute's quota is used up. */
  status: RateLimitStatus
}

/** Counts one request of a user. @throws Refusal if a quota is used up; then the request does not count. */
export function spendQuota(project: Project, { user, now, status }: Spending): void {
  const { usage } = project
  if (now >= usage.dayEnds) Object.assign(usage, { today: 0, dayEnds: nextPacificMidnight(now) })
  if (usage.today >= project.perDay) throw dailyLimitExceeded()
  const mine = usage.users.get(user) ?? newMinute()
  usage.users.set(user, mine)
  if (lastMinute(usage.project, now) >= project.perMinute) throw rateLimitExceeded('project', project.number, status)
  if (lastMinute(mine, now) >= project.perMinutePerUser) throw rateLimitExceeded('user', project.number, status)
  usage.today += 1
  addRequest(usage.project, now)
  addRequest(mine, now)
}

function nextPacificMidnight(now: number): number {
  return instantOf(Math.floor(wallOf(now, PACIFIC) / DAY_MS) + 1, 0, PACIFIC)
}

/**
 * The error for too many requests in a minute. With 403, `errors[].reason` says whose quota it is; with 429, only the name of
 * the limit does.
 */
export function rateLimitExceeded(whose: 'project' | 'user', project = '0', status: RateLimitStatus = 403): Refusal {
  const limit = whose === 'user' ? 'Queries per minute per user' : 'Queries per minute'
  const consumer = `project_number:${project}`
  const message = `Quota exceeded for quota metric 'Queries' and limit '${limit}' of service 'calendar-json.googleapis.com' for consumer '${consumer}'.`
  return frontEnd(status, message, {
    status: status === 403 ? 'PERMISSION_DENIED' : 'RESOURCE_EXHAUSTED',
    domain: 'usageLimits',
    reason: whose === 'user' && status === 403 ? 'userRateLimitExceeded' : 'rateLimitExceeded',
    detail: 'RATE_LIMIT_EXCEEDED',
    metadata: { consumer, quota_limit: limit },
  })
}

/** The error for too many requests in a day. */
export const dailyLimitExceeded = (): Refusal =>
  frontEnd(403, 'Daily Limit Exceeded', {
    status: 'PERMISSION_DENIED',
    domain: 'usageLimits',
    reason: 'dailyLimitExceeded',
    detail: 'RATE_LIMIT_EXCEEDED',
  })
