/**
 * The events of Bookings in one calendar, by id, each with its version. A Booking learns from it that its event was changed or
 * deleted, without another request. Pure.
 */
import { BOOKING_PROPERTY } from '../calendar/event-resource.ts'
import { isRecord } from '../platform/json.ts'

/** Maps the ids of events of Bookings to their etags. */
export type BookedEvents = ReadonlyMap<string, string>

/** Maps the ids of events of Bookings to the time of their last change by Google's clock, in ms since the epoch. */
export type ListedVersions = ReadonlyMap<string, number>

/** Ids and etags of ours are shorter. Longer ones are somebody else's. */
const MAX_LENGTH = 128

/** The events after a listing that contained these items. */
export function withBooked(before: BookedEvents, items: readonly unknown[]): BookedEvents {
  const changed = items.filter((item) => isRecord(item) && (isBooked(item) || before.has(ownIdOf(item))))
  if (changed.length === 0) return before
  const after = new Map(before)
  for (const item of changed) {
    const { id, etag, recurringEventId } = item as { id: string; etag: string; recurringEventId?: unknown }
    // Of a series, instances are listed: whatever becomes of one, the event itself has changed and has to be asked for.
    if (isShort(recurringEventId)) after.set(recurringEventId, isShort(etag) ? etag : id)
    else if (isBooked(item)) after.set(id, etag)
    else after.delete(id)
  }
  return after
}

/** The id that an event was written with, also for an instance of what somebody made recurring. */
const ownIdOf = ({ id, recurringEventId }: Record<string, unknown>): string => String(recurringEventId ?? id)

/** The versions in a listing. Of a cancelled event only the id is certain; it is the last version, because no write of ours revives one. */
export function versionsIn(items: readonly unknown[]): ListedVersions {
  const versions = new Map<string, number>()
  for (const item of items) {
    if (!isRecord(item) || !isShort(item.id)) continue
    const updated = item.status === 'cancelled' ? Infinity : isBooked(item) ? Date.parse(String(item.updated)) : NaN
    if (!Number.isNaN(updated)) versions.set(item.id, updated)
  }
  return versions
}

/** Whether the item is an event of a Booking that is not cancelled. */
function isBooked(item: unknown): boolean {
  if (!isRecord(item) || item.status === 'cancelled') return false
  const { extendedProperties: properties } = item
  if (!isRecord(properties) || !isRecord(properties.private)) return false
  return typeof properties.private[BOOKING_PROPERTY] === 'string' && isShort(item.id) && isShort(item.etag)
}

const isShort = (text: unknown): text is string => typeof text === 'string' && text.length <= MAX_LENGTH
