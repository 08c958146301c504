/**
 * From the pages of one listing to the next snapshot of a calendar: all of it or nothing. Pages are folded in as they come and
 * nothing of them is kept but facts; the earlier snapshot stays as it is, so that a listing that fails half-way changes nothing.
 *
 * An event that is listed alive is alive, whatever tombstone stands beside it; and what was not understood removes nothing:
 * what was known before is kept beside it, and the listing is called doubtful.
 */
import { anonymousKey, isSyntheticKey, isUsableId, retainedKey } from './event-keys.ts'
import { ALL_DAY, compactEvent, NEVER_BUSY, NO_TIME, UNIDENTIFIED, unreadableEvent } from './compact-event.ts'
import type { Detail, CompactEvent, CompactionContext } from './compact-event.ts'
import { touches, type Interval } from './interval.ts'
import { isSameEvent, mergeDelta, mergeFull, type PreviousEvents, type Listing } from './merge-listing.ts'
import { encodeEvents } from './event-codec.ts'
import { snapshotEvents, type CalendarSnapshot } from './calendar-snapshot.ts'
import { parseEventResource, type ParsedEvent } from './event-resource.ts'
import { ContentCompressor } from './content-compressor.ts'
import { DAY, type Zones } from './zones.ts'

export interface ListingOptions {
  /** Every event of the window, and not only what changed since. */
  full: boolean
  detail: Detail
  zones: Zones
  /** With `full`: the window that was asked for. */
  window?: Interval
  /** The stated limits where nothing else is given. */
  limits?: SnapshotLimits
}

/** How much of one calendar is kept. */
export interface SnapshotLimits {
  events: number
  /** Of titles, places, descriptions and guests, as they are kept, and of ids longer than usual. */
  characters: number
}

export const DEFAULT_LIMITS: SnapshotLimits = { events: 20_000, characters: 4_000_000 }

/** The calendar holds more than is kept of any. Its message is the half of a sentence that says how much that is. */
export class CalendarTooLargeError extends Error {
  override readonly name = 'CalendarTooLargeError'
}

export interface ListingResult {
  snapshot: CalendarSnapshot
  /** Whether anything that can be seen in what is published is different now. */
  changed: boolean
  /** Something was not understood, or contradicts itself: a full listing, some time soon, may know better. */
  doubtful: boolean
}

