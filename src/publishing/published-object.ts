/**
 * A published object in memory. Its data is compressed: it is needed only when something has changed, and with thousands of Agents
 * it would take most of the memory.
 */
import { parseBusyJSON, type BusyDocument } from '../calendar/busy-document.ts'
import type { DocumentHeader } from '../calendar/document-header.ts'
import { parseBusyICalendar } from '../calendar/icalendar.ts'
import { compress, decompress } from '../platform/compression.ts'

/** The values of our keys, as text. */
export type Data = Readonly<Record<string, string>>

/** The header of a published document without the Agent that it belongs to. */
export type PublishedHeader = Omit<DocumentHeader, 'agent'>

/** The kind and the name of an object in the namespace of its Agent. */
export interface ObjectName {
  readonly kind: 'ConfigMap' | 'Secret'
  readonly name: string
}

/** A published object as it is in the cluster. */
export interface PublishedObject extends ObjectName {
  /** The version that decisions are based on; every write names it. */
  readonly resourceVersion: string
  /** The compressed data; see `dataOf`. */
  readonly compressed: Uint8Array
  /** Its header, if it is a calendar whose text is valid. */
  readonly header: PublishedHeader | undefined
  /** The number of its busy intervals, if it is a calendar whose text is valid. */
  readonly busyIntervals: number | undefined
  /** Whether another client, or the API server while it stored it, has changed it, and we have not overwritten that yet. */
  readonly isEdited: boolean
}

/** Creates the value for an object in the cluster. */
export function publishedObject(at: ObjectName & { resourceVersion: string }, data: Data): PublishedObject {
  const { kind, name, resourceVersion } = at
  const document = publishedDocument(data)
  const compressed = compress(JSON.stringify(data))
  const header = document && headerOf(document)
  return { kind, name, resourceVersion, compressed, header, busyIntervals: document?.busy.length, isEdited: false }
}

/** The data of a published object. */
export const dataOf = ({ compressed }: PublishedObject): Data => JSON.parse(decompress(compressed)) as Data

/** Whether an object has this kind and name. */
export const isNamed = (object: ObjectName, { kind, name }: ObjectName): boolean =>
  object.kind === kind && object.name === name

/** Whether both contain the same keys with the same values. */
export const sameData = (a: Data, b: Data): boolean =>
  Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([key, value]) => b[key] === value)

/** Parses the busy time in published data, in either format; undefined if the text is not valid. */
export const publishedDocument = (data: Data): BusyDocument | undefined =>
  parseBusyJSON(data['busy.json'] ?? '') ?? parseBusyICalendar(data['busy.ics'] ?? '')

const headerOf = ({ window, syncedAt, freshUntil, complete, timeZone }: BusyDocument): PublishedHeader => ({
  window,
  syncedAt,
  freshUntil,
  complete,
  timeZone,
})
