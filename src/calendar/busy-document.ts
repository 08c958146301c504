/** Renders and parses `busy.json`, version 1 (docs/formats.md, `schemas/busy.schema.json`). In memory, instants are ms since the epoch. */
import type { BusyTime } from './busy.ts'
import { parseHeader, parseInterval, renderHeader, renderIntervals } from './document-header.ts'
import { parseRecord } from '../platform/json.ts'
import type { DocumentHeader } from './document-header.ts'
import { clip, mergeIntervals, type Interval } from './interval.ts'

/** The content of `busy.json` and `busy.ics`. */
export interface BusyDocument extends DocumentHeader {
  version: 1
  busy: Interval[]
}

/** Creates the document for a busy time. Instants are rounded to whole seconds, and busy time is rounded outwards. */
export function busyDocument(header: DocumentHeader, time: BusyTime): BusyDocument {
  const { agent, timeZone } = header
  const window = roundOutwards(header.window)
  return {
    version: 1,
    agent,
    timeZone,
    window,
    syncedAt: roundDown(header.syncedAt),
    freshUntil: roundDown(header.freshUntil),
    complete: header.complete && time.complete,
    busy: clip(mergeIntervals(time.busy.map(roundOutwards)), window),
  }
}

const SECOND = 1000

/** Not with `roundDown`: a document has dozens of intervals. */
const roundOutwards = ({ start, end }: Interval): Interval => ({
  start: Math.floor(start / SECOND) * SECOND,
  end: Math.ceil(end / SECOND) * SECOND,
})

const roundDown = (instant: number): number => Math.floor(instant / SECOND) * SECOND

/** The same document with the whole window busy, for `whenStale: Block`. */
export const withoutFreeTime = (document: BusyDocument): BusyDocument => ({
  ...document,
  busy: [{ ...document.window }],
})

/** Renders the document in one line with a fixed order of keys, so that equal documents give equal texts. */
export const renderBusyJSON = (document: BusyDocument): string =>
  `${JSON.stringify(renderHeader(document)).slice(0, -1)},"busy":${renderIntervals(document.busy)}}`

/** Parses a `busy.json`, which anybody may have edited; undefined unless everything is present and valid. */
export function parseBusyJSON(text: string): BusyDocument | undefined {
  const found = parseRecord(text)
  const header = found && parseHeader(found)
  if (!header || !Array.isArray(found.busy)) return undefined
  const busy = found.busy.map(parseInterval)
  return busy.every((interval) => interval !== undefined) ? { version: 1, ...header, busy } : undefined
}
