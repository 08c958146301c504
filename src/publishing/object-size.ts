/** Limits the size of published objects. Pure. */
import type { Data, ObjectName } from './published-object.ts'

/** The maximum size of the data, in bytes. Kubernetes rejects objects above 1 MiB, and metadata needs some room. */
export const MAX_OBJECT_BYTES = 900_000

/** The part of the data that can be published. */
interface Fitted {
  /** Undefined if nothing fits. */
  data: Data | undefined
  /** Why not everything fits, as a sentence for people. */
  tooLarge: string | undefined
}

/** The total length of all values, in bytes of UTF-8. */
export const bytesOf = (data: Data): number =>
  Object.values(data).reduce((sum, text) => sum + Buffer.byteLength(text), 0)

/** Selects what can be published. If the events are too large, the busy time alone is published, for programs that need only that. */
export function fit(object: ObjectName, data: Data): Fitted {
  if (excess(data) === 0) return { data, tooLarge: undefined }
  const busy = Object.fromEntries(Object.entries(data).filter(([key]) => key.startsWith('busy.')))
  const busyFits = excess(busy) === 0 && Object.keys(busy).length > 0
  return { data: busyFits ? busy : undefined, tooLarge: sizeMessage(object, data, busyFits) }
}

/** By how many bytes the data exceeds the limit. */
const excess = (data: Data): number => Math.max(bytesOf(data) - MAX_OBJECT_BYTES, 0)

function sizeMessage({ kind, name }: ObjectName, data: Data, busyFits: boolean): string {
  const over = Math.ceil(excess(data) / 1000)
  // `events.ics` is not rendered if `events.json` is too large already.
  const isPartial = 'busy.ics' in data && 'events.json' in data && !('events.ics' in data)
  const what = `${kind} ${name} would hold ${isPartial ? 'at least ' : ''}${Math.ceil(bytesOf(data) / 1000)} kB, ${over} kB more than fits`
  const left = busyFits ? '; its busy time is published without the events' : ''
  return `${what}${left}: shorten the integration's spec.sync.window, read fewer calendars, list fewer spec.publish.calendar.formats, or use detail Busy.`
}
