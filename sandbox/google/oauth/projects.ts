/**
 * Google Cloud projects: the settings of the consent screen, whether the Calendar API is enabled, and the quotas
 * (docs/google-behaviour.md#quotas): requests in a sliding minute, for the project and for each of its users, and a daily limit.
 */
import { frontEnd, type Refusal } from '../http/errors.ts'
import { ControlError } from '../http/errors.ts'
import type { GoogleState } from '../state/state.ts'
import type { QuotaWindow, Project, ProjectSettings } from '../state/oauth-records.ts'

const MINUTE = 60_000
const DAY = 86_400_000
// The daily quota starts again at midnight in California, here without daylight saving.
const PACIFIC_OFFSET = 8 * 3_600_000

const defaults: ProjectSettings = {
  userType: 'External',
  publishing: 'Production',
  calendarApi: true,
  perMinute: 10_000,
  perMinutePerUser: 600,
  perDay: 1_000_000,
}

/** Makes a project, or changes the named settings of an existing one. */
export function setProject(state: GoogleState, id: string, settings: Partial<ProjectSettings>): Project {
  const project = state.projects.get(id) ?? newProject(state, id)
  Object.assign(project, settings)
  if ((project.testUsers?.length ?? 0) > 100)
    throw new ControlError(`project ${id}: at most 100 test users may be listed`)
  return project
}

function newProject(state: GoogleState, id: string): Project {
  const usage = { project: { times: [], head: 0 }, users: new Map<string, QuotaWindow>(), day: 0, today: 0 }
  const project: Project = { ...defaults, id, number: String(100_000_000_000 + state.projects.size + 1), usage }
  state.projects.set(id, project)
  return project
}

/** Finds a project. @throws ControlError if there is none. */
export function projectOf(state: GoogleState, id: string): Project {
  const project = state.projects.get(id)
  if (!project) throw new ControlError(`there is no project ${id}`)
  return project
}

/** Counts one request of a user. @throws Refusal if a quota is used up; then the request does not count. */
export function spendQuota(project: Project, user: string, now: number): void {
  const { usage } = project
  const day = Math.floor((now - PACIFIC_OFFSET) / DAY)
  if (usage.day !== day) Object.assign(usage, { day, today: 0 })
  if (usage.today >= project.perDay) throw dailyLimitExceeded()
  const mine = usage.users.get(user) ?? { times: [], head: 0 }
  usage.users.set(user, mine)
  if (lastMinute(usage.project, now) >= project.perMinute) throw rateLimitExceeded('rateLimitExceeded', project)
  if (lastMinute(mine, now) >= project.perMinutePerUser) throw rateLimitExceeded('userRateLimitExceeded', project)
  usage.today += 1
  usage.project.times.push(now)
  mine.times.push(now)
}

function lastMinute(window: QuotaWindow, now: number): number {
  const { times } = window
  while (window.head < times.length && times[window.head]! <= now - MINUTE) window.head += 1
  if (window.head > 1000 || window.head === times.length) {
    times.splice(0, window.head)
    window.head = 0
  }
  return times.length - window.head
}

/** The error for too many requests in a minute. */
export function rateLimitExceeded(reason: string, project?: Project): Refusal {
  const limit = reason === 'userRateLimitExceeded' ? 'Queries per minute per user' : 'Queries per minute'
  const consumer = `project_number:${project?.number ?? '0'}`
  const message = `Quota exceeded for quota metric 'Queries' and limit '${limit}' of service 'calendar-json.googleapis.com' for consumer '${consumer}'.`
  const metadata = { consumer, quota_limit: limit }
  return frontEnd(403, message, {
    status: 'PERMISSION_DENIED',
    domain: 'usageLimits',
    reason,
    detail: 'RATE_LIMIT_EXCEEDED',
    metadata,
  })
}

/** The error for too many requests in a day. */
export const dailyLimitExceeded = (reason = 'dailyLimitExceeded'): Refusal =>
  frontEnd(403, 'Daily Limit Exceeded', {
    status: 'PERMISSION_DENIED',
    domain: 'usageLimits',
    reason,
    detail: 'RATE_LIMIT_EXCEEDED',
  })

/** The error for a project whose Calendar API is not enabled. */
export function accessNotConfigured(number: string): Refusal {
  const page = `https://console.developers.google.com/apis/api/calendar-json.googleapis.com/overview?project=${number}`
  const message = `Google Calendar API has not been used in project ${number} before or it is disabled. Enable it by visiting ${page} then retry.`
  return frontEnd(403, message, {
    status: 'PERMISSION_DENIED',
    domain: 'usageLimits',
    reason: 'accessNotConfigured',
    detail: 'SERVICE_DISABLED',
    metadata: { consumer: `projects/${number}`, activationUrl: page },
  })
}
