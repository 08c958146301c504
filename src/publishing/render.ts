/**
 * What is published, as text: the snapshots of an agent's calendars in each of the formats asked for, with given stamps. Pure:
 * the same snapshots, rules and stamps always make the same text, which is how we know whether there is news.
 */
import { computeBusyTime } from '../calendar/busy.ts'
import {
  busyDocument,
  parseBusyJSON,
  renderBusyJSON,
  withoutFreeTime,
  type BusyDocument,
} from '../calendar/busy-document.ts'
import { parseObject, type DocumentHeader } from '../calendar/document-header.ts'
import { renderInstant } from '../calendar/instant.ts'
import { eventsDocument, listEvents, renderEventsJSON, type NamedSnapshot } from '../calendar/events-document.ts'
import { parseBusyICalendar, renderBusyICalendar, renderEventsICalendar } from '../calendar/icalendar.ts'
import type { Zones } from '../calendar/zones.ts'
import { keyOf } from '../kubernetes/port.ts'
import type { Agent } from '../resources/types.ts'
import type { Published, Said, Stamps } from './state.ts'
import { dataOf } from './published.ts'

export interface Rendering {
  agent: Agent
  /** Under their real ids, in the spec's order; read at least once. */
  calendars: NamedSnapshot[]
  /** Publish no free time at all (`whenStale: Block`). */
  block: boolean
  zones: Zones
  /** Bytes that can be published at all. */
  most?: number
}

/**
 * The texts of all formats that the spec asks for, by key. Once they are more than `most` bytes together, `events.ics` is left out:
 * they can't be published in any case.
 */
export function render(rendering: Rendering, stamps: Stamps): Record<string, string> {
  const { agent, calendars, block, zones } = rendering
  const { detail = 'Busy', formats = [] } = agent.spec.publish.calendar ?? {}
  const frame: DocumentHeader = { agent: keyOf(agent), ...stamps }
  const snapshots = calendars.map(({ snapshot }) => snapshot)
  const document = busyDocument(frame, computeBusyTime(snapshots, agent.spec.busy, stamps.window, zones))
  const nothingFree = block || (agent.spec.publish.whenStale === 'Block' && !document.complete)
  const busy = nothingFree ? withoutFreeTime(document) : document
  const texts: Record<string, string> = {}
  if (formats.includes('JSON')) texts['busy.json'] = renderBusyJSON(busy)
  if (formats.includes('ICalendar')) texts['busy.ics'] = renderBusyICalendar(busy)
  return detail === 'Full' ? withEvents(texts, rendering, document) : texts
}

function withEvents(
  texts: Record<string, string>,
  { agent, calendars, zones, most = Infinity }: Rendering,
  beside: BusyDocument,
): Record<string, string> {
  const events = eventsDocument(beside, listEvents(calendars, agent.spec.busy, beside.window, zones))
  if ('busy.json' in texts) texts['events.json'] = renderEventsJSON(events)
  // Seconds of work for nothing where one of them is too much already.
  if ('busy.ics' in texts && bytesOf(texts) <= most) texts['events.ics'] = renderEventsICalendar(events)
  return texts
}

/** How long the texts are together, in UTF-8. */
export const bytesOf = (texts: Record<string, string>): number =>
  Object.values(texts).reduce((sum, text) => sum + Buffer.byteLength(text), 0)

/** What stands published with no free time left in it, its stamps as they were; undefined where that can't be told. */
export function renderBlocked(data: Record<string, string>): Record<string, string> | undefined {
  const document = publishedDocument(data)
  if (!document) return undefined
  const texts = { ...data }
  if ('busy.json' in data) texts['busy.json'] = renderBusyJSON(withoutFreeTime(document))
  if ('busy.ics' in data) texts['busy.ics'] = renderBusyICalendar(withoutFreeTime(document))
  return texts
}

/** What stands published, said to be as of `now` and good for no time: when it was really read, nobody knows. */
export function renderStamped(data: Record<string, string>, now: number): Record<string, string> {
  const at = renderInstant(Math.floor(now / 1000) * 1000)
  return Object.fromEntries(
    Object.entries(data).map(([key, text]) => [
      key,
      key.endsWith('.json') ? stampedJSON(text, at) : stampedICS(text, at),
    ]),
  )
}

const stampedJSON = (text: string, at: string): string => withFields(text, { syncedAt: at, freshUntil: at })

const stampedICS = (text: string, at: string): string =>
  text.replace(/^(X-CALENDAR-OPERATOR-(?:SYNCED-AT|FRESH-UNTIL)):.*$/gm, `$1:${at}`)

/** What stands published, said not to be complete. */
export const renderIncomplete = (data: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(data).map(([key, text]) => [
      key,
      key.endsWith('.json')
        ? withFields(text, { complete: false })
        : text.replace(/^(X-CALENDAR-OPERATOR-COMPLETE):.*$/m, '$1:false'),
    ]),
  )

function withFields(text: string, fields: object): string {
  const document = parseObject(text)
  return document ? JSON.stringify({ ...document, ...fields }) : text
}

/** What an object says that stands published. Reading it back costs as much as writing it: once a version is enough. */
export function readHeader(published: Published | null | undefined): Said {
  if (!published) return {}
  if (published.said) return published.said
  const document = publishedDocument(dataOf(published))
  published.said = document ? saying(document) : {}
  return published.said
}

const saying = ({ window, syncedAt, freshUntil, complete, timeZone, busy }: BusyDocument): Said => ({
  stamps: { window, syncedAt, freshUntil, complete, timeZone },
  busyIntervals: busy.length,
})

/** The busy time that stands published, in whichever format; undefined where it isn't whole. */
const publishedDocument = (data: Record<string, string> = {}): BusyDocument | undefined =>
  parseBusyJSON(data['busy.json'] ?? '') ?? parseBusyICalendar(data['busy.ics'] ?? '')
