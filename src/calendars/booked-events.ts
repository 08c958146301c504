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
  const changed = items.filter(isRecord).filter((item) => isBooked(item) || before.has(ownIdOf(item)))
  if (changed.length === 0) return before
  const after = new Map(before)
  for (const item of changed) {
    const { id, etag, recurringEventId } = item as { id: string; etag: string } & Record<string, unknown>
    // Of a series, instances are listed: whatever becomes of one, the event itself has changed and has to be asked for.
    if (isShort(recurringEventId)) after.set(recurringEventId, isShort(etag) ? etag : id)
    else if (isBooked(item)) after.set(id, etag)
    else after.delete(id)
  }
  return after
}

/** The id that an event was written with, also for an instance of what somebody made recurring. */
const ownIdOf = ({ id, recurringEventId }: Record<string, unknown>): string => String(recurringEventId ?? id)

/**
 * Adds the versions in a page of a listing. Of a cancelled event only the id is certain; it is the last version, because no write of
 * ours revives one.
 */
export function addVersions(versions: Map<string, number>, items: readonly unknown[]): void {
  for (const item of items) {
    if (!isRecord(item)) continue
    const { id, status, extendedProperties, updated } = item
    if (status === 'cancelled' && isShort(id)) versions.set(id, Infinity)
    // Most events have none, and are not looked at further.
    if (extendedProperties === undefined || !isBooked(item) || !isShort(id)) continue
    const changedAt = Date.parse(String(updated))
    if (!Number.isNaN(changedAt)) versions.set(id, changedAt)
  }
}

/** Whether the item is an event of a Booking that is not cancelled. */
function isBooked(item: Record<string, unknown>): boolean {
  const { status, extendedProperties: properties } = item
  if (status === 'cancelled' || !isRecord(properties) || !isRecord(properties.private)) return false
  return typeof properties.private[BOOKING_PROPERTY] === 'string' && isShort(item.id) && isShort(item.etag)
}

const isShort = (text: unknown): text is string => typeof text === 'string' && text.length <= MAX_LENGTH
