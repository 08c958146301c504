/**
 * Merges a listing with the events that were known before it. The listing is evaluated as a whole, so that the order of its pages
 * and events does not matter (docs/decisions/0022-recurring-events-as-instances.md, 0110-listings-are-applied-as-a-whole.md).
 */
import { NO_TIME, type CompactEvent } from './compact-event.ts'
import { googleIdOf, isAnonymousKey, isSyntheticKey, retainedKey } from './event-keys.ts'

/** The events of a calendar before a listing. */
export interface PreviousEvents {
  /** By key. */
  events: ReadonlyMap<string, CompactEvent>
  /** The recurring events that they are instances of. */
  recurringEventIds: ReadonlySet<string>
}

/** The content of one listing, collected page by page. */
export interface Listing {
  /** Events that are not cancelled and lie within the window, by key. */
  live: Map<string, CompactEvent>
  /** Ids of events that were not fully understood, so that their previous versions may still be true. */
  doubted: Set<string>
  /** Ids of known events that are not cancelled and lie outside of the window. */
  outside: Set<string>
  /** Ids of known events, and of recurring events with known instances, that are cancelled. */
  cancelled: Set<string>
  /** Whether the listing contains a live item without a usable id, which may be any known event that is not listed. */
  unidentified: boolean
  /** Whether the listing contradicts itself, or part of it was not understood. */
  doubtful: boolean
}

/** Returns the key under which a previous event is kept, or undefined if it is dropped. */
type KeyToKeep = (event: CompactEvent) => string | undefined

/** Merges a full listing, which replaces everything except for what it may have failed to describe. */
export function mergeFullListing(
  previous: PreviousEvents,
  listing: Listing,
  isWithinWindow: (event: CompactEvent) => boolean,
): Map<string, CompactEvent> {
  const { live, doubted, outside, unidentified } = listing
  return merge(previous, listing, (event) => {
    const id = googleIdOf(event.id)
    const mayBeTrue = live.has(id) || outside.has(id) ? doubted.has(id) : unidentified
    return mayBeTrue && !isAnonymousKey(event.id) && isWithinWindow(event) ? retainedKey(event.id) : undefined
  })
}

/** Merges a delta, which replaces and removes the events that it names. It may set `listing.doubtful`. */
export function mergeDelta(previous: PreviousEvents, listing: Listing): Map<string, CompactEvent> {
  const { live, doubted, outside } = listing
  const isRemoved = removalCheck(previous, listing)
  return merge(previous, listing, (event) => {
    const id = googleIdOf(event.id)
    if (doubted.has(id)) return live.has(id) ? retainedKey(event.id) : event.id
    return live.has(id) || outside.has(id) || isRemoved(event, id) ? undefined : event.id
  })
}

/** Returns the function that says whether the delta removes an event because of what it says about other events. */
function removalCheck(previous: PreviousEvents, listing: Listing): (event: CompactEvent, id: string) => boolean {
  const { live, doubted, cancelled } = listing
  const understood = [...live.values()].filter(({ id }) => !isSyntheticKey(id) && !doubted.has(id))
  const singleIds = new Set(understood.filter((event) => event.recurringEventId === '').map(({ id }) => id))
  const recurringIds = new Set(understood.map((event) => event.recurringEventId))
  const cancelledRecurringIds = findCancelledRecurring(previous, listing)
  return ({ recurringEventId }, id) => {
    if (cancelled.has(id)) return true
    // A single event under the id of a recurring event replaces its instances, and the other way round.
    if (recurringEventId === '') return recurringIds.has(id)
    return singleIds.has(recurringEventId) || cancelledRecurringIds.has(recurringEventId)
  }
}

/**
 * A tombstone with the id of a recurring event removes its instances. But if the tombstone may refer to the single event that the
 * recurring event was before, it does not. In both cases a full listing has to confirm the result.
 */
function findCancelledRecurring({ events, recurringEventIds }: PreviousEvents, listing: Listing): Set<string> {
  const named = [...listing.cancelled].filter((id) => recurringEventIds.has(id))
  if (named.length > 0) listing.doubtful = true
  return new Set(named.filter((id) => !events.has(id)))
}

/** Whether a previous version is worth keeping next to the current one. */
const addsInformation = (previous: CompactEvent, current: CompactEvent | undefined): boolean =>
  !(previous.flags & NO_TIME) && !(current && isSameEvent(previous, current))

/** Whether two events have the same time, flags and content, regardless of their keys. */
export const isSameEvent = (one: CompactEvent, other: CompactEvent): boolean =>
  one.start === other.start && one.end === other.end && one.flags === other.flags && one.content === other.content

function merge({ events }: PreviousEvents, { live }: Listing, keyToKeep: KeyToKeep): Map<string, CompactEvent> {
  const merged = new Map<string, CompactEvent>()
  for (const [id, event] of events) {
    const key = keyToKeep(event)
    if (key === id) merged.set(key, event)
    // A version that is already retained is the last one that was understood.
    else if (key !== undefined && !events.has(key) && addsInformation(event, live.get(id))) {
      merged.set(key, { ...event, id: key })
    }
  }
  for (const [key, event] of live) merged.set(key, event)
  return merged
}
