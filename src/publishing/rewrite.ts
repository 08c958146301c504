/** Rewrites published texts while nothing newer can be rendered. Pure. */
import { renderBusyJSON, withoutFreeTime } from '../calendar/busy-document.ts'
import type { DocumentHeader } from '../calendar/document-header.ts'
import { parseRecord } from '../platform/json.ts'
import { renderBusyICalendar } from '../calendar/icalendar.ts'
import { renderInstant } from '../calendar/instant.ts'
import { publishedDocument, type Data } from './published-object.ts'

/** Marks the whole window as busy and leaves the header unchanged; undefined if the text is not valid. */
export function rewriteBlocked(data: Data): Data | undefined {
  const document = publishedDocument(data)
  return document && { ...data, ...blockedTexts(document, Object.keys(data)) }
}

/** The busy time without free time, under those of the keys that contain busy time. It needs nothing but the header. */
export function blockedTexts(header: DocumentHeader, keys: readonly string[]): Data {
  const blocked = withoutFreeTime({ ...header, version: 1, busy: [] })
  return {
    ...(keys.includes('busy.json') ? { 'busy.json': renderBusyJSON(blocked) } : {}),
    ...(keys.includes('busy.ics') ? { 'busy.ics': renderBusyICalendar(blocked) } : {}),
  }
}

/** Dates the data to `now` and marks it as expired, because it is unknown when it was really read. */
export function rewriteExpired(data: Data, now: number): Data {
  const at = renderInstant(now)
  return rewrite(data, { syncedAt: at, freshUntil: at }, (ics) =>
    ics.replace(/^(X-CALENDAR-OPERATOR-(?:SYNCED-AT|FRESH-UNTIL)):.*$/gm, `$1:${at}`),
  )
}

/** Marks the data as incomplete. */
export const rewriteIncomplete = (data: Data): Data =>
  rewrite(data, { complete: false }, (ics) => ics.replace(/^(X-CALENDAR-OPERATOR-COMPLETE):.*$/m, '$1:false'))

function rewrite(data: Data, fields: object, rewriteICalendar: (ics: string) => string): Data {
  const entries = Object.entries(data).map(([key, text]) => [
    key,
    key.endsWith('.json') ? withFields(text, fields) : rewriteICalendar(text),
  ])
  return Object.fromEntries(entries) as Data
}

function withFields(text: string, fields: object): string {
  const document = parseRecord(text)
  return document ? JSON.stringify({ ...document, ...fields }) : text
}
