/** How large a published object may be. */
import type { Data, ObjectName } from './published-object.ts'

/** Kubernetes refuses objects larger than 1 MiB in all; this leaves room for the metadata of other clients. */
export const MAX_OBJECT_BYTES = 900_000

/** The part of the data that can be published. */
interface Fitted {
  /** Undefined if nothing of it fits. */
  data: Data | undefined
  /** Why that is not all, as a sentence for people. */
  tooLarge: string | undefined
}

/** The length of all values together, in bytes of UTF-8. */
export const bytesOf = (data: Data): number =>
  Object.values(data).reduce((sum, text) => sum + Buffer.byteLength(text), 0)

/** If the events are too large, only the busy time is published: programs that need no more than that keep working. */
export function fit(object: ObjectName, data: Data): Fitted {
  if (excess(data) === 0) return { data, tooLarge: undefined }
  const busy = Object.fromEntries(Object.entries(data).filter(([key]) => key.startsWith('busy.')))
  const busyFits = excess(busy) === 0 && Object.keys(busy).length > 0
  return { data: busyFits ? busy : undefined, tooLarge: sizeMessage(object, data, busyFits) }
}

/** By how many bytes the data is too large. */
const excess = (data: Data): number => Math.max(bytesOf(data) - MAX_OBJECT_BYTES, 0)

function sizeMessage({ kind, name }: ObjectName, data: Data, busyFits: boolean): string {
  const over = Math.ceil(excess(data) / 1000)
  // `events.ics` is not rendered if `events.json` is too large already.
  const isPartial = 'busy.ics' in data && 'events.json' in data && !('events.ics' in data)
  const what = `${kind} ${name} would hold ${isPartial ? 'at least ' : ''}${Math.ceil(bytesOf(data) / 1000)} kB, ${over} kB more than fits`
  const left = busyFits ? '; its busy time is published without the events' : ''
  return `${what}${left}: shorten the integration's spec.sync.window, read fewer calendars, list fewer spec.publish.calendar.formats, or use detail Busy.`
}
