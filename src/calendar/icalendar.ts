/**
 * Renders `busy.ics` and `events.ics` (RFC 5545), and parses `busy.ics`, with ical.js, which handles folding, escaping and line
 * ends. The header of the JSON documents is written as `X-` properties, so that a reader knows how long to trust a file.
 */
import { createHash } from 'node:crypto'
import ICAL from 'ical.js'
import type { BusyDocument } from './busy-document.ts'
import { parseHeader, type DocumentHeader } from './document-header.ts'
import { parseContent, type EventsDocument, type ListedEvent } from './events-document.ts'
import { parseInstant, renderInstant } from './instant.ts'
import type { Interval } from './interval.ts'

/** A property in jCal (RFC 7265), the JSON form that ical.js renders as text. */
type Property = [name: string, parameters: Record<string, string>, type: string, value: string]
type Component = [name: string, properties: Property[], components: Component[]]

const PRODUCT = '-//calendar-operator.io//calendar-operator//EN'
const X_PREFIX = 'x-calendar-operator-'
/** Every VEVENT has a SUMMARY: some clients show nothing without one. */
const UNTITLED = 'Busy'

// RFC 5545 counts the space at the start of a continuation line as one of its 75 octets; ical.js does not.
ICAL.foldLength = 74

/** Renders `busy.ics`: a VEVENT "Busy" for each interval. Its UID depends on the Agent and on the start of the interval. */
export function renderBusyICalendar(document: BusyDocument): string {
  return vcalendar(document, document.busy, (interval) => {
    const uid = uidOf(document.agent, renderInstant(interval.start))
    return vevent(uid, document, [...timeProperties(interval), text('summary', UNTITLED), text('transp', 'OPAQUE')])
  })
}

/** Renders `events.ics`: a VEVENT with its content for each event; free ones are TRANSPARENT. */
export function renderEventsICalendar(document: EventsDocument): string {
  return vcalendar(document, document.events, (event) =>
    vevent(uidOf(event.calendar, event.id), document, eventProperties(event)),
  )
}

function eventProperties(event: ListedEvent): Property[] {
  const { at, dates, busy } = event
  const { title, location, description, tentative, attendees = [] } = parseContent(event)
  return [
    ...(dates ? dateProperties(dates) : timeProperties(at)),
    text('summary', summaryOf(title)),
    ...(location ? [text('location', location)] : []),
    ...(description ? [text('description', description)] : []),
    text('status', tentative ? 'TENTATIVE' : 'CONFIRMED'),
    text('transp', busy ? 'OPAQUE' : 'TRANSPARENT'),
    ...attendees.flatMap((attendee) => attendeeProperty(attendee)),
  ]
}

const summaryOf = (title = ''): string => (printable(title).trim() === '' ? UNTITLED : title)

const timeProperties = ({ start, end }: Interval): Property[] => [
  ['dtstart', {}, 'date-time', renderInstant(start)],
  ...(end > start ? [['dtend', {}, 'date-time', renderInstant(end)] satisfies Property] : []),
]

const dateProperties = ({ start, end }: { start: string; end: string }): Property[] => [
  ['dtstart', {}, 'date', start],
  ...(end > start ? [['dtend', {}, 'date', end] satisfies Property] : []),
]

const PARTSTATS: Record<string, string> = {
  accepted: 'ACCEPTED',
  declined: 'DECLINED',
  tentative: 'TENTATIVE',
  needsAction: 'NEEDS-ACTION',
}

function attendeeProperty(attendee: { email?: string; name?: string; response?: string }): Property[] {
  const { email, name, response } = attendee
  if (!email) return []
  const parameters: Record<string, string> = {}
  if (name) parameters.cn = printable(name)
  const partstat = PARTSTATS[response ?? '']
  if (partstat) parameters.partstat = partstat
  return [['attendee', parameters, 'cal-address', `mailto:${printable(email)}`]]
}

const vevent = (uid: string, header: DocumentHeader, properties: Property[]): Component => [
  'vevent',
  [text('uid', uid), ['dtstamp', {}, 'date-time', renderInstant(header.syncedAt)], ...properties],
  [],
]

