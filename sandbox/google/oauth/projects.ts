/** Google Cloud projects: the settings of the consent screen, whether the Calendar API is enabled, and the sizes of the quotas. */
import { ControlError, frontEnd, type Refusal } from '../http/errors.ts'
import { newUsage } from '../quota/quotas.ts'
import type { GoogleState } from '../state/state.ts'
import type { Project, ProjectSettings } from '../state/oauth-records.ts'

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
  const number = String(100_000_000_000 + state.projects.size + 1)
  const project: Project = { ...defaults, id, number, usage: newUsage() }
  state.projects.set(id, project)
  return project
}

/** Finds a project. @throws ControlError if there is none. */
export function projectOf(state: GoogleState, id: string): Project {
  const project = state.projects.get(id)
  if (!project) throw new ControlError(`there is no project ${id}`)
  return project
}

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
