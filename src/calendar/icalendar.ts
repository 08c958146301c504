/**
 * `busy.ics` and `events.ics` (RFC 5545), written and read by ical.js: folding, escaping and line ends are its work. What
 * the JSON documents say of themselves stands in properties of our own, so that a reader knows how long to trust a file.
 */
import { createHash } from 'node:crypto'
import ICAL from 'ical.js'
import type { BusyDocument, DocumentHeader } from './busy-document.ts'
import { parseHeader } from './busy-document.ts'
import { parseContent, type EventsDocument, type ListedEvent } from './events-document.ts'
import { parseInstant, renderInstant } from './instant.ts'
import type { Interval } from './interval.ts'

/** A property in jCal (RFC 7265), which ical.js turns into text. */
type Property = [name: string, parameters: Record<string, string>, type: string, value: string]
type Component = [name: string, properties: Property[], components: Component[]]

const PRODUCT = '-//calendar-operator.io//calendar-operator//EN'
const OWN = 'x-calendar-operator-'
/** Every VEVENT has a SUMMARY: some clients show nothing without. */
const UNTITLED = 'Busy'

// RFC 5545 counts the blank that a folded line goes on with among its 75 octets; ical.js by itself doesn't.
ICAL.foldLength = 74

/** Each interval a VEVENT "Busy". Its UID stays the same for as long as it begins at the same time. */
export function renderBusyICalendar(document: BusyDocument): string {
  return vcalendar(document, document.busy, (interval) => {
    const uid = uidOf(document.agent, renderInstant(interval.start))
    return vevent(uid, document, [...timed(interval), text('summary', UNTITLED), text('transp', 'OPAQUE')])
  })
}

/** Each event a VEVENT with what people wrote in it; free ones are TRANSPARENT. */
export function renderEventsICalendar(document: EventsDocument): string {
  return vcalendar(document, document.events, (event) =>
    vevent(uidOf(event.calendar, event.id), document, about(event)),
  )
}

function about(event: ListedEvent): Property[] {
  const { at, dates, busy } = event
  const { title, location, description, tentative, attendees = [] } = parseContent(event)
  return [
    ...(dates ? whole(dates) : timed(at)),
    text('summary', summaryOf(title)),
    ...(location ? [text('location', location)] : []),
    ...(description ? [text('description', description)] : []),
    text('status', tentative ? 'TENTATIVE' : 'CONFIRMED'),
    text('transp', busy ? 'OPAQUE' : 'TRANSPARENT'),
    ...attendees.flatMap((attendee) => attendeeProperty(attendee)),
  ]
}

const summaryOf = (title = ''): string => (printable(title).trim() === '' ? UNTITLED : title)

const timed = ({ start, end }: Interval): Property[] => [
  ['dtstart', {}, 'date-time', renderInstant(start)],
  ...(end > start ? [['dtend', {}, 'date-time', renderInstant(end)] satisfies Property] : []),
]

const whole = ({ start, end }: { start: string; end: string }): Property[] => [
  ['dtstart', {}, 'date', start],
  ...(end > start ? [['dtend', {}, 'date', end] satisfies Property] : []),
]

const ANSWERS: Record<string, string> = {
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
  const answer = ANSWERS[response ?? '']
  if (answer) parameters.partstat = answer
  return [['attendee', parameters, 'cal-address', `mailto:${printable(email)}`]]
}

const vevent = (uid: string, frame: DocumentHeader, properties: Property[]): Component => [
  'vevent',
  [text('uid', uid), ['dtstamp', {}, 'date-time', renderInstant(frame.syncedAt)], ...properties],
  [],
]

/** The zone that all of our times are in; it stands only where there is nothing else to say. */
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

function vcalendar<T>(frame: DocumentHeader, items: readonly T[], component: (item: T) => Component): string {
  const properties: Property[] = [
    text('prodid', PRODUCT),
    text('version', '2.0'),
    text('calscale', 'GREGORIAN'),
    plain('x-wr-timezone', frame.timeZone),
    plain(`${OWN}agent`, frame.agent),
    plain(`${OWN}window-start`, renderInstant(frame.window.start)),
    plain(`${OWN}window-end`, renderInstant(frame.window.end)),
    plain(`${OWN}synced-at`, renderInstant(frame.syncedAt)),
    plain(`${OWN}fresh-until`, renderInstant(frame.freshUntil)),
    plain(`${OWN}complete`, String(frame.complete)),
  ]
  // RFC 5545 asks for one component at least.
  const empty = ICAL.stringify(['vcalendar', properties, [UTC]] satisfies Component)
  if (items.length === 0) return empty
  // One component at a time: all of them as properties would be ten times as large as their text.
  const [head = '', tail = ''] = empty.split(ICAL.stringify(UTC))
  return head + items.map((item) => ICAL.stringify(component(item))).join('') + tail
}

const text = (name: string, value: string): Property => [name, {}, 'text', printable(value)]

/** For properties that the RFC doesn't know: their values are neither typed nor escaped. */
const plain = (name: string, value: string): Property => [name, {}, 'unknown', value.replace(/\p{Cc}/gu, '')]

/** RFC 5545 allows no control characters but tab and, escaped, line feed. */
const printable = (value: string): string => value.replace(/\r\n?/g, '\n').replace(/(?![\t\n])\p{Cc}/gu, '')

/** Says nothing of whom or what it is about. */
const uidOf = (scope: string, name: string): string =>
  `${createHash('sha256').update(`${scope}\n${name}`).digest('hex').slice(0, 32)}@calendar-operator.io`

/** Reads back a `busy.ics` as it was published; undefined unless all of it is there and in order. */
export function parseBusyICalendar(ics: string): BusyDocument | undefined {
  const calendar = parseCalendar(ics)
  const frame = calendar && parseHeader(frameIn(calendar))
  if (!frame) return undefined
  const busy = calendar.getAllSubcomponents('vevent').map(intervalIn)
  return busy.every((interval) => interval !== undefined) ? { version: 1, ...frame, busy } : undefined
}

function parseCalendar(ics: string): ICAL.Component | undefined {
  try {
    const calendar = ICAL.Component.fromString(ics)
    return calendar.name === 'vcalendar' ? calendar : undefined
  } catch {
    return undefined
  }
}

function frameIn(calendar: ICAL.Component): Record<string, unknown> {
  const own = (name: string): unknown => calendar.getFirstPropertyValue(`${OWN}${name}`)
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
