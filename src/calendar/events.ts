/** `events.json`, version 1, for `detail: Full`: docs/formats.md. It holds what is private: it goes into Secrets only. */
import { intervalOf, isBusy, type BusyRules } from './busy.ts'
import { renderFrame, type BusyDocument, type Frame } from './document.ts'
import { idOf } from './fact-keys.ts'
import { ALL_DAY, NO_TIME, type Fact } from './fact.ts'
import { renderInstant } from './instant.ts'
import { touches, type Interval } from './interval.ts'
import { factsOf, type Picture } from './picture.ts'
import { renderDay } from './span.ts'
import type { Wording } from './wording.ts'
import type { Zones } from './zones.ts'

/** A calendar under its real id. */
export interface NamedPicture {
  calendar: string
  picture: Picture
}

export interface ListedEvent {
  calendar: string
  id: string
  /** Instants in ms, whatever kind of event it is. */
  at: Interval
  /** The dates of an all-day event, `YYYY-MM-DD`, the end exclusive. */
  dates?: { start: string; end: string }
  /** Whether it counts as busy under the spec's rules. */
  busy: boolean
  /** A `Wording` in JSON: it is read one at a time, as it is written. */
  wording: string
}

/** What people wrote in a listed event. */
export const readWording = ({ wording }: ListedEvent): Wording => JSON.parse(wording || '{}') as Wording

export interface EventsDocument extends Frame {
  version: 1
  events: ListedEvent[]
}

/** The list of events that goes with a `busy.json`, under the same frame, whichever of the two is published. */
export function eventsDocument(beside: BusyDocument, events: ListedEvent[]): EventsDocument {
  const { version, agent, timeZone, window, syncedAt, freshUntil, complete } = beside
  return { version, agent, timeZone, window, syncedAt, freshUntil, complete, events }
}

/** Every event that touches the window and isn't cancelled, in order of start; free ones and declined ones say so. */
export function eventsOf(
  calendars: Iterable<NamedPicture>,
  rules: BusyRules,
  window: Interval,
  zones: Zones,
): ListedEvent[] {
  const events: ListedEvent[] = []
  for (const { calendar, picture } of calendars)
    for (const fact of factsOf(picture)) {
      const at = intervalOf(fact, picture.timeZone, zones)
      if (!(fact.flags & NO_TIME) && touches(at, window)) events.push(listed(calendar, fact, at, isBusy(fact, rules)))
    }
  // The sort is stable, and facts come sorted by id, calendars in the spec's order.
  return events.sort((a, b) => a.at.start - b.at.start || a.at.end - b.at.end)
}

const listed = (calendar: string, fact: Fact, at: Interval, busy: boolean): ListedEvent => ({
  calendar,
  id: idOf(fact.id),
  at,
  ...(fact.flags & ALL_DAY ? { dates: datesOf(fact) } : {}),
  busy,
  wording: fact.wording,
})

const datesOf = ({ start, end }: Fact): { start: string; end: string } => ({
  start: renderDay(start / 86_400),
  end: renderDay(end / 86_400),
})

/** One line, keys in a fixed order, those that have nothing to say left out. */
export function renderEventsJSON(document: EventsDocument): string {
  const frame = JSON.stringify({ ...renderFrame(document), events: [] })
  // One event at a time: the whole list as objects would be several times as large as its text.
  return `${frame.slice(0, -2)}${document.events.map((event) => JSON.stringify(renderEvent(event))).join(',')}]}`
}

function renderEvent(event: ListedEvent): Record<string, unknown> {
  const { calendar, id, at, dates, busy } = event
  const { title, location, description, type, response, attendees, tentative } = readWording(event)
  const when = dates ?? { start: renderInstant(at.start), end: renderInstant(at.end) }
  const status = tentative ? 'tentative' : 'confirmed'
  const what = { title, location, description, type, response, attendees }
  return { calendar, id, ...when, allDay: dates !== undefined, busy, status, ...what }
}
