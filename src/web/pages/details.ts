/** Renders the details of the request: who asks, for whom, what is read and written, and who sees it. */
import type { Language } from './languages/language.ts'
import type { ScopeTexts, Texts } from './languages/texts.ts'
import { fill, isolated, type Html, markup } from './markup.ts'
import { shortened, displayText, withoutAddresses } from './shorten.ts'
import type { CalendarView, SignInView } from './view.ts'

const PREFIX = 'https://www.googleapis.com/auth/'

/** Scopes that have a translated description, by their name after Google's prefix. */
const SCOPES = new Map<string, keyof ScopeTexts>([
  ['calendar', 'calendar'],
  ['calendar.readonly', 'calendarReadonly'],
  ['calendar.events', 'events'],
  ['calendar.events.owned', 'events'],
  ['calendar.events.readonly', 'eventsReadonly'],
  ['calendar.events.owned.readonly', 'eventsReadonly'],
  ['calendar.freebusy', 'freeBusy'],
  ['calendar.events.freebusy', 'freeBusy'],
  ['calendar.calendarlist.readonly', 'calendarList'],
  ['openid', 'identity'],
  ['email', 'identity'],
  ['profile', 'identity'],
  ['userinfo.email', 'identity'],
  ['userinfo.profile', 'identity'],
])

/** Scopes that allow more changes than the operator makes. */
const WIDE: readonly (keyof ScopeTexts)[] = ['calendar', 'events']

const nameOf = (scope: string): string => (scope.startsWith(PREFIX) ? scope.slice(PREFIX.length) : scope)

/** What Google will ask the person to allow, each once; a scope without a description is shown by name. */
export function scopeList(scopes: readonly string[], texts: Texts): Html {
  const known = scopes.map((scope) => SCOPES.get(nameOf(scope)))
  const lines = scopes.map((scope, index) => {
    const key = known[index]
    return key === undefined ? displayText(nameOf(scope)) : texts.scopes[key]
  })
  return markup`<ul>${[...new Set(lines)].map((line) => markup`<li>${line}</li>`)}</ul>`
}

const isWide = (scope: string): boolean => {
  const key = SCOPES.get(nameOf(scope))
  return key !== undefined && WIDE.includes(key)
}

const calendarName = ({ kind, id = '' }: CalendarView, { details }: Texts): Html | string =>
  kind === 'primary' ? details.primary : isolated(shortened(id))

/** What is new since the person last agreed. */
export function addedSection({ added, siteHost }: SignInView, texts: Texts): Html | '' {
  if (added.length === 0) return ''
  const lines = added.map((one) => {
    if (typeof one === 'string') return fill(texts.added[one], { site: isolated(siteHost) })
    return fill(texts.added.calendar, { calendar: calendarName(one.calendar, texts) })
  })
  const list = markup`<ul>${lines.map((line) => markup`<li>${line}</li>`)}</ul>`
  return markup`<section class="added"><h2>${texts.added.title}</h2>${list}</section>\n`
}

/** What a person who has agreed before needs to know besides; it follows the button. */
export function addedNotes({ added }: SignInView, { added: texts, details }: Texts): Html | '' {
  if (added.length === 0) return ''
  return markup`<p class="quiet">${texts.note} ${details.accountNote}</p>\n`
}

type Row = [name: string, value: Html | string]

/** The details as a definition list. */
export function detailsList(view: SignInView, { texts }: Language): Html {
  const { details } = texts
  const full = view.publishes.detail === 'Full'
  const rows: Row[] = [
    [details.asker, asker(view, texts)],
    [details.person, isolated(withoutAddresses(view.agentName))],
    [
      details.calendars,
      markup`<ul>${view.calendars.map((calendar) => markup`<li>${calendarName(calendar, texts)}</li>`)}</ul>`,
    ],
    [details.read, full ? details.readFull : details.readBusy],
    ...written(view, texts),
    ...(full ? [] : [[details.notRead, view.writes ? details.notReadWriting : details.notReadBusy] satisfies Row]),
    [details.shown, shownTo(view, texts)],
    [details.allowed, allowed(view, texts)],
  ]
  return markup`<dl>\n${rows.map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>\n`)}</dl>`
}

const asker = ({ siteHost, namespace }: SignInView, { details }: Texts): Html =>
  fill(details.askerOf, { site: isolated(siteHost), namespace: isolated(namespace) })

function written({ writes, siteHost }: SignInView, texts: Texts): Row[] {
  if (!writes) return []
  const { details } = texts
  const values = { site: isolated(siteHost), calendar: calendarName(writes, texts) }
  return [[details.written, markup`<p>${fill(details.writtenEvents, values)}</p><p>${details.writtenMails}</p>`]]
}

function allowed({ publishes, scopes, writes }: SignInView, texts: Texts): Html {
  const wider = !publishes.accessToken && scopes.some(isWide)
  const note = writes ? texts.details.allowedNoteWriting : texts.details.allowedNote
  return markup`${scopeList(scopes, texts)}${wider ? markup`<p class="quiet">${note}</p>` : ''}`
}

function shownTo({ publishes, writes, siteHost }: SignInView, { details }: Texts): Html {
  const lines = { Busy: details.shownBusy, Full: details.shownFull, None: details.shownNone }
  const onlyMore = publishes.detail === undefined && (publishes.accessToken || writes !== undefined)
  const said = [
    ...(onlyMore ? [] : [lines[publishes.detail ?? 'None']]),
    ...(writes ? [details.shownWriting] : []),
    ...(publishes.accessToken ? [details.shownToken] : []),
  ]
  return markup`${said.map((line) => markup`<p>${fill(line, { site: isolated(siteHost) })}</p>`)}`
}
