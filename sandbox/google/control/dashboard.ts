/** The page at `/`: shows what the simulated Google holds, with forms that add an event or revoke a grant, for `make demo KEEP=1`. */
import { calendarOf } from '../state/calendars.ts'
import { selectEvents } from '../calendar/selection.ts'
import { DAY_MS, formatInstant } from '../times/times.ts'
import { removeEvent, addEvent } from '../calendar/storing.ts'
import type { Reply } from '../http/errors.ts'
import { escape, page } from '../http/html.ts'
import { isAlive, endGrant } from '../oauth/grants.ts'
import type { GoogleState } from '../state/state.ts'
import type { Calendar, EventRecord } from '../state/calendar-records.ts'
import type { Account, Grant } from '../state/oauth-records.ts'

const SHOWN_ACCOUNTS = 50
const SHOWN_EVENTS = 12

/** Answers a GET with the page. A POST runs the operation of a form and redirects back. */
export function dashboard(state: GoogleState, method: string, body: string): Reply {
  if (method !== 'POST') return overview(state)
  const form = new URLSearchParams(body)
  act(state, form)
  return { status: 303, headers: { location: '/' }, body: '' }
}

function act(state: GoogleState, form: URLSearchParams): void {
  const calendarId = form.get('calendar')
  if (form.get('do') === 'revoke') {
    const grant = state.accounts.get(form.get('account') ?? '')?.grants[Number(form.get('grant'))]
    if (grant) endGrant(state, grant)
  } else if (calendarId !== null) {
    const calendar = calendarOf(state, calendarId)
    const record = calendar.events.get(form.get('event') ?? '')
    if (form.get('do') === 'add') addFromForm(state, calendar, form)
    else if (record && !record.cancelled) removeEvent(state, calendar, record)
  }
}

function addFromForm(state: GoogleState, calendar: Calendar, form: URLSearchParams): void {
  const time = (name: string) => ({ dateTime: `${form.get(name) ?? ''}:00`, timeZone: calendar.timeZone })
  addEvent(state, calendar, { summary: form.get('summary') ?? '', start: time('start'), end: time('end') })
}

function overview(state: GoogleState): Reply {
  const accounts = [...state.accounts.values()]
  const more = accounts.length - SHOWN_ACCOUNTS
  return page(
    'Simulated Google',
    `<h1>Simulated Google</h1>
<p class="quiet">Accounts: ${accounts.length}. OAuth clients: ${state.clients.size}. Requests: ${state.log.total}. It is ${new Date(state.now()).toUTCString()} here. Everything on this page can also be done through <span class="code">/_control/</span>.</p>
${accounts
  .slice(0, SHOWN_ACCOUNTS)
  .map((account) => accountSection(state, account))
  .join('')}
${more > 0 ? `<p class="quiet">… and ${more} accounts more.</p>` : ''}`,
  )
}

function accountSection(state: GoogleState, account: Account): string {
  const owned = [...account.list.keys()].map((id) => state.calendars.get(id)).filter((found) => found !== undefined)
  return `<section><h2>${escape(account.email)}${account.deleted ? ' (deleted)' : ''}</h2>
${grantTable(state, account)}
${owned.map((calendar) => calendarPart(state, calendar, account)).join('')}</section>`
}

function grantTable(state: GoogleState, account: Account): string {
  const rows = account.grants.map((grant, index) => grantRow(state, grant, index))
  if (rows.length === 0) return '<p class="quiet">Has granted nothing.</p>'
  return `<table>${rows.join('')}</table>`
}

function grantRow(state: GoogleState, grant: Grant, index: number): string {
  const alive = isAlive(grant, state.now())
  const until = grant.expiresAt === undefined ? '' : `, until ${new Date(grant.expiresAt).toUTCString()}`
  const button = alive ? `<button>Revoke</button>` : 'ended'
  return `<tr><td><span class="code">${escape(grant.client)}</span><br><span class="quiet">${escape(shortScopes(grant))}, since ${new Date(grant.grantedAt).toUTCString()}${until}</span></td>
<td><form method="post" action="/"><input type="hidden" name="do" value="revoke"><input type="hidden" name="account" value="${escape(grant.account)}"><input type="hidden" name="grant" value="${index}">${button}</form></td></tr>`
}

const shortScopes = (grant: Grant): string =>
  grant.scopes.map((scope) => scope.replace('https://www.googleapis.com/auth/', '')).join(' ')

function calendarPart(state: GoogleState, calendar: Calendar, account: Account): string {
  const title = calendar.id === account.email ? 'Primary calendar' : calendar.summary
  const shared = calendar.owner === account.email ? '' : `, shared by ${calendar.owner}`
  const rows = upcoming(state, calendar).map((record) => eventRow(calendar, record))
  const table =
    rows.length > 0 ? `<table>${rows.join('')}</table>` : '<p class="quiet">Nothing in the next two weeks.</p>'
  return `<h3>${escape(title)} <span class="quiet">${escape(calendar.timeZone + shared)}</span></h3>${table}${shared === '' ? addForm(state, calendar) : ''}`
}

function upcoming(state: GoogleState, calendar: Calendar): EventRecord[] {
  const from = state.now()
  const to = from + 14 * DAY_MS
  const found = selectEvents(calendar, { single: true, showDeleted: false, from, to, horizon: to })
  return found.sort((a, b) => a.span.startMs - b.span.startMs).slice(0, SHOWN_EVENTS)
}

function eventRow(calendar: Calendar, { fields, span, id, series }: EventRecord): string {
  const at = (instant: number): string => formatInstant(instant, calendar.timeZone).slice(0, 16).replace('T', ' ')
  const when = span.allDay
    ? `${fields.start?.date ?? ''}, all day`
    : `${at(span.startMs)} – ${at(span.endMs).slice(11)}`
  const summary = typeof fields.summary === 'string' ? fields.summary : '(no title)'
  const remove = series
    ? '<span class="quiet">repeats</span>'
    : `<form method="post" action="/"><input type="hidden" name="do" value="delete"><input type="hidden" name="calendar" value="${escape(calendar.id)}"><input type="hidden" name="event" value="${escape(id)}"><button>Delete</button></form>`
  return `<tr><td>${escape(when)}</td><td>${escape(summary)}</td><td>${remove}</td></tr>`
}

function addForm(state: GoogleState, calendar: Calendar): string {
  const hour = Math.ceil(state.now() / 3_600_000) * 3_600_000
  const value = (instant: number): string => formatInstant(instant, calendar.timeZone).slice(0, 16)
  return `<form class="row" method="post" action="/"><input type="hidden" name="do" value="add"><input type="hidden" name="calendar" value="${escape(calendar.id)}">
<input name="summary" placeholder="New event" aria-label="Title" required><input type="datetime-local" name="start" aria-label="Start" value="${value(hour)}" required><input type="datetime-local" name="end" aria-label="End" value="${value(hour + 3_600_000)}" required><button class="main">Add</button></form>`
}
