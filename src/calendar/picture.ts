/**
 * The calendar room turns events into busy time. It is pure: events, rules, zones and instants in, intervals and
 * documents out; it imports nothing of ours, keeps nothing between calls and knows neither Google nor Kubernetes.
 *
 * The way through it: a listing of events (`source.ts`) becomes facts (`fact.ts`, `span.ts`), the facts of one calendar a
 * picture (here, packed by `pack.ts`); pictures and a spec's rules become intervals (`busy.ts`) or a list of events
 * (`events.ts`), and these become what is published (`document.ts`, `icalendar.ts`).
 */
import { ALL_DAY, factOf, NEVER_BUSY, NO_TIME, type Detail, type Fact, type TimeFact } from './fact.ts'
import { touches, type Interval } from './interval.ts'
import { pack, unpack, unpackTimes } from './pack.ts'
import type { SourceEvent } from './source.ts'
import { DAY, type Zones } from './zones.ts'

/** What is remembered of one calendar. Nothing in it is ever changed: a listing makes a new one. */
export interface Picture {
  readonly packed: Uint8Array
  /** How many events it holds, the free ones too. */
  readonly events: number
  readonly timeZone: string
  readonly detail: Detail
  /** The window that the last full listing asked for: of what lies outside of it nothing is known, nor kept. */
  readonly asked: Interval | undefined
}

export interface ListingOptions {
  /** Every event of the window, and not only what changed since. */
  full: boolean
  /** The calendar's own, as the listing gives it. */
  timeZone: string
  detail: Detail
  zones: Zones
  /** With `full`: the window that was asked for. */
  window?: Interval
}

export interface Applied {
  picture: Picture
  /** Whether anything that can be seen in what is published is different now. */
  changed: boolean
}

export const emptyPicture = (timeZone = 'UTC', detail: Detail = 'Busy'): Picture => ({
  packed: pack([]),
  events: 0,
  timeZone,
  detail,
  asked: undefined,
})

/** Applies every page of one listing at once; the first of a calendar always counts as a change. */
export function applyListing(
  before: Picture | undefined,
  events: readonly SourceEvent[],
  options: ListingOptions,
): Applied {
  const { timeZone, detail, full } = options
  const sameFrame = before !== undefined && isFramed(before, options)
  if (sameFrame && !full && events.length === 0) return { picture: before, changed: false }
  const earlier = lazily(() => byId(before))
  const facts = new Map(full ? undefined : earlier())
  const asked = full ? options.window : before?.asked
  update(facts, events, { ...options, window: asked })
  const picture: Picture = { packed: pack(facts.values()), events: facts.size, timeZone, detail, asked }
  const same = sameFrame && (sameBytes(before, picture) || sameFacts(earlier(), facts, detail))
  return { picture, changed: !same }
}

const isFramed = (picture: Picture, { timeZone, detail }: ListingOptions): boolean =>
  picture.timeZone === timeZone && picture.detail === detail

/** Worked out at most once, and not before somebody asks. */
function lazily<T>(work: () => T): () => T {
  let result: { value: T } | undefined
  return () => (result ??= { value: work() }).value
}

/** The facts of a picture, sorted by id. */
export const factsOf = (picture: Picture): Fact[] => unpack(picture.packed)

/** Only when its events are, for a third of the cost. */
export const timesOf = (picture: Picture): TimeFact[] => unpackTimes(picture.packed)

const byId = (picture: Picture | undefined): Map<string, Fact> =>
  new Map(picture && factsOf(picture).map((fact) => [fact.id, fact]))

/**
 * First what goes, then what comes, so that the order of a listing's events is of no matter. A recurring event is known by
 * its instances only: cancelled, it takes them along; and an event that became one leaves its own row to its instances.
 */
function update(facts: Map<string, Fact>, events: readonly SourceEvent[], options: ListingOptions): void {
  const last = new Map<SourceEvent | string, SourceEvent>(events.map((event) => [event.id ?? event, event]))
  const listed = [...last.values()]
  const cancelled = new Set(listed.flatMap(({ id, status }) => (status === 'cancelled' && id ? [id] : [])))
  const series = new Set(listed.flatMap(({ recurringEventId }) => recurringEventId ?? []))
  for (const { id, series: own } of [...facts.values()])
    if (last.has(id) || cancelled.has(own) || series.has(id)) facts.delete(id)
  for (const event of listed) {
    if (event.status === 'cancelled') continue
    const fact = factOf(event, options)
    if (isWithin(fact, options.window)) facts.set(fact.id, fact)
  }
}

/** Deltas tell of events outside of what was asked for, too. An all-day event may lie up to a day off its dates. */
function isWithin({ start, end, flags }: Fact, window: Interval | undefined): boolean {
  if (!window || flags & NO_TIME) return true
  const slack = flags & ALL_DAY ? DAY : 0
  return touches({ start: start * 1000 - slack, end: end * 1000 + slack }, window)
}

const sameBytes = (before: Picture, after: Picture): boolean => Buffer.compare(before.packed, after.packed) === 0

function sameFacts(before: Map<string, Fact>, after: Map<string, Fact>, detail: Detail): boolean {
  const seen = ({ flags }: Fact): boolean => detail === 'Full' || !(flags & NEVER_BUSY)
  const [earlier, later] = [[...before.values()].filter(seen), [...after.values()].filter(seen)]
  return earlier.length === later.length && earlier.every((fact) => sameFact(fact, after.get(fact.id)))
}

const sameFact = (before: Fact, after: Fact | undefined): boolean =>
  before.start === after?.start &&
  before.end === after.end &&
  before.flags === after.flags &&
  before.wording === after.wording
