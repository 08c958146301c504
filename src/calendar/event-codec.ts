/**
 * Facts at rest: ten to twenty bytes an event. An operator holds thousands of calendars and looks into few of them at a time,
 * so they lie compressed, in columns, sorted by id, in whole numbers that repeat: the instances of a weekly meeting differ
 * by the same number of seconds, and most of their ids follow from when they begin.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { ALL_DAY, type CompactEvent, type CompactTime } from './compact-event.ts'

// Flags of the packed form only, beside those of a fact.
const ID_FROM_START = 64
const SERIES_APART = 128

type Columns = [names: string[], starts: number[], lengths: number[], flags: number[]]

/** Facts in any order; the same facts always give the same bytes. */
export function encodeEvents(facts: Iterable<CompactEvent>): Uint8Array {
  const sorted = [...facts].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
  const columns: Columns = [[], [], [], []]
  const [names, starts, lengths, flags] = columns
  let last = { name: '', start: 0 }
  for (const fact of sorted) {
    const naming = namingOf(fact)
    names.push(naming.name === last.name ? '' : naming.name)
    starts.push(fact.start - last.start)
    lengths.push(fact.end - fact.start)
    flags.push(fact.flags | naming.flags)
    last = { name: naming.name, start: fact.start }
  }
  // Neither line of JSON has a line feed in it: the first holds the columns, the others the wordings as they are.
  const lines = [JSON.stringify(columns), ...sorted.map((fact) => fact.wording)]
  // A copy of exactly that size: zlib answers with a slice of a buffer of 16 kB, and would keep all of it alive.
  return new Uint8Array(deflateRawSync(lines.join('\n').trimEnd(), { level: 1 }))
}

/** What was packed, sorted by id. */
export function decodeEvents(packed: Uint8Array): CompactEvent[] {
  const { columns, wordings } = open(packed)
  const [names, , , bits] = columns
  let name = ''
  return timesIn(columns).map(({ start, end, flags }, index) => {
    name = names[index] || name
    const { id, series } = identity(name, bits[index] ?? 0, start)
    return { id, series, start, end, flags, wording: wordings[index] ?? '' }
  })
}

/** Of what was packed only what busy time needs, for a third of the cost. */
export const decodeTimes = (packed: Uint8Array): CompactTime[] => timesIn(open(packed).columns)

function open(packed: Uint8Array): { columns: Columns; wordings: string[] } {
  const [columns = '', ...wordings] = inflateRawSync(packed).toString('utf8').split('\n')
  return { columns: JSON.parse(columns) as Columns, wordings }
}

function timesIn([, starts, lengths, flags]: Columns): CompactTime[] {
  let start = 0
  return starts.map((since, index) => {
    start += since
    const bits = (flags[index] ?? 0) & ~(ID_FROM_START | SERIES_APART)
    return { start, end: start + (lengths[index] ?? 0), flags: bits }
  })
}

/** An id that follows from its series and start is left out; a series that the id doesn't tell is set beside it. */
function namingOf({ id, series, start, flags }: CompactEvent): { name: string; flags: number } {
  if (series === '') return { name: id, flags: 0 }
  if (id.startsWith(series) && id === instanceId(series, start, flags)) return { name: series, flags: ID_FROM_START }
  return { name: `${series.length}:${series}${id}`, flags: SERIES_APART }
}

function identity(name: string, flags: number, start: number): { id: string; series: string } {
  if (flags & ID_FROM_START) return { id: instanceId(name, start, flags), series: name }
  if (!(flags & SERIES_APART)) return { id: name, series: '' }
  const from = name.indexOf(':') + 1
  const to = from + Number.parseInt(name)
  return { id: name.slice(to), series: name.slice(from, to) }
}

/** As Google names instances that were not moved: the series and the start in UTC, `_20261123T100000Z` or `_20261123`. */
function instanceId(series: string, start: number, flags: number): string {
  const iso = new Date(start * 1000).toISOString()
  const date = `${series}_${iso.slice(0, 4)}${iso.slice(5, 7)}${iso.slice(8, 10)}`
  return flags & ALL_DAY ? date : `${date}T${iso.slice(11, 13)}${iso.slice(14, 16)}${iso.slice(17, 19)}Z`
}