export class SnapshotBuilder {
  readonly #before: CalendarSnapshot | undefined
  readonly #options: ListingOptions
  readonly #window: Interval | undefined
  readonly #listing: Listing = {
    live: new Map(),
    doubted: new Set(),
    outside: new Set(),
    cancelled: new Set(),
    unidentified: false,
    doubtful: false,
  }
  readonly #wordings = new ContentCompressor()
  #earlier: PreviousEvents | undefined
  #items = 0
  #characters = 0

  /** @param before what was known of the same calendar, if anything. */
  constructor(before: CalendarSnapshot | undefined, options: ListingOptions) {
    this.#before = before
    this.#options = options
    this.#window = options.full ? options.window : before?.asked
  }

  /**
   * Folds one page in.
   * @param timeZone the calendar's own, as far as it is known; only local times without any zone need it.
   * @throws {UnusableListingError} where nothing of the listing can be used.
   * @throws {CalendarTooLargeError} once it holds more than is kept.
   */
  add(items: readonly unknown[], timeZone = ''): void {
    const { detail, zones } = this.#options
    const context = { detail, zones, timeZone }
    this.#items += items.length
    for (const item of items) {
      const read = parseEventResource(item)
      if (read) this.#take(read, item, context)
      else this.#takeUnreadable(item)
    }
    this.#wordings.endPage()
  }

  /** The snapshot after this listing. @throws {CalendarTooLargeError} where it would hold more than is kept. */
  finish(timeZone: string): ListingResult {
    const before = this.#before
    const { full, detail } = this.#options
    const sameFrame = before?.timeZone === timeZone && before.detail === detail
    if (sameFrame && !full && this.#items === 0) return { snapshot: before, changed: false, doubtful: false }
    const facts = this.#merged()
    const events = [...facts.keys()].filter((key) => !isSyntheticKey(key)).length
    const snapshot: CalendarSnapshot = {
      packed: encodeEvents(facts.values()),
      events,
      timeZone,
      detail,
      asked: this.#window,
    }
    const changed = !sameFrame || !this.#saysTheSame(before, snapshot, facts)
    return { snapshot, changed, doubtful: this.#listing.doubtful }
  }

  #take(read: ParsedEvent, item: unknown, context: CompactionContext): void {
    const { id, status, recurringEventId } = read.event
    if (recurringEventId !== undefined) isUsableId(recurringEventId)
    if (!isUsableId(id)) this.#takeNameless(read, item, context)
    else if (status === 'cancelled') this.#takeCancelled(id)
    else this.#takeLive(read, id, context)
  }

  #takeUnreadable(item: unknown): void {
    this.#listing.unidentified = this.#listing.doubtful = true
    this.#keep(unreadableEvent(anonymousKey(item)))
  }

  /** Busy where it says so; and which event it is, nobody knows. */
  #takeNameless(read: ParsedEvent, item: unknown, context: CompactionContext): void {
    this.#listing.doubtful = true
    if (read.event.status === 'cancelled') return
    this.#listing.unidentified = true
    const { fact } = compactEvent(read, anonymousKey(item), context)
    if (this.#isWithin(fact)) this.#keep({ ...fact, flags: fact.flags | UNIDENTIFIED })
  }

  #takeCancelled(id: string): void {
    const { rows, series } = this.#known()
    if (this.#isKnown(id) || series.has(id)) this.#listing.cancelled.add(id)
    if (this.#listing.live.has(id) || (rows.has(id) && series.has(id))) this.#listing.doubtful = true
  }

  #takeLive(read: ParsedEvent, id: string, context: CompactionContext): void {
    const { fact, doubtful } = compactEvent(read, id, context)
    if (doubtful) this.#listing.doubted.add(id)
    if (doubtful || this.#listing.cancelled.has(id)) this.#listing.doubtful = true
    if (this.#isWithin(fact)) this.#takeWithin(fact)
    else this.#takeOutside(id)
  }

  #takeWithin(fact: CompactEvent): void {
    const { live, outside } = this.#listing
    const listed = this.#wordings.restored(live.get(fact.id))
    const contradicts = listed !== undefined && !isSameEvent(listed, fact)
    if (contradicts || outside.has(fact.id)) this.#listing.doubtful = true
    // Twice in one listing, and not the same: both may be true.
    if (contradicts) this.#keep({ ...listed, id: retainedKey(fact.id) })
    this.#keep(fact)
  }

  #takeOutside(id: string): void {
    if (this.#listing.live.has(id)) this.#listing.doubtful = true
    else if (this.#isKnown(id)) this.#listing.outside.add(id)
  }

  #keep(fact: CompactEvent): void {
    const { live } = this.#listing
    const listed = live.get(fact.id)
    this.#characters += charactersOf(fact) - (listed ? charactersOf(listed) : 0)
    live.set(fact.id, fact)
    this.#wordings.add(fact)
    this.#checkSize(live.size, this.#characters)
  }

  #checkSize(events: number, characters: number): void {
    const most = this.#options.limits ?? DEFAULT_LIMITS
    if (events > most.events) {
      throw new CalendarTooLargeError(`it has more than ${most.events.toLocaleString('en')} events in the window`)
    }
    if (characters > most.characters) {
      const limit = most.characters.toLocaleString('en')
      throw new CalendarTooLargeError(`the texts and ids of its events have more than ${limit} characters in all`)
    }
  }

  /** Worked out at most once, and not before it is needed. */
  #known(): PreviousEvents {
    if (this.#earlier) return this.#earlier
    const facts = this.#before ? snapshotEvents(this.#before) : []
    const rows = new Map(facts.map((fact) => [fact.id, fact]))
    this.#earlier = { rows, series: new Set(facts.map(({ series }) => series)) }
    return this.#earlier
  }

  #isKnown(id: string): boolean {
    const { rows } = this.#known()
    return rows.has(id) || rows.has(retainedKey(id))
  }

  /** Deltas tell of events outside of what was asked for, too. An all-day event may lie up to a day off its dates. */
  #isWithin({ start, end, flags }: CompactEvent): boolean {
    if (!this.#window || flags & NO_TIME) return true
    const slack = flags & ALL_DAY ? DAY : 0
    return touches({ start: start * 1000 - slack, end: end * 1000 + slack }, this.#window)
  }

  #merged(): Map<string, CompactEvent> {
    const listing = this.#listing
    this.#wordings.restoreAll()
    if (this.#options.full && !listing.doubtful) return listing.live
    const facts = this.#options.full
      ? mergeFull(this.#known(), listing, (fact) => this.#isWithin(fact))
      : mergeDelta(this.#known(), listing)
    let characters = 0
    for (const fact of facts.values()) characters += charactersOf(fact)
    this.#checkSize(facts.size, characters)
    return facts
  }

  #saysTheSame(before: CalendarSnapshot, after: CalendarSnapshot, facts: Map<string, CompactEvent>): boolean {
    if (Buffer.compare(before.packed, after.packed) === 0) return true
    const seen = ({ flags }: CompactEvent): boolean => this.#options.detail === 'Full' || !(flags & NEVER_BUSY)
    const [earlier, later] = [[...this.#known().rows.values()].filter(seen), [...facts.values()].filter(seen)]
    return earlier.length === later.length && earlier.every((fact) => isUnchanged(fact, facts.get(fact.id)))
  }
}

/** Google's own ids have some seventy characters, series included; whoever imports events may choose longer ones. */
const ORDINARY_IDS = 128

const charactersOf = ({ id, series, wording }: CompactEvent): number =>
  wording.length + Math.max(id.length + series.length - ORDINARY_IDS, 0)

const isUnchanged = (before: CompactEvent, after: CompactEvent | undefined): boolean =>
  after !== undefined && isSameEvent(before, after)
