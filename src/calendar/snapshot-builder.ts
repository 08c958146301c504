/**
 * Builds the next snapshot of a calendar from the pages of one complete listing. Pages are merged as they arrive, and only compact
 * events are kept. The previous snapshot is not modified, so a listing that fails half-way changes nothing.
 *
 * An event that is listed as live is live, even if a tombstone for it is listed, too. An item that was not understood removes
 * nothing: the previous version is kept next to it, and the listing is marked as doubtful.
 */
import { DAY_MS } from '../platform/time-units.ts'
import { snapshotEvents, type CalendarSnapshot } from './calendar-snapshot.ts'
import { ALL_DAY, BOOKED, compactEvent, NEVER_BUSY, NO_TIME, UNIDENTIFIED, unreadableEvent } from './compact-event.ts'
import type { CompactEvent, CompactionContext, Detail } from './compact-event.ts'
import { ContentCompressor } from './content-compressor.ts'
import { encodeEvents } from './event-codec.ts'
import { anonymousKey, isSyntheticKey, isUsableId, retainedKey } from './event-keys.ts'
import { parseEventResource, type ParsedEvent } from './event-resource.ts'
import { touches, type Interval } from './interval.ts'
import { isSameEvent, mergeDelta, mergeFullListing, type Listing, type PreviousEvents } from './merge-listing.ts'
import { charactersOf, checkSize, DEFAULT_LIMITS, type SnapshotLimits } from './snapshot-limits.ts'
import type { Zones } from './zones.ts'

/** What was requested from Google. */
export interface ListingOptions {
  /** Whether every event of the window was requested, and not only the changes since the last listing. */
  full: boolean
  detail: Detail
  /** Only the events of Bookings are kept. */
  onlyBookings?: boolean
  zones: Zones
  /** The requested window, if `full`. */
  window?: Interval
  limits?: SnapshotLimits
}

/** The result of a listing. */
export interface ListingResult {
  snapshot: CalendarSnapshot
  /** Whether anything that can be published has changed. */
  changed: boolean
  /** Whether the listing contradicts itself, or part of it was not understood; a full listing may resolve that. */
  doubtful: boolean
}

