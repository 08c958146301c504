/**
 * A published object in memory, without its texts: only what they say about themselves is held, and a digest of each, which tells
 * whether a text has changed. Whoever needs a text itself reads the object again (`readData` in `owned-object.ts`).
 */
import { hash } from 'node:crypto'
import { parseBusyJSON, type BusyDocument } from '../calendar/busy-document.ts'
import { parseBusySummary, summaryOf, type BusySummary } from '../calendar/busy-summary.ts'
import type { DocumentHeader } from '../calendar/document-header.ts'
import { parseBusyICalendar } from '../calendar/icalendar.ts'
import { fromTimestamp } from '../resources/secret-encoding.ts'

/** The values of our keys, as text. */
export type Data = Readonly<Record<string, string>>

/** The header of a published document without the Agent that it belongs to. */
export type PublishedHeader = Omit<DocumentHeader, 'agent'>

/** The SHA-256 digest of each of our values, by key. */
export type Digests = Readonly<Record<string, string>>

/** The kind and the name of an object in the namespace of its Agent. */
export interface ObjectName {
  readonly kind: 'ConfigMap' | 'Secret'
  readonly name: string
}

/** A published object as it is in the cluster. */
export interface PublishedObject extends ObjectName {
  /** The version that decisions are based on; every write names it. */
  readonly resourceVersion: string
  /** The digests of its data; see `digestsOf`. */
  readonly digests: Digests
  /** Its header, if it is a calendar whose text is valid. */
  readonly header: PublishedHeader | undefined
  /** The number of its busy intervals, if it is a calendar whose text is valid. */
  readonly busyIntervals: number | undefined
  /** When its access token expires, in ms since the epoch, if it contains one with a valid time. */
  readonly expiresAt: number | undefined
  /** Whether another client, or the API server while it stored it, has changed it, and we have not overwritten that yet. */
  readonly isEdited: boolean
}

/** Creates the value for an object in the cluster. */
export function publishedObject(at: ObjectName & { resourceVersion: string }, data: Data): PublishedObject {
  const { kind, name, resourceVersion } = at
  const summary = publishedSummary(data)
  return {
    kind,
    name,
    resourceVersion,
    digests: digestsOf(data),
    header: summary && headerOf(summary),
    busyIntervals: summary?.intervals,
    expiresAt: fromTimestamp(data.expires_at),
    isEdited: false,
  }
}

/** The digest of one value. */
export const digestOf = (text: string): string => hash('sha256', text, 'base64')

/** The digests of data. */
export function digestsOf(data: Data): Digests {
  const digests: Record<string, string> = {}
  for (const key in data) digests[key] = digestOf(data[key] ?? '')
  return digests
}

/** Whether an object has this kind and name. */
export const isNamed = (object: ObjectName, { kind, name }: ObjectName): boolean =>
  object.kind === kind && object.name === name

/** Whether data with these digests has the same keys with the same values. */
export const sameDigests = (a: Digests, b: Digests): boolean =>
  Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([key, digest]) => b[key] === digest)

/** Parses the busy time in published data, in either format; undefined if the text is not valid. */
export const publishedDocument = (data: Data): BusyDocument | undefined =>
  parseBusyJSON(data['busy.json'] ?? '') ?? parseBusyICalendar(data['busy.ics'] ?? '')

function publishedSummary(data: Data): BusySummary | undefined {
  const summary = parseBusySummary(data['busy.json'] ?? '')
  if (summary) return summary
  const document = parseBusyICalendar(data['busy.ics'] ?? '')
  return document && summaryOf(document)
}

const headerOf = ({ window, syncedAt, freshUntil, complete, timeZone }: DocumentHeader): PublishedHeader => ({
  window,
  syncedAt,
  freshUntil,
  complete,
  timeZone,
})
