/**
 * Renders `events.json`, version 1, for `detail: Full` (docs/formats.md, `schemas/events.schema.json`). It contains private data and
 * is written into Secrets only.
 */
import { isBusy, toInterval, type BusyRules } from './busy.ts'
import type { BusyDocument } from './busy-document.ts'
import { renderDate } from './calendar-date.ts'
import { snapshotEvents, type CalendarSnapshot } from './calendar-snapshot.ts'
import { ALL_DAY, NO_TIME, type CompactEvent } from './compact-event.ts'
import { renderHeader, type DocumentHeader } from './document-header.ts'
import type { EventContent } from './event-content.ts'
import { googleIdOf } from './event-keys.ts'
import { renderInstant } from './instant.ts'
import { touches, type Interval } from './interval.ts'
import type { Zones } from './zones.ts'

/** A snapshot with the id of its calendar. */
export interface NamedSnapshot {
  calendar: string
  snapshot: CalendarSnapshot
}

/** One event of the list. */
export interface ListedEvent {
  calendar: string
  id: string
  /** In ms since the epoch, for all-day events too. */
  at: Interval
  /** The dates of an all-day event, `YYYY-MM-DD`, the end exclusive. */
  dates?: { start: string; end: string }
  /** Whether it counts as busy under the rules of the spec. */
  busy: boolean
  /** An `EventContent` in JSON. It is parsed one event at a time, when it is rendered. */
  content: string
}

/** The parsed content of a listed event. */
export const parseContent = ({ content }: ListedEvent): EventContent => JSON.parse(content || '{}') as EventContent

/** The content of `events.json` and `events.ics`. */
export interface EventsDocument extends DocumentHeader {
  version: 1
  events: ListedEvent[]
}

/** Creates the document with the header of the busy document that is published next to it. */
export function eventsDocument(busy: BusyDocument, events: ListedEvent[]): EventsDocument {
  const { version, agent, timeZone, window, syncedAt, freshUntil, complete } = busy
  return { version, agent, timeZone, window, syncedAt, freshUntil, complete, events }
}

/** Lists all events that overlap the window, including free and declined ones, sorted by start. */
export function listEvents(
  calendars: Iterable<NamedSnapshot>,
  rules: BusyRules,
  window: Interval,
  zones: Zones,
): ListedEvent[] {
  const events: ListedEvent[] = []
  for (const { calendar, snapshot } of calendars)
    for (const event of snapshotEvents(snapshot)) {
      const at = toInterval(event, snapshot.timeZone, zones)
      if (event.flags & NO_TIME || !touches(at, window)) continue
      events.push(listedEvent(calendar, event, { at, busy: isBusy(event, rules) }))
    }
  // The sort is stable: calendars are in the order of the spec, and the events of each calendar are sorted by id.
  return events.sort((a, b) => a.at.start - b.at.start || a.at.end - b.at.end)
}

const listedEvent = (calendar: string, event: CompactEvent, judged: Pick<ListedEvent, 'at' | 'busy'>): ListedEvent => ({
  calendar,
  id: googleIdOf(event.id),
  ...judged,
  ...(event.flags & ALL_DAY ? { dates: datesOf(event) } : {}),
  content: event.content,
})

const datesOf = ({ start, end }: CompactEvent): { start: string; end: string } => ({
  start: renderDate(start / 86_400),
  end: renderDate(end / 86_400),
})

/** Renders the document in one line with a fixed order of keys, without empty ones. */
export function renderEventsJSON(document: EventsDocument): string {
  const empty = JSON.stringify({ ...renderHeader(document), events: [] })
  // One event at a time: as objects, the whole list would take several times the memory of its text.
  return `${empty.slice(0, -2)}${document.events.map((event) => JSON.stringify(renderEvent(event))).join(',')}]}`
}

function renderEvent(event: ListedEvent): Record<string, unknown> {
  const { calendar, id, at, dates, busy } = event
  const { title, location, description, type, response, attendees, tentative } = parseContent(event)
  const when = dates ?? { start: renderInstant(at.start), end: renderInstant(at.end) }
  const status = tentative ? 'tentative' : 'confirmed'
  const content = { title, location, description, type, response, attendees }
  return { calendar, id, ...when, allDay: dates !== undefined, busy, status, ...content }
}
