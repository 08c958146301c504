/** Renders and parses the header of published documents (docs/formats.md, `schemas/busy.schema.json`). */
import { isRecord } from '../platform/json.ts'
import { InstantRenderer, parseInstant, renderInstant } from './instant.ts'
import type { Interval } from './interval.ts'

/** The header of a published document. Instants are ms since the epoch. */
export interface DocumentHeader {
  /** The Agent, `namespace/name`. */
  agent: string
  /** The time zone of the first calendar that was read, under a name that `Intl` accepts. */
  timeZone: string
  /** The time that the document covers. */
  window: Interval
  /** When the least recently read calendar was read. */
  syncedAt: number
  /** Until when the document can be trusted. */
  freshUntil: number
  /** Whether all calendars were read, all events were understood, and the whole window was listed. */
  complete: boolean
}

/** The header as JSON values, with its keys in the order in which they are published. */
export const renderHeader = (header: DocumentHeader): Record<string, unknown> => ({
  version: 1,
  agent: header.agent,
  timeZone: header.timeZone,
  window: renderInterval(header.window),
  syncedAt: renderInstant(header.syncedAt),
  freshUntil: renderInstant(header.freshUntil),
  complete: header.complete,
})

/** Parses a header; undefined unless everything is present and valid. Unknown keys are ignored. */
export function parseHeader(found: Record<string, unknown>): DocumentHeader | undefined {
  const { version, agent, timeZone, complete } = found
  const window = parseInterval(found.window)
  const syncedAt = parseInstant(found.syncedAt)
  const freshUntil = parseInstant(found.freshUntil)
  if (version !== 1 || typeof agent !== 'string' || typeof timeZone !== 'string') return undefined
  if (typeof complete !== 'boolean' || !window) return undefined
  if (syncedAt === undefined || freshUntil === undefined) return undefined
  return { agent, timeZone, window, syncedAt, freshUntil, complete }
}

/** An interval as it is published. */
const renderInterval = ({ start, end }: Interval): { start: string; end: string } => ({
  start: renderInstant(start),
  end: renderInstant(end),
})

/** Renders intervals as JSON. As text, because objects that are rendered at once take twice the time. */
export function renderIntervals(intervals: readonly Interval[]): string {
  const instants = new InstantRenderer()
  const render = ({ start, end }: Interval): string =>
    `{"start":"${instants.render(start)}","end":"${instants.render(end)}"}`
  return `[${intervals.map(render).join(',')}]`
}

/** Parses an interval as it is published; returns undefined for anything else, and for an empty interval. */
export function parseInterval(found: unknown): Interval | undefined {
  if (!isRecord(found)) return undefined
  const start = parseInstant(found.start)
  const end = parseInstant(found.end)
  return start === undefined || end === undefined || start >= end ? undefined : { start, end }
}