/** The time zone of all times; rendered only in a calendar without events. */
const UTC: Component = [
  'vtimezone',
  [['tzid', {}, 'text', 'UTC']],
  [
    [
      'standard',
      [
        ['dtstart', {}, 'date-time', '1970-01-01T00:00:00'],
        ['tzoffsetfrom', {}, 'utc-offset', '+00:00'],
        ['tzoffsetto', {}, 'utc-offset', '+00:00'],
        ['tzname', {}, 'text', 'UTC'],
      ],
      [],
    ],
  ],
]

function vcalendar<T>(header: DocumentHeader, items: readonly T[], component: (item: T) => Component): string {
  const properties: Property[] = [
    text('prodid', PRODUCT),
    text('version', '2.0'),
    text('calscale', 'GREGORIAN'),
    untyped('x-wr-timezone', header.timeZone),
    untyped(`${X_PREFIX}agent`, header.agent),
    untyped(`${X_PREFIX}window-start`, renderInstant(header.window.start)),
    untyped(`${X_PREFIX}window-end`, renderInstant(header.window.end)),
    untyped(`${X_PREFIX}synced-at`, renderInstant(header.syncedAt)),
    untyped(`${X_PREFIX}fresh-until`, renderInstant(header.freshUntil)),
    untyped(`${X_PREFIX}complete`, String(header.complete)),
  ]
  // RFC 5545 requires at least one component.
  const empty = ICAL.stringify(['vcalendar', properties, [UTC]] satisfies Component)
  if (items.length === 0) return empty
  // One component at a time: as properties, all of them would take ten times the memory of their text.
  const [head = '', tail = ''] = empty.split(ICAL.stringify(UTC))
  return head + items.map((item) => ICAL.stringify(component(item))).join('') + tail
}

const text = (name: string, value: string): Property => [name, {}, 'text', printable(value)]

/** For `X-` properties: their values are neither typed nor escaped. */
const untyped = (name: string, value: string): Property => [name, {}, 'unknown', value.replace(/\p{Cc}/gu, '')]

/** RFC 5545 allows no control characters except tab and, escaped, line feed. */
const printable = (value: string): string => value.replace(/\r\n?/g, '\n').replace(/(?![\t\n])\p{Cc}/gu, '')

/** A hash, so that it reveals neither the calendar nor the event. */
const uidOf = (scope: string, name: string): string =>
  `${createHash('sha256').update(`${scope}\n${name}`).digest('hex').slice(0, 32)}@calendar-operator.io`

/** Parses a `busy.ics`, which anybody may have edited; undefined unless everything is present and valid. */
export function parseBusyICalendar(ics: string): BusyDocument | undefined {
  const calendar = parseCalendar(ics)
  const header = calendar && parseHeader(headerIn(calendar))
  if (!header) return undefined
  const busy = calendar.getAllSubcomponents('vevent').map(intervalIn)
  return busy.every((interval) => interval !== undefined) ? { version: 1, ...header, busy } : undefined
}

function parseCalendar(ics: string): ICAL.Component | undefined {
  try {
    const calendar = ICAL.Component.fromString(ics)
    return calendar.name === 'vcalendar' ? calendar : undefined
  } catch {
    return undefined
  }
}

function headerIn(calendar: ICAL.Component): Record<string, unknown> {
  const own = (name: string): unknown => calendar.getFirstPropertyValue(`${X_PREFIX}${name}`)
  const complete = own('complete')
  return {
    version: 1,
    agent: own('agent'),
    timeZone: calendar.getFirstPropertyValue('x-wr-timezone'),
    window: { start: own('window-start'), end: own('window-end') },
    syncedAt: own('synced-at'),
    freshUntil: own('fresh-until'),
    complete: complete === 'true' ? true : complete === 'false' ? false : undefined,
  }
}

function intervalIn(event: ICAL.Component): Interval | undefined {
  const instant = (name: string): number | undefined => parseInstant(String(event.getFirstPropertyValue(name)))
  const [start, end] = [instant('dtstart'), instant('dtend')]
  return start === undefined || end === undefined ? undefined : { start, end }
}
