/**
 * Encodes a snapshot's events in less than thirty bytes per event. An operator stores thousands of calendars and uses
 * few of them at a time. The events are sorted by key. Their times come first (`times-codec.ts`), and then, packed (`names-codec.ts`) or
 * compressed, their ids, most of which can be derived from the start for instances of a recurring event, and their content.
 */
import { compress, decompress } from '../platform/compression.ts'
import { ALL_DAY, type CompactEvent, type CompactTime } from './compact-event.ts'
import { decodeNames, encodeNames } from './names-codec.ts'
import { decodeTimes as decodeStoredTimes, encodeTimes } from './times-codec.ts'

// Flags of the stored form only, in addition to those of a compact event.
const ID_FROM_START = 64
const EXPLICIT_RECURRING_ID = 128
// How the names are stored.
const PACKED = 0
const COMPRESSED = 1
const STORED_FLAGS = ID_FROM_START | EXPLICIT_RECURRING_ID

/** Encodes events, given by key in any order; the same events always give the same bytes. */
export function encodeEvents(events: ReadonlyMap<string, CompactEvent>): Uint8Array {
  if (events.size === 0) return new Uint8Array()
  const sorted: CompactEvent[] = []
  const names: string[] = []
  const times: CompactTime[] = []
  let last = ''
  let hasContent = false
  for (const key of [...events.keys()].sort()) {
    const event = events.get(key)
    if (!event) continue
    const storedFlags = storedFlagsOf(event)
    const name = storedName(event, storedFlags)
    sorted.push(event)
    names.push(name === last ? '' : name)
    times.push({ start: event.start, end: event.end, flags: event.flags | storedFlags })
    last = name
    hasContent ||= event.content !== ''
  }
  const encodedTimes = encodeTimes(times)
  const packed = hasContent ? undefined : encodeNames(names)
  encodedTimes.push(packed ? PACKED : COMPRESSED)
  const rest = packed ?? compress(textOf(names, sorted))
  const encoded = new Uint8Array(encodedTimes.length + rest.length)
  encoded.set(encodedTimes)
  encoded.set(rest, encodedTimes.length)
  return encoded
}

/** JSON contains no line feed: the first line holds the names, the others the content of one event each. */
const textOf = (names: readonly string[], events: readonly CompactEvent[]): string =>
  [JSON.stringify(names), ...events.map(({ content }) => content)].join('\n').trimEnd()

/** Decodes what `encodeEvents` returned, sorted by key. */
export function decodeEvents(encoded: Uint8Array): CompactEvent[] {
  if (encoded.length === 0) return []
  const { times, end } = decodeStoredTimes(encoded)
  const rest = encoded.subarray(end + 1)
  const [line = '', ...contents] = encoded[end] === PACKED ? [] : decompress(rest).split('\n')
  const names = line === '' ? decodeNames(rest) : (JSON.parse(line) as string[])
  let name = ''
  return times.map(({ start, end, flags }, index) => {
    name = names[index] || name
    return {
      ...decodeName(name, flags, start),
      start,
      end,
      flags: flags & ~STORED_FLAGS,
      content: contents[index] ?? '',
    }
  })
}

/** Decodes only the times, at a tenth of the cost. */
export function decodeTimes(encoded: Uint8Array): CompactTime[] {
  if (encoded.length === 0) return []
  const { times } = decodeStoredTimes(encoded)
  for (const time of times) time.flags &= ~STORED_FLAGS
  return times
}

/** An id that follows from the recurring event and the start is left out; a recurring id that is no prefix is written out. */
function storedFlagsOf({ id, recurringEventId, start, flags }: CompactEvent): number {
  if (recurringEventId === '') return 0
  const isDerived = id.startsWith(recurringEventId) && id === instanceId(recurringEventId, start, flags)
  return isDerived ? ID_FROM_START : EXPLICIT_RECURRING_ID
}

function storedName({ id, recurringEventId }: CompactEvent, storedFlags: number): string {
  if (storedFlags & ID_FROM_START) return recurringEventId
  return storedFlags & EXPLICIT_RECURRING_ID ? `${recurringEventId.length}_${recurringEventId}${id}` : id
}

function decodeName(name: string, flags: number, start: number): Pick<CompactEvent, 'id' | 'recurringEventId'> {
  if (flags & ID_FROM_START) return { id: instanceId(name, start, flags), recurringEventId: name }
  if (!(flags & EXPLICIT_RECURRING_ID)) return { id: name, recurringEventId: '' }
  const from = name.indexOf('_') + 1
  const to = from + Number.parseInt(name)
  return { id: name.slice(to), recurringEventId: name.slice(from, to) }
}

/** Google's id of an instance that was not moved: `<recurringEventId>_20261123T100000Z`, or `…_20261123` for an all-day one. */
function instanceId(recurringEventId: string, start: number, flags: number): string {
  const iso = new Date(start * 1000).toISOString()
  const date = `${recurringEventId}_${iso.slice(0, 4)}${iso.slice(5, 7)}${iso.slice(8, 10)}`
  return flags & ALL_DAY ? date : `${date}T${iso.slice(11, 13)}${iso.slice(14, 16)}${iso.slice(17, 19)}Z`
}
