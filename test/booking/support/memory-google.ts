/** One calendar at Google, in memory: what it does is taken from docs/google-behaviour.md, and nothing from the operator. */
import { GoogleError, type GoogleClient, type InsertResult, type StoredEvent } from '../../../src/google/port.ts'

type Resource = Record<string, unknown>

interface MemoryEvent {
  resource: Resource
  etag: string
  isCancelled: boolean
}

export class MemoryCalendar {
  readonly events = new Map<string, MemoryEvent>()
  /** The methods that were called, in order. */
  readonly calls: string[] = []
  /** Wraps each call: a test may let it fail, or never return. */
  intercept: <T>(call: string, run: () => T) => Promise<T> = async (_, run) => run()
  /** Other calendars, by id; without one, whatever id is named is this one. */
  readonly others = new Map<string, MemoryCalendar>()
  /** The account may not see the calendar for now: Google says that there is none, as it does of its events. */
  isHidden = false
  #version = 0
  /** The ids in the order in which they changed. */
  readonly log: string[] = []

  put(id: string, resource: Resource, isCancelled = false): StoredEvent {
    const etag = `"${++this.#version}"`
    const status = isCancelled ? 'cancelled' : 'confirmed'
    this.events.set(id, { resource: { ...resource, id, etag, status }, etag, isCancelled })
    this.log.push(id)
    return this.stored(id)
  }

  stored(id: string): StoredEvent {
    const { etag, isCancelled, resource } = this.events.get(id)!
    return { id, etag, isCancelled, resource: structuredClone(resource) }
  }

  /** What stands in the calendar. */
  get live(): StoredEvent[] {
    return [...this.events].filter(([, { isCancelled }]) => !isCancelled).map(([id]) => this.stored(id))
  }

  #of(calendarId: string): MemoryCalendar {
    return this.others.get(calendarId) ?? this
  }

  #get(id: string): StoredEvent | undefined {
    return this.events.has(id) && !this.isHidden ? this.stored(id) : undefined
  }

  #insert(event: { id: string } & Resource): InsertResult {
    if (this.isHidden) throw notFound()
    return this.events.has(event.id) ? { kind: 'duplicate' } : { kind: 'created', event: this.put(event.id, event) }
  }

  get client(): GoogleClient {
    const call = <T>(name: string, run: () => T): Promise<T> => {
      this.calls.push(name)
      return this.intercept(name, run)
    }
    return {
      credentials: { clientId: 'x', clientSecret: 'x' },
      limit: () => undefined,
      event: (_token, { calendarId, eventId }) => call('get', () => this.#of(calendarId).#get(eventId)),
      insertEvent: (_token, { calendarId, event }) => call('insert', () => this.#of(calendarId).#insert(event)),
      patchEvent: (_token, { calendarId, eventId, etag, fields }) =>
        call('patch', () => {
          const calendar = this.#of(calendarId)
          const known = calendar.events.get(eventId)
          if (!known || known.isCancelled) return { kind: 'gone' }
          if (known.etag !== etag) return { kind: 'changed' }
          return { kind: 'patched', event: calendar.put(eventId, merged(known.resource, fields)) }
        }),
      deleteEvent: (_token, { calendarId, eventId }) =>
        call('delete', () => {
          const calendar = this.#of(calendarId)
          const known = calendar.events.get(eventId)
          if (known && !known.isCancelled) calendar.put(eventId, known.resource, true)
        }),
      events: (_token, { from }, onPage) =>
        call('list', () => {
          if (this.isHidden) throw notFound()
          const since = 'syncToken' in from ? Number(from.syncToken) : 0
          const ids = [...new Set(this.log.slice(since))]
          const items = ids.map((id) => asListed(this.stored(id).resource))
          onPage({
            events: 'syncToken' in from ? items : items.filter((item) => isListed(item, from.window)),
            timeZone: 'UTC',
          })
          return { nextSyncToken: String(this.log.length), timeZone: 'UTC', truncated: false }
        }),
    } as Partial<GoogleClient> as GoogleClient
  }
}

/** Of a series, instances are listed. */
function asListed({ recurrence, ...event }: Resource): Resource {
  if (recurrence === undefined) return event
  return { ...event, id: `${String(event.id)}_20261201T130000Z`, recurringEventId: event.id }
}

/** Whether a full listing of a window contains it. An event whose time is odd is listed. */
function isListed({ status, start, end }: Resource, window: { start: number; end: number }): boolean {
  const instantOf = (time: unknown): number => Date.parse((time as { dateTime?: string }).dateTime ?? '')
  return status !== 'cancelled' && !(instantOf(start) >= window.end) && !(instantOf(end) <= window.start)
}

/** Objects are merged, null deletes. */
function merged(before: Resource, patch: Readonly<Resource>): Resource {
  const after = { ...before }
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(after, name)
    else if (value !== undefined)
      after[name] = isObject(value) ? merged(isObject(after[name]) ? after[name] : {}, value) : value
  }
  return after
}

const isObject = (value: unknown): value is Resource =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const notFound = (): GoogleError => new GoogleError('NotFound', '404 notFound')

export const lost = (): GoogleError => new GoogleError('Unreachable', 'the connection failed (ECONNRESET)')
