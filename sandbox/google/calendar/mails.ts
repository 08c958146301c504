/** Who is mailed about a write through the API (docs/google-behaviour.md#mails-to-guests). Nothing is sent; `mails` lists them. */
import { invalid } from '../http/errors.ts'
import type { View } from '../state/calendars.ts'
import type { EventRecord } from '../state/calendar-records.ts'
import type { Mail, MailKind } from '../state/mail-records.ts'
import type { GoogleState } from '../state/state.ts'
import { attendeesOf, sameAddress } from './attendees.ts'

type SendUpdates = Mail['sendUpdates'] | 'none'

const VALUES: ReadonlySet<string> = new Set<SendUpdates>(['all', 'externalOnly', 'none'])

/** Reads `sendUpdates`, or `sendNotifications` that it replaced. Without them nobody is mailed. @throws Refusal 400 */
export function sendUpdatesOf(query: URLSearchParams): SendUpdates {
  const asked = query.get('sendUpdates')
  if (asked === null) return query.get('sendNotifications') === 'true' ? 'all' : 'none'
  if (!VALUES.has(asked)) throw invalid('Invalid value for sendUpdates', 'sendUpdates')
  return asked as SendUpdates
}

/** A write: the event before it and after it. */
export interface Write {
  before: EventRecord | undefined
  after: EventRecord
}

const KEPT = 10_000

/** Records the mails of a write. */
export function mailGuests(state: GoogleState, view: View, write: Write, sendUpdates: SendUpdates): void {
  if (sendUpdates === 'none') return
  const about = {
    at: new Date(state.now()).toISOString(),
    calendar: view.calendar.id,
    event: write.after.id,
    sendUpdates,
  }
  for (const { to, kind } of recipientsOf(view, write)) {
    if (sendUpdates === 'all' || !usesGoogleCalendar(state, to)) state.mails.push({ ...about, kind, to })
  }
  if (state.mails.length > KEPT) state.mails = state.mails.slice(-KEPT)
}

function recipientsOf(view: View, { before, after }: Write): { to: string; kind: MailKind }[] {
  const organizer = organizerOf(after) ?? view.calendar.id
  if (!sameAddress(organizer, view.calendar.id)) return [{ to: organizer, kind: 'reply' }]
  const invited = before && !before.cancelled ? guestsOf(view, before) : []
  const guests = after.cancelled ? [] : guestsOf(view, after)
  return [
    ...guests.map((to) => ({ to, kind: invited.includes(to) ? ('update' as const) : ('invitation' as const) })),
    ...invited.filter((to) => !guests.includes(to)).map((to) => ({ to, kind: 'cancellation' as const })),
  ]
}

/** The address of the organizer, if it is not the calendar's own. */
export const organizerOf = ({ fields }: EventRecord): string | undefined =>
  (fields.organizer as { email?: string } | undefined)?.email

function guestsOf({ calendar }: View, { fields }: EventRecord): string[] {
  const people = attendeesOf(fields).filter(
    ({ email, resource }) => resource !== true && !sameAddress(email, calendar.id),
  )
  return people.map(({ email }) => (email ?? '').toLowerCase())
}

function usesGoogleCalendar(state: GoogleState, address: string): boolean {
  const account = state.accounts.get(address)
  return account !== undefined && !account.deleted && !account.calendarOff
}
