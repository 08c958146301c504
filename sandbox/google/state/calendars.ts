/** Calendars: their owners, who may see them in which role, and their change log. */
import { ControlError, notFound } from '../http/errors.ts'
import { freshName, type GoogleState } from './state.ts'
import type { AccessRole, Calendar } from './calendar-records.ts'

/** The roles, from the weakest to the strongest. */
export const ROLES: readonly AccessRole[] = [
  'freeBusyReader',
  'reader',
  'writerWithoutPrivateAccess',
  'writer',
  'owner',
]

/** What a calendar is made from. */
export interface CalendarSettings {
  owner: string
  summary?: string
  timeZone?: string
  /** By default a made-up `…@group.calendar.google.com` name. */
  id?: string
  pushSupported?: boolean
  /** The client that makes it. */
  createdBy?: string
}

/** Makes a calendar in its owner's list. @throws ControlError */
export function newCalendar(state: GoogleState, settings: CalendarSettings): Calendar {
  const owner = settings.owner.toLowerCase()
  const id = settings.id?.toLowerCase() ?? `${freshName(state, 'c_', 30).toLowerCase()}@group.calendar.google.com`
  if (state.calendars.has(id)) throw new ControlError(`there is a calendar ${id} already`)
  const list = state.accounts.get(owner)?.list
  if (!list) throw new ControlError(`there is no account ${owner} to own a calendar`)
  const calendar: Calendar = {
    id,
    owner,
    summary: settings.summary ?? id,
    timeZone: settings.timeZone ?? zoneOf(state, owner),
    acl: new Map(),
    pushSupported: settings.pushSupported !== false,
    ...(settings.createdBy === undefined ? {} : { createdBy: settings.createdBy }),
    version: 0,
    epoch: 1,
    events: new Map(),
    retired: [],
    nextOrder: 1,
  }
  state.calendars.set(id, calendar)
  list.set(id, { selected: true, hidden: false })
  return calendar
}

const zoneOf = (state: GoogleState, owner: string): string => state.calendars.get(owner)?.timeZone ?? 'UTC'

/** Finds the calendar of a control operation, by its id or its owner's address. */
export function calendarOf(state: GoogleState, id: string): Calendar {
  const calendar = state.calendars.get(id.toLowerCase())
  if (!calendar) throw new ControlError(`there is no calendar ${id}`)
  return calendar
}

/** Gives an account a role, or takes it away (`none`). Any change expires the calendar's sync tokens. */
export function share(state: GoogleState, calendar: Calendar, email: string, role: AccessRole | 'none'): void {
  if (role !== 'none' && !ROLES.includes(role)) throw new ControlError(`no role "${role}": ${ROLES.join(', ')} or none`)
  const account = state.accounts.get(email.toLowerCase())
  if (!account) throw new ControlError(`there is no account ${email}`)
  calendar.epoch += 1
  if (role === 'none') {
    calendar.acl.delete(account.email)
    account.list.delete(calendar.id)
    return
  }
  calendar.acl.set(account.email, role)
  if (!account.list.has(calendar.id)) account.list.set(calendar.id, { selected: true, hidden: false })
}

/** The role of an account in a calendar; undefined without access. */
export function roleOf(calendar: Calendar, email: string): AccessRole | undefined {
  return calendar.owner === email ? 'owner' : calendar.acl.get(email)
}

/** Whether a role includes another one. */
export const atLeast = (role: AccessRole, least: AccessRole): boolean => ROLES.indexOf(role) >= ROLES.indexOf(least)

/** A calendar from the point of view of one account. */
export interface View {
  calendar: Calendar
  role: AccessRole
  /** The account that reads. */
  account: string
}

/** Finds the calendar that a path names; `primary` is the caller's own. @throws Refusal 404 if there is none, or no access to it. */
export function openCalendar(state: GoogleState, id: string, account: string): View {
  const calendar = state.calendars.get(id === 'primary' ? account : id.toLowerCase())
  const role = calendar && roleOf(calendar, account)
  if (!role || state.accounts.get(calendar.owner)?.deleted) throw notFound()
  return { calendar, role, account }
}
