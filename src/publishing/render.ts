/**
 * Renders snapshots as the texts that are published, in each of the formats that the spec names. Pure: the same snapshots, rules and
 * header always give the same texts, so that a change can be detected by comparing them.
 */
import { computeBusyTime } from '../calendar/busy.ts'
import { busyDocument, renderBusyJSON, withoutFreeTime, type BusyDocument } from '../calendar/busy-document.ts'
import { eventsDocument, listEvents, renderEventsJSON, type NamedSnapshot } from '../calendar/events-document.ts'
import { renderBusyICalendar, renderEventsICalendar } from '../calendar/icalendar.ts'
import type { Zones } from '../calendar/zones.ts'
import { keyOf } from '../kubernetes/port.ts'
import type { Agent } from '../resources/types.ts'
import { bytesOf } from './object-size.ts'
import type { Data, PublishedHeader } from './published-object.ts'

/** What to render. */
export interface Rendering {
  agent: Agent
  /** In the order of the spec; each has been read at least once. */
  calendars: NamedSnapshot[]
  /** Whether no free time is published (`whenStale: Block`). */
  block: boolean
  zones: Zones
  /** The most bytes that can be published. */
  maxBytes?: number
}

/**
 * Renders the texts of all formats that the spec names, by key. `events.ics` is left out if the others already exceed `maxBytes`,
 * because then it cannot be published anyway.
 */
export function render(rendering: Rendering, header: PublishedHeader): Data {
  const { agent, calendars, block, zones } = rendering
  const { detail = 'Busy', formats = [] } = agent.spec.publish.calendar ?? {}
  const snapshots = calendars.map(({ snapshot }) => snapshot)
  const time = computeBusyTime(snapshots, agent.spec.busy, header.window, zones)
  const document = busyDocument({ agent: keyOf(agent), ...header }, time)
  const nothingFree = block || (agent.spec.publish.whenStale === 'Block' && !document.complete)
  const busy = nothingFree ? withoutFreeTime(document) : document
  const texts = {
    ...(formats.includes('JSON') ? { 'busy.json': renderBusyJSON(busy) } : {}),
    ...(formats.includes('ICalendar') ? { 'busy.ics': renderBusyICalendar(busy) } : {}),
  }
  return detail === 'Full' ? withEvents(texts, rendering, document) : texts
}

function withEvents(
  texts: Data,
  { agent, calendars, zones, maxBytes = Infinity }: Rendering,
  document: BusyDocument,
): Data {
  const events = eventsDocument(document, listEvents(calendars, agent.spec.busy, document.window, zones))
  const all = 'busy.json' in texts ? { ...texts, 'events.json': renderEventsJSON(events) } : texts
  // Rendering it takes seconds, which would be wasted if another text is too large already.
  return 'busy.ics' in all && bytesOf(all) <= maxBytes ? { ...all, 'events.ics': renderEventsICalendar(events) } : all
}
