/** `busy.json`, version 1, as docs/formats.md describes it. In memory its instants are ms since the epoch. */
import type { Reading } from './busy.ts'
import { parseInstant, renderInstant } from './instant.ts'
import { clip, mergeIntervals, type Interval } from './interval.ts'

/** What every published document says of itself. */
export interface DocumentHeader {
  /** The Agent: `namespace/name`. */
  agent: string
  /** That of the first calendar read. */
  timeZone: string
  window: Interval
  /** The oldest last good read among the calendars. */
  syncedAt: number
  freshUntil: number
  /** Every calendar could be read. */
  complete: boolean
}

export interface BusyDocument extends DocumentHeader {
  version: 1
  /** Also false where an event could not be understood, or the window is more than what was asked for. */
  complete: boolean
  busy: Interval[]
}

/** The document that says what was read. Its instants are whole seconds: busy time is widened to them, never narrowed. */
export function busyDocument(frame: DocumentHeader, reading: Reading): BusyDocument {
  const { agent, timeZone } = frame
  const window = outwards(frame.window)
  return {
    version: 1,
    agent,
    timeZone,
    window,
    syncedAt: toSecond(frame.syncedAt),
    freshUntil: toSecond(frame.freshUntil),
    complete: frame.complete && reading.complete,
    busy: clip(mergeIntervals(reading.busy.map(outwards)), window),
  }
}

const SECOND = 1000

const outwards = ({ start, end }: Interval): Interval => ({
  start: toSecond(start),
  end: Math.ceil(end / SECOND) * SECOND,
})

const toSecond = (instant: number): number => Math.floor(instant / SECOND) * SECOND

/** The same document with no free time in it, for `whenStale: Block`. */
export const withoutFreeTime = (document: BusyDocument): BusyDocument => ({
  ...document,
  busy: [{ ...document.window }],
})

/** One line, always with the same keys in the same order: equal documents are equal texts. */
export const renderBusyJSON = (document: BusyDocument): string =>
  JSON.stringify({ ...renderHeader(document), busy: document.busy.map(renderInterval) })

export const renderHeader = (frame: DocumentHeader): Record<string, unknown> => ({
  version: 1,
  agent: frame.agent,
  timeZone: frame.timeZone,
  window: renderInterval(frame.window),
  syncedAt: renderInstant(frame.syncedAt),
  freshUntil: renderInstant(frame.freshUntil),
  complete: frame.complete,
})

const renderInterval = ({ start, end }: Interval): { start: string; end: string } => ({
  start: renderInstant(start),
  end: renderInstant(end),
})

/**
 * Reads back what was published, whoever may have edited it since. Undefined unless all of it is there and in order;
 * keys that we don't know are passed over.
 */
export function parseBusyJSON(text: string): BusyDocument | undefined {
  const found = parseObject(text)
  const frame = found && parseHeader(found)
  if (!frame || !Array.isArray(found.busy)) return undefined
  const busy = found.busy.map(parseInterval)
  return busy.every((interval) => interval !== undefined) ? { version: 1, ...frame, busy } : undefined
}

export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const found: unknown = JSON.parse(text)
    return isRecord(found) ? found : undefined
  } catch {
    return undefined
  }
}

/** The frame of either document, `busy.json` or `events.json`. */
export function parseHeader(found: Record<string, unknown>): DocumentHeader | undefined {
  const { version, agent, timeZone, complete } = found
  const window = parseInterval(found.window)
  const [syncedAt, freshUntil] = [parseInstant(found.syncedAt), parseInstant(found.freshUntil)]
  if (version !== 1 || typeof agent !== 'string' || typeof timeZone !== 'string') return undefined
  if (typeof complete !== 'boolean' || !window) return undefined
  if (syncedAt === undefined || freshUntil === undefined) return undefined
  return { agent, timeZone, window, syncedAt, freshUntil, complete }
}

function parseInterval(found: unknown): Interval | undefined {
  if (!isRecord(found)) return undefined
  const [start, end] = [parseInstant(found.start), parseInstant(found.end)]
  return start === undefined || end === undefined || start >= end ? undefined : { start, end }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
