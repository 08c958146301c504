/**
 * Facts at rest: some ten bytes an event. An operator holds thousands of calendars and looks into few of them at a time,
 * so they lie compressed, in columns, sorted by id, in whole numbers that repeat: the instances of a weekly meeting differ
 * by the same number of seconds, and most of their ids follow from when they begin.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { Fact, Wording } from './fact.ts'
import { ALL_DAY } from './fact.ts'

// Flags of the packed form only, beside those of a fact.
const ID_FROM_START = 64
const SERIES_APART = 128

type Columns = [names: string[], starts: number[], lengths: number[], flags: number[], wordings?: (Wording | null)[]]

/** Facts in any order; the same facts always give the same bytes. */
export function pack(facts: Iterable<Fact>): Uint8Array {
  const sorted = [...facts].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
  const columns: Columns = [[], [], [], []]
  const [names, starts, lengths, flags] = columns
  let lastStart = 0
  let lastSeries = ''
  for (const fact of sorted) {
    const naming = namingOf(fact)
    names.push(naming.name === lastSeries ? '' : naming.name)
    lastSeries = naming.name
    starts.push(fact.start - lastStart)
    lastStart = fact.start
    lengths.push(fact.end - fact.start)
    flags.push(fact.flags | naming.flags)
  }
  if (sorted.some((fact) => fact.wording)) columns.push(sorted.map((fact) => fact.wording ?? null))
  // A copy of exactly that size: zlib answers with a slice of a buffer of 16 kB, and would keep all of it alive.
  return new Uint8Array(deflateRawSync(JSON.stringify(columns), { level: 1 }))
}

/** What was packed, sorted by id. */
export function unpack(packed: Uint8Array): Fact[] {
  const [names, starts, lengths, flags, wordings] = JSON.parse(inflateRawSync(packed).toString('utf8')) as Columns
  let start = 0
  let name = ''
  return names.map((shortened, index) => {
    name = shortened === '' ? name : shortened
    start += starts[index] ?? 0
    const bits = flags[index] ?? 0
    const fact: Fact = {
      ...identity(name, bits, start),
      start,
      end: start + (lengths[index] ?? 0),
      flags: bits & ~(ID_FROM_START | SERIES_APART),
    }
    const wording = wordings?.[index]
    if (wording) fact.wording = wording
    return fact
  })
}

/** An id whose series and start it follows from is left out; a series that the id doesn't tell is set beside it. */
function namingOf({ id, series, start, flags }: Fact): { name: string; flags: number } {
  if (series === '') return { name: id, flags: 0 }
  if (id === instanceId(series, start, flags)) return { name: series, flags: ID_FROM_START }
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
  const stamp = new Date(start * 1000).toISOString().replace(/[-:]|\.\d+/g, '')
  return `${series}_${flags & ALL_DAY ? stamp.slice(0, 8) : stamp}`
}
