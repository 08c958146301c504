/**
 * What of the earlier facts of a calendar stays beside those of a new listing. The listing is taken as a whole, so that the
 * order of its pages and events does not matter (docs/decisions/0022 and 0110).
 */
import { eventIdOf, isAnonymousKey, isSyntheticKey, retainedKey } from './event-keys.ts'
import { NO_TIME, type CompactEvent } from './compact-event.ts'

/** What is known of a calendar before a listing. */
export interface PreviousEvents {
  rows: ReadonlyMap<string, CompactEvent>
  /** The series that its events belong to. */
  series: ReadonlySet<string>
}

/** What one listing says, page by page. */
export interface Listing {
  /** Alive, within the window. */
  live: Map<string, CompactEvent>
  /** Ids of events of which not everything was understood: what was known of them before may still be true. */
  doubted: Set<string>
  /** Ids of known events that are alive outside of the window. */
  outside: Set<string>
  /** Ids of known events, and of series of known events, that are cancelled. */
  cancelled: Set<string>
  /** Something is alive of which nobody can say which event it is: any that is missing may be it. */
  unidentified: boolean
  /** Something was not understood, or contradicts itself. */
  doubtful: boolean
}

/** The key under which an earlier fact stays; undefined where it goes. */
type Stays = (fact: CompactEvent) => string | undefined

/** A full listing replaces all that it is understood to speak of. */
export function mergeFull(
  earlier: PreviousEvents,
  listing: Listing,
  isWithin: (fact: CompactEvent) => boolean,
): Map<string, CompactEvent> {
  const { live, doubted, outside, unidentified } = listing
  return merged(earlier, listing, (fact) => {
    const id = eventIdOf(fact.id)
    const mayBeTrue = live.has(id) || outside.has(id) ? doubted.has(id) : unidentified
    return mayBeTrue && !isAnonymousKey(fact.id) && isWithin(fact) ? retainedKey(fact.id) : undefined
  })
}

/** A delta replaces and removes what it names. It may turn `listing.doubtful`. */
export function mergeDelta(earlier: PreviousEvents, listing: Listing): Map<string, CompactEvent> {
  const { live, doubted, outside } = listing
  const isRemoved = removalsOf(earlier, listing)
  return merged(earlier, listing, (fact) => {
    const id = eventIdOf(fact.id)
    if (doubted.has(id)) return live.has(id) ? retainedKey(fact.id) : fact.id
    return live.has(id) || outside.has(id) || isRemoved(fact, id) ? undefined : fact.id
  })
}

/** Whether a fact that the listing does not name as alive goes with what it says of others. */
function removalsOf(earlier: PreviousEvents, listing: Listing): (fact: CompactEvent, id: string) => boolean {
  const { live, doubted, cancelled } = listing
  const understood = [...live.values()].filter(({ id }) => !isSyntheticKey(id) && !doubted.has(id))
  const singles = new Set(understood.filter(({ series }) => series === '').map(({ id }) => id))
  const recurring = new Set(understood.map(({ series }) => series))
  const ended = endedSeries(earlier, listing)
  return ({ series }, id) => {
    if (cancelled.has(id)) return true
    // An event under the id of a series takes the place of its instances, and the other way round.
    return series === '' ? recurring.has(id) : singles.has(series) || ended.has(series)
  }
}

/**
 * A tombstone under the id of a series takes its instances along; but one that may be about the single event that the
 * series was before proves nothing about them. A full listing is to settle either.
 */
function endedSeries({ rows, series }: PreviousEvents, listing: Listing): Set<string> {
  const named = [...listing.cancelled].filter((id) => series.has(id))
  if (named.length > 0) listing.doubtful = true
  return new Set(named.filter((id) => !rows.has(id)))
}

/** Whether an earlier fact is worth keeping beside what the same event says now. */
const saysMore = (earlier: CompactEvent, now: CompactEvent | undefined): boolean =>
  !(earlier.flags & NO_TIME) && !(now && isSameEvent(earlier, now))

/** Whether two facts say the same, under whatever key. */
export const isSameEvent = (one: CompactEvent, other: CompactEvent): boolean =>
  one.start === other.start && one.end === other.end && one.flags === other.flags && one.wording === other.wording

function merged({ rows }: PreviousEvents, { live }: Listing, stays: Stays): Map<string, CompactEvent> {
  const facts = new Map<string, CompactEvent>()
  for (const [id, fact] of rows) {
    const key = stays(fact)
    if (key === id) facts.set(key, fact)
    // What is kept already is the last that was understood.
    else if (key !== undefined && !rows.has(key) && saysMore(fact, live.get(id))) facts.set(key, { ...fact, id: key })
  }
  for (const [key, fact] of live) facts.set(key, fact)
  return facts
}
