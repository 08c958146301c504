/** `events.json`, version 1, for `detail: Full`: docs/formats.md. It holds what is private: it goes into Secrets only. */
import { intervalOf, isBusy, type BusyRules } from './busy.ts'
import { renderHeader, type BusyDocument, type DocumentHeader } from './busy-document.ts'
import { eventIdOf } from './event-keys.ts'
import { ALL_DAY, NO_TIME, type CompactEvent } from './compact-event.ts'
import { renderInstant } from './instant.ts'
import { touches, type Interval } from './interval.ts'
import { snapshotEvents, type CalendarSnapshot } from './calendar-snapshot.ts'
import { renderDay } from './event-time.ts'
import type { EventContent } from './event-content.ts'
import type { Zones } from './zones.ts'

/** A calendar under its real id. */
export interface NamedSnapshot {
  calendar: string
  snapshot: CalendarSnapshot
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
  /** A `EventContent` in JSON: it is read one at a time, as it is written. */
  wording: string
}

/** What people wrote in a listed event. */
export const parseContent = ({ wording }: ListedEvent): EventContent => JSON.parse(wording || '{}') as EventContent

export interface EventsDocument extends DocumentHeader {
  version: 1
  events: ListedEvent[]
}

/** The list of events that goes with a `busy.json`, under the same frame, whichever of the two is published. */
export function eventsDocument(beside: BusyDocument, events: ListedEvent[]): EventsDocument {
  const { version, agent, timeZone, window, syncedAt, freshUntil, complete } = beside
  return { version, agent, timeZone, window, syncedAt, freshUntil, complete, events }
}

/** Every event that touches the window and isn't cancelled, in order of start; free ones and declined ones say so. */
export function listEvents(
  calendars: Iterable<NamedSnapshot>,
  rules: BusyRules,
  window: Interval,
  zones: Zones,
): ListedEvent[] {
  const events: ListedEvent[] = []
  for (const { calendar, snapshot } of calendars)
    for (const fact of snapshotEvents(snapshot)) {
      const at = intervalOf(fact, snapshot.timeZone, zones)
      if (!(fact.flags & NO_TIME) && touches(at, window)) events.push(listed(calendar, fact, at, isBusy(fact, rules)))
    }
  // The sort is stable, and facts come sorted by id, calendars in the spec's order.
  return events.sort((a, b) => a.at.start - b.at.start || a.at.end - b.at.end)
}

const listed = (calendar: string, fact: CompactEvent, at: Interval, busy: boolean): ListedEvent => ({
  calendar,
  id: eventIdOf(fact.id),
  at,
  ...(fact.flags & ALL_DAY ? { dates: datesOf(fact) } : {}),
  busy,
  wording: fact.wording,
})

const datesOf = ({ start, end }: CompactEvent): { start: string; end: string } => ({
  start: renderDay(start / 86_400),
  end: renderDay(end / 86_400),
})

/** One line, keys in a fixed order, those that have nothing to say left out. */
export function renderEventsJSON(document: EventsDocument): string {
  const frame = JSON.stringify({ ...renderHeader(document), events: [] })
  // One event at a time: the whole list as objects would be several times as large as its text.
  return `${frame.slice(0, -2)}${document.events.map((event) => JSON.stringify(renderEvent(event))).join(',')}]}`
}

function renderEvent(event: ListedEvent): Record<string, unknown> {
  const { calendar, id, at, dates, busy } = event
  const { title, location, description, type, response, attendees, tentative } = parseContent(event)
  const when = dates ?? { start: renderInstant(at.start), end: renderInstant(at.end) }
  const status = tentative ? 'tentative' : 'confirmed'
  const what = { title, location, description, type, response, attendees }
  return { calendar, id, ...when, allDay: dates !== undefined, busy, status, ...what }
}
