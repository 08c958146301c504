/**
 * Encodes a snapshot's events in ten to twenty bytes per event. An operator stores thousands of calendars and uses
 * few of them at a time, so they are compressed. The events are sorted by key and split into columns of small numbers that
 * repeat: the instances of a weekly meeting differ by the same number of seconds, and most of their ids can be derived from
 * their start.
 */
import { compress, decompress } from '../platform/compression.ts'
import { ALL_DAY, type CompactEvent, type CompactTime } from './compact-event.ts'

// Flags of the stored form only, in addition to those of a compact event.
const ID_FROM_START = 64
const EXPLICIT_RECURRING_ID = 128

type Columns = [names: string[], starts: number[], lengths: number[], flags: number[]]

/** Encodes events given in any order; the same events always give the same bytes. */
export function encodeEvents(events: Iterable<CompactEvent>): Uint8Array {
  const sorted = [...events].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
  const columns: Columns = [[], [], [], []]
  const [names, starts, lengths, flags] = columns
  let last = { name: '', start: 0 }
  for (const event of sorted) {
    const encoded = encodeName(event)
    names.push(encoded.name === last.name ? '' : encoded.name)
    starts.push(event.start - last.start)
    lengths.push(event.end - event.start)
    flags.push(event.flags | encoded.flags)
    last = { name: encoded.name, start: event.start }
  }
  // JSON contains no line feed: the first line holds the columns, the others the content of one event each.
  const lines = [JSON.stringify(columns), ...sorted.map(({ content }) => content)]
  return compress(lines.join('\n').trimEnd())
}

/** Decodes what `encodeEvents` returned, sorted by key. */
export function decodeEvents(encoded: Uint8Array): CompactEvent[] {
  const { columns, contents } = inflate(encoded)
  const [names, , , storedFlags] = columns
  let name = ''
  return timesOf(columns).map(({ start, end, flags }, index) => {
    name = names[index] || name
    const ids = decodeName(name, storedFlags[index] ?? 0, start)
    return { ...ids, start, end, flags, content: contents[index] ?? '' }
  })
}

/** Decodes only the times, at a third of the cost. */
export const decodeTimes = (encoded: Uint8Array): CompactTime[] => timesOf(inflate(encoded).columns)

function inflate(encoded: Uint8Array): { columns: Columns; contents: string[] } {
  const [columns = '', ...contents] = decompress(encoded).split('\n')
  return { columns: JSON.parse(columns) as Columns, contents }
}

function timesOf([, starts, lengths, flags]: Columns): CompactTime[] {
  let start = 0
  return starts.map((difference, index) => {
    start += difference
    const ownFlags = (flags[index] ?? 0) & ~(ID_FROM_START | EXPLICIT_RECURRING_ID)
    return { start, end: start + (lengths[index] ?? 0), flags: ownFlags }
  })
}

/** An id that follows from the recurring event and the start is left out; a recurring id that is no prefix is written out. */
function encodeName({ id, recurringEventId, start, flags }: CompactEvent): { name: string; flags: number } {
  if (recurringEventId === '') return { name: id, flags: 0 }
  const isDerived = id.startsWith(recurringEventId) && id === instanceId(recurringEventId, start, flags)
  if (isDerived) return { name: recurringEventId, flags: ID_FROM_START }
  return { name: `${recurringEventId.length}:${recurringEventId}${id}`, flags: EXPLICIT_RECURRING_ID }
}

function decodeName(name: string, flags: number, start: number): Pick<CompactEvent, 'id' | 'recurringEventId'> {
  if (flags & ID_FROM_START) return { id: instanceId(name, start, flags), recurringEventId: name }
  if (!(flags & EXPLICIT_RECURRING_ID)) return { id: name, recurringEventId: '' }
  const from = name.indexOf(':') + 1
  const to = from + Number.parseInt(name)
  return { id: name.slice(to), recurringEventId: name.slice(from, to) }
}

/** Google's id of an instance that was not moved: `<recurringEventId>_20261123T100000Z`, or `…_20261123` for an all-day one. */
function instanceId(recurringEventId: string, start: number, flags: number): string {
  const iso = new Date(start * 1000).toISOString()
  const date = `${recurringEventId}_${iso.slice(0, 4)}${iso.slice(5, 7)}${iso.slice(8, 10)}`
  return flags & ALL_DAY ? date : `${date}T${iso.slice(11, 13)}${iso.slice(14, 16)}${iso.slice(17, 19)}Z`
}
