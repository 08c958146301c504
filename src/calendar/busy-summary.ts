/**
 * Reads from a published `busy.json` only what it says about itself. After a restart, one is read for each Agent: a text of the form
 * that `renderBusyJSON` writes is checked as a text, without an object for each interval and a date for each instant.
 */
import { parseRecord } from '../platform/json.ts'
import { parseBusyJSON, type BusyDocument } from './busy-document.ts'
import { parseHeader, type DocumentHeader } from './document-header.ts'

/** What a published document says about itself. */
export interface BusySummary extends DocumentHeader {
  /** How many busy intervals it contains. */
  intervals: number
}

/** The summary of a document. */
export function summaryOf({
  busy,
  agent,
  timeZone,
  window,
  syncedAt,
  freshUntil,
  complete,
}: BusyDocument): BusySummary {
  return { agent, timeZone, window, syncedAt, freshUntil, complete, intervals: busy.length }
}

/** Parses a `busy.json`, which anybody may have edited, as `parseBusyJSON` does. */
export function parseBusySummary(text: string): BusySummary | undefined {
  const rendered = parseRendered(text)
  if (rendered) return rendered
  const document = parseBusyJSON(text)
  return document && summaryOf(document)
}

const BUSY = ',"busy":['

/** Returns undefined for a text of any other form, although it may be valid. */
function parseRendered(text: string): BusySummary | undefined {
  const at = text.indexOf(BUSY)
  const intervals = at < 0 ? undefined : countIntervals(text.slice(at + BUSY.length))
  if (intervals === undefined) return undefined
  // If this is an object, the text is the same object with one more field.
  const found = parseRecord(`${text.slice(0, at)}}`)
  const header = found && parseHeader(found)
  return header && { ...header, intervals }
}

/** The dates of all years, without the 29th of February. */
const DATE =
  '(?!0000)\\d{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)'
const INSTANT = `"${DATE}T(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\dZ"`
const INTERVAL = `\\{"start":${INSTANT},"end":${INSTANT}\\}`
const INTERVALS = new RegExp(`^(?:${INTERVAL}(?:,${INTERVAL})*)?\\]\\}$`)

const INSTANT_LENGTH = '2026-11-23T10:00:00Z'.length
const START = '{"start":"'.length
const END = START + INSTANT_LENGTH + '","end":"'.length
const LENGTH = END + INSTANT_LENGTH + '"},'.length

/** Counts the intervals in the rest of a document; undefined unless each has this form, and ends after its start. */
function countIntervals(rest: string): number | undefined {
  if (!INTERVALS.test(rest)) return undefined
  let count = 0
  for (let at = 0; at + LENGTH <= rest.length; at += LENGTH) {
    const start = rest.slice(at + START, at + START + INSTANT_LENGTH)
    if (start >= rest.slice(at + END, at + END + INSTANT_LENGTH)) return undefined
    count += 1
  }
  return count
}
