/** The filters of events.list that look into events: `q`, `iCalUID`, `eventTypes`, extended properties, `updatedMin`. */
import type { View } from './calendars.ts'
import { parseInstant } from './times.ts'
import type { EventRecord } from './records.ts'

type Filter = (record: EventRecord) => boolean

/** One filter for all of the query's, or undefined when it has none. */
export function filterOf(query: URLSearchParams, view: View): Filter | undefined {
  const filters = [
    byText(query.get('q')),
    byUid(query.get('iCalUID')),
    byType(query.getAll('eventTypes')),
    byProperties('private', query.getAll('privateExtendedProperty')),
    byProperties('shared', query.getAll('sharedExtendedProperty')),
    byUpdate(parseInstant(query.get('updatedMin'), 'updatedMin')),
  ].filter((filter) => filter !== undefined)
  // Who only sees free and busy can't search in what is hidden.
  if (filters.length > 0 && view.role === 'freeBusyReader') return () => false
  return filters.length === 0 ? undefined : (record) => filters.every((filter) => filter(record))
}

function byText(q: string | null): Filter | undefined {
  if (q === null) return undefined
  const wanted = q.toLowerCase()
  return ({ fields }) =>
    JSON.stringify([fields.summary, fields.description, fields.location, fields.attendees])
      .toLowerCase()
      .includes(wanted)
}

function byUid(uid: string | null): Filter | undefined {
  if (uid === null) return undefined
  return (record) => (record.fields.iCalUID ?? `${record.series?.master ?? record.id}@google.com`) === uid
}

function byType(types: string[]): Filter | undefined {
  if (types.length === 0) return undefined
  return (record) => record.cancelled || types.includes((record.fields.eventType as string | undefined) ?? 'default')
}

function byProperties(kind: 'private' | 'shared', wanted: string[]): Filter | undefined {
  if (wanted.length === 0) return undefined
  const pairs = wanted.map((pair) => pair.split(/=(.*)/s))
  return ({ fields }) => {
    const have = (fields.extendedProperties as Record<string, Record<string, string>> | undefined)?.[kind] ?? {}
    return pairs.every(([key = '', value]) => have[key] === value)
  }
}

function byUpdate(since: number | undefined): Filter | undefined {
  return since === undefined ? undefined : (record) => record.updated >= since
}