/** Collects the pages of one listing (`add`) and then creates the snapshot (`finish`). */
export class SnapshotBuilder {
  readonly #before: CalendarSnapshot | undefined
  readonly #options: ListingOptions
  readonly #zones: Zones
  readonly #window: Interval | undefined
  readonly #listing: Listing = {
    live: new Map(),
    doubted: new Set(),
    outside: new Set(),
    cancelled: new Set(),
    unidentified: false,
    doubtful: false,
  }
  readonly #contents = new ContentCompressor()
  readonly #limits: SnapshotLimits
  #previous: PreviousEvents | undefined
  #items = 0
  #characters = 0

  /** @param before the last snapshot of the same calendar, if there is one. */
  constructor(before: CalendarSnapshot | undefined, options: ListingOptions) {
    this.#before = before
    this.#options = options
    this.#zones = options.zones.forListing()
    this.#window = options.full ? options.window : before?.listedWindow
    this.#limits = options.limits ?? DEFAULT_LIMITS
  }

  /**
   * Merges one page.
   * @param timeZone the calendar's own, if known; only local times without a time zone need it.
   * @throws UnusableListingError if none of the listing can be used.
   * @throws CalendarTooLargeError as soon as the listing exceeds the limits.
   */
  add(items: readonly unknown[], timeZone = ''): void {
    const context = { detail: this.#options.detail, zones: this.#zones, timeZone }
    // The calendar's own is known whatever its events name.
    if (timeZone !== '') this.#options.zones.nameOf(timeZone)
    this.#items += items.length
    for (const item of items) {
      const parsed = parseEventResource(item)
      if (parsed) this.#addParsed(parsed, item, context)
      else this.#addUnreadable(item)
    }
    this.#contents.endPage()
  }

  /**
   * Returns the snapshot after this listing.
   * @param timeZone the calendar's own, as the last page says.
   * @param truncated whether events may be missing, which makes the listing as doubtful as an unreadable event does.
   * @throws CalendarTooLargeError if the snapshot exceeds the limits.
   */
  finish(timeZone: string, { truncated } = { truncated: false }): ListingResult {
    const before = this.#before
    if (truncated) this.#addUnreadable('the rest of the listing')
    const { full, detail, onlyBookings } = this.#options
    const sameSetting = before?.timeZone === timeZone && before.detail === detail
    if (sameSetting && !full && !truncated && this.#items === 0)
      return { snapshot: before, changed: false, doubtful: false }
    const merged = this.#merge()
    const events = merged.size - countSynthetic(merged.keys())
    const encoded = encodeEvents(merged)
    const listedWindow = this.#window
    const snapshot: CalendarSnapshot = { encoded, events, timeZone, detail, onlyBookings, listedWindow }
    const changed = !sameSetting || !this.#isUnchanged(before, snapshot, merged)
    return { snapshot, changed, doubtful: this.#listing.doubtful }
  }

  #addParsed(parsed: ParsedEvent, item: unknown, context: CompactionContext): void {
    const { id, status, recurringEventId } = parsed.event
    if (recurringEventId !== undefined) isUsableId(recurringEventId)
    if (!isUsableId(id)) this.#addUnidentified(parsed, item, context)
    else if (status === 'cancelled') this.#addCancelled(id)
    else this.#addLive(parsed, id, context)
  }

  #addUnreadable(item: unknown): void {
    this.#listing.unidentified = this.#listing.doubtful = true
    this.#keep(unreadableEvent(anonymousKey(item)))
  }

  /** An event without a usable id counts as busy, although it cannot be identified. */
  #addUnidentified(parsed: ParsedEvent, item: unknown, context: CompactionContext): void {
    this.#listing.doubtful = true
    if (parsed.event.status === 'cancelled') return
    this.#listing.unidentified = true
    const { compact } = compactEvent(parsed, anonymousKey(item), context)
    if (this.#isWithinWindow(compact)) this.#keep({ ...compact, flags: compact.flags | UNIDENTIFIED })
  }

  #addCancelled(id: string): void {
    const { events, recurringEventIds } = this.#previousEvents()
    if (this.#isKnown(id) || recurringEventIds.has(id)) this.#listing.cancelled.add(id)
    if (this.#listing.live.has(id) || (events.has(id) && recurringEventIds.has(id))) this.#listing.doubtful = true
  }

  #addLive(parsed: ParsedEvent, id: string, context: CompactionContext): void {
    const { compact, doubtful } = compactEvent(parsed, id, context)
    if (doubtful) this.#listing.doubted.add(id)
    if (doubtful || this.#listing.cancelled.has(id)) this.#listing.doubtful = true
    if (this.#isWithinWindow(compact) && this.#counts(compact)) this.#addWithinWindow(compact)
    else this.#addOutsideWindow(id)
  }

  #addWithinWindow(event: CompactEvent): void {
    const { live, outside } = this.#listing
    if (outside.has(event.id)) this.#listing.doubtful = true
    const listed = live.get(event.id)
    if (listed) this.#keepOther(this.#contents.restore(listed), event)
    this.#keep(event)
  }

  /** If the listing contains two versions of an event, both may be true. */
  #keepOther(listed: CompactEvent, event: CompactEvent): void {
    if (isSameEvent(listed, event)) return
    this.#listing.doubtful = true
    this.#keep({ ...listed, id: retainedKey(event.id) })
  }

  #counts({ flags }: CompactEvent): boolean {
    return this.#options.onlyBookings !== true || (flags & BOOKED) !== 0
  }

  #addOutsideWindow(id: string): void {
    if (this.#listing.live.has(id)) this.#listing.doubtful = true
    else if (this.#isKnown(id)) this.#listing.outside.add(id)
  }

  #keep(event: CompactEvent): void {
    const { live } = this.#listing
    const replaced = live.get(event.id)
    this.#characters += charactersOf(event) - (replaced ? charactersOf(replaced) : 0)
    live.set(event.id, event)
    if (event.content !== '') this.#contents.add(event)
    checkSize(this.#limits, live.size, this.#characters)
  }

  /** Decoded at most once, and only when needed. */
  #previousEvents(): PreviousEvents {
    if (this.#previous) return this.#previous
    const events = this.#before ? snapshotEvents(this.#before) : []
    const recurringEventIds = new Set(events.map((event) => event.recurringEventId))
    this.#previous = { events: new Map(events.map((event) => [event.id, event])), recurringEventIds }
    return this.#previous
  }

  #isKnown(id: string): boolean {
    const { events } = this.#previousEvents()
    return events.has(id) || events.has(retainedKey(id))
  }

  /** Deltas also contain events outside of the window. In UTC, an all-day event may be up to a day off its dates. */
  #isWithinWindow({ start, end, flags }: CompactEvent): boolean {
    if (!this.#window || flags & NO_TIME) return true
    const slack = flags & ALL_DAY ? DAY_MS : 0
    return touches({ start: start * 1000 - slack, end: end * 1000 + slack }, this.#window)
  }

  #merge(): Map<string, CompactEvent> {
    const listing = this.#listing
    this.#contents.restoreAll()
    if (this.#options.full && !listing.doubtful) return listing.live
    const merged = this.#options.full
      ? mergeFullListing(this.#previousEvents(), listing, (event) => this.#isWithinWindow(event))
      : mergeDelta(this.#previousEvents(), listing)
    let characters = 0
    for (const event of merged.values()) characters += charactersOf(event)
    checkSize(this.#limits, merged.size, characters)
    return merged
  }

  #isUnchanged(before: CalendarSnapshot, after: CalendarSnapshot, events: Map<string, CompactEvent>): boolean {
    if (Buffer.compare(before.encoded, after.encoded) === 0) return true
    const isPublished = ({ flags }: CompactEvent): boolean => this.#options.detail === 'Full' || !(flags & NEVER_BUSY)
    const earlier = [...this.#previousEvents().events.values()].filter(isPublished)
    const later = [...events.values()].filter(isPublished)
    return earlier.length === later.length && earlier.every((event) => isUnchanged(event, events.get(event.id)))
  }
}

function countSynthetic(keys: Iterable<string>): number {
  let count = 0
  for (const key of keys) if (isSyntheticKey(key)) count += 1
  return count
}

const isUnchanged = (before: CompactEvent, after: CompactEvent | undefined): boolean =>
  after !== undefined && isSameEvent(before, after)
