/**
 * The events that this process has written to calendars. A write is applied to every snapshot of its calendar at once, and again
 * to a listing that was requested before Google had answered the write, because that listing may not contain it; unless it contains
 * a later version, because somebody has changed the event meanwhile.
 */
import { SnapshotBuilder } from '../calendar/snapshot-builder.ts'
import type { Zones } from '../calendar/zones.ts'
import { isRecord } from '../platform/json.ts'
import { HOUR_MS, MINUTE_MS } from '../platform/time-units.ts'
import { withBooked } from './booked-events.ts'
import { withCalendar, type CalendarsState, type CalendarState } from './state.ts'

/** An event as Google holds it after a write. */
export interface WrittenEvent {
  calendarId: string
  id: string
  /** Undefined if it was deleted. */
  etag: string | undefined
  /** The Events resource. */
  resource: Readonly<Record<string, unknown>>
}

interface Entry extends WrittenEvent {
  /** Increases with each write. */
  sequence: number
  /** When Google had answered, by the monotonic clock. */
  at: number
}

/** No listing takes longer. */
const KEPT_MS = HOUR_MS
const SWEEP_EVERY_MS = MINUTE_MS

/** The latest writes of this process, by calendar. */
export class WrittenEvents {
  readonly #zones: Zones
  readonly #entries = new Map<string, Entry[]>()
  #sequence = 0
  #sweptAt = -Infinity

  constructor(zones: Zones) {
    this.#zones = zones
  }

  /** Records a write. @param now by the monotonic clock. */
  add(event: WrittenEvent, now: number): void {
    this.#forgetOld(now)
    const key = keyOf(event.calendarId)
    const others = (this.#entries.get(key) ?? []).filter(({ id }) => id !== event.id)
    this.#entries.set(key, [...others, { ...event, sequence: ++this.#sequence, at: now }])
  }

  #forgetOld(now: number): void {
    if (now - this.#sweptAt < SWEEP_EVERY_MS) return
    this.#sweptAt = now
    for (const [key, entries] of this.#entries) {
      const kept = entries.filter(({ at }) => at > now - KEPT_MS)
      if (kept.length > 0) this.#entries.set(key, kept)
      else this.#entries.delete(key)
    }
  }

  /** How many items of a listing only repeat writes of ours. */
  countOwn(calendarId: string, items: readonly unknown[]): number {
    const entries = this.#entries.get(keyOf(calendarId))
    return entries ? items.filter((item) => entries.some((entry) => repeats(item, entry))).length : 0
  }

  /** The calendars with all writes that they do not contain yet; the same value if there are none. */
  applyTo(state: CalendarsState): CalendarsState {
    let result = state
    for (const [id, calendar] of state.byId) {
      const entries = this.#missingIn(id, calendar)
      if (entries.length > 0) result = withCalendar(result, id, this.#withEntries(calendar, entries))
    }
    return result
  }

  #missingIn(id: string, { lastRead, writes = 0, versions }: CalendarState): Entry[] {
    // A calendar that has not been read yet is listed in full, by a request that is still to be sent.
    if (lastRead === undefined) return []
    const entries = this.#entries.get(keyOf(id)) ?? []
    const isNewest = (entry: Entry): boolean => !isOlder(entry, versions?.get(entry.id))
    return entries.filter((entry) => entry.sequence > writes && entry.at >= lastRead && isNewest(entry))
  }

  #withEntries(calendar: CalendarState, entries: readonly Entry[]): CalendarState {
    const { timeZone, detail, onlyBookings } = calendar.snapshot
    const builder = new SnapshotBuilder(calendar.snapshot, {
      full: false,
      detail,
      onlyBookings,
      zones: this.#zones,
    })
    const items = entries.map(({ id, etag, resource }) => (etag === undefined ? { id, status: 'cancelled' } : resource))
    builder.add(items, timeZone)
    const { snapshot } = builder.finish(timeZone)
    const booked = calendar.booked && withBooked(calendar.booked, items)
    return { ...calendar, snapshot, booked, writes: Math.max(...entries.map(({ sequence }) => sequence)) }
  }
}

/** There is one entry for each event. */
const repeats = (item: unknown, { id, etag }: Entry): boolean =>
  isRecord(item) && item.id === id && (etag === undefined ? item.status === 'cancelled' : item.etag === etag)

/** Whether Google had a later version than the one that was written. A deletion has no time of its own. */
function isOlder({ etag, resource }: Entry, listed: number | undefined): boolean {
  if (etag === undefined || listed === undefined) return false
  return listed === Infinity || listed > Date.parse(String(resource.updated))
}

const keyOf = (calendarId: string): string => calendarId.toLowerCase()
