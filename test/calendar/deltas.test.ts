/** Deltas compared with full listings, for a calendar that changes as people change theirs. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mergeIntervals } from '../../src/calendar/interval.ts'
import type { CalendarSnapshot } from '../../src/calendar/calendar-snapshot.ts'
import { SnapshotBuilder, type ListingResult } from '../../src/calendar/snapshot-builder.ts'
import { applyListing, list, november, read, zones, type RawEvent } from './support.ts'

const seeded = { seed: 20261123, numRuns: 300 }
const timeZone = 'Europe/Paris'

/** What one id is at a moment: nothing, a single event (its hour), or a recurring event (the hour of each instance, by day). */
type State = undefined | number | Record<string, number>
type Calendar = Record<string, State>

const at = (day: string, hour: number): RawEvent['start'] => ({
  dateTime: `2026-11-${day}T${String(hour).padStart(2, '0')}:00:00Z`,
})

const single = (id: string, hour: number): RawEvent => ({
  id,
  status: 'confirmed',
  start: at('20', hour),
  end: at('20', hour + 1),
})

const instance = (series: string, day: string, hour: number): RawEvent => ({
  id: `${series}_202611${day}T080000Z`,
  status: 'confirmed',
  recurringEventId: series,
  originalStartTime: at(day, 8),
  start: at(day, hour),
  end: at(day, hour + 1),
})

/** A cancelled exception has these four fields, anything else only the id. */
const tombstone = ({ id, recurringEventId, originalStartTime }: RawEvent): RawEvent => ({
  id,
  status: 'cancelled',
  recurringEventId,
  originalStartTime,
})

function rowsOf(id: string, state: State): Map<string, RawEvent> {
  if (state === undefined) return new Map()
  const rows =
    typeof state === 'number'
      ? [single(id, state)]
      : Object.entries(state).map(([day, hour]) => instance(id, day, hour))
  return new Map(rows.map((row) => [row.id ?? '', row]))
}

const full = (calendar: Calendar): RawEvent[] =>
  Object.entries(calendar).flatMap(([id, state]) => [...rowsOf(id, state).values()])

/** The ways in which Google describes a change; all were seen or are possible. */
interface Manner {
  /** A recurring event that ends has one tombstone of its own, and none for its instances. */
  seriesAtOnce: boolean
  /** What has become something else is listed as cancelled, too. */
  oldToo: boolean
}

function deltaOf(id: string, before: State, after: State, { seriesAtOnce, oldToo }: Manner): RawEvent[] {
  const [earlier, later] = [rowsOf(id, before), rowsOf(id, after)]
  const live = [...later.values()].filter((row) => JSON.stringify(row) !== JSON.stringify(earlier.get(row.id ?? '')))
  const gone = [...earlier.values()].filter((row) => !later.has(row.id ?? ''))
  const became = before !== undefined && after !== undefined && typeof before !== typeof after
  if (became && !oldToo) return live
  if (seriesAtOnce && after === undefined && typeof before === 'object') return [{ id, status: 'cancelled' }]
  return [...live, ...gone.map(tombstone)]
}

const hour = fc.integer({ min: 8, max: 18 })
const state: fc.Arbitrary<State> = fc.oneof(
  fc.constant(undefined),
  hour,
  fc.dictionary(fc.constantFrom('10', '15', '20', '25'), hour, { minKeys: 1, maxKeys: 4 }),
)
const ids = ['abc00001', 'abc00002', 'abc00003']
const calendars = fc.record(Object.fromEntries(ids.map((id) => [id, state])))
const manner: fc.Arbitrary<Manner> = fc.record({ seriesAtOnce: fc.boolean(), oldToo: fc.boolean() })

/** Tombstones of events that never existed, or have long been something else. */
const noise = fc.array(
  fc.tuple(fc.constantFrom(...ids), fc.constantFrom('11', '12', '13')).map(([id, day]) => {
    return tombstone(instance(id, day, 8))
  }),
  { maxLength: 3 },
)

interface Step {
  calendar: Calendar
  manner: Manner
  noise: RawEvent[]
  order: number[]
  pageSize: number
}
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    calendar: calendars,
    manner,
    noise,
    order: fc.array(fc.nat(), { minLength: 30, maxLength: 30 }),
    pageSize: fc.integer({ min: 1, max: 4 }),
  }),
  { minLength: 1, maxLength: 5 },
)

function shuffled<T>(items: T[], order: number[]): T[] {
  const keyed = items.map((item, index) => ({ item, key: order[index % order.length] ?? 0 }))
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item)
}

function paged(before: CalendarSnapshot, events: RawEvent[], pageSize: number): ListingResult {
  const builder = new SnapshotBuilder(before, { full: false, detail: 'Busy', zones })
  for (let from = 0; from < events.length; from += pageSize) builder.add(events.slice(from, from + pageSize), timeZone)
  return builder.finish(timeZone)
}

describe('deltas in any order and on any pages', () => {
  it('give the same bytes as a full listing', () => {
    const property = fc.property(steps, (all) => {
      let [snapshot, before]: [CalendarSnapshot, Calendar] = [list([], { timeZone, window: november }), {}]
      for (const { calendar, manner: how, noise: tombstones, order, pageSize } of all) {
        const told = ids.flatMap((id) => deltaOf(id, before[id], calendar[id], how))
        snapshot = paged(snapshot, shuffled([...told, ...tombstones], order), pageSize).snapshot
        before = calendar
        const expected = list(full(calendar), { timeZone, window: november })
        expect(snapshot).toEqual(expected)
      }
    })
    fc.assert(property, seeded)
  })
})

describe('a malformed answer', () => {
  const wrong = fc.constantFrom<unknown>(5, false, {}, [], ['x'], { date: {} }, { dateTime: 5 }, [null])
  const field = fc.constantFrom(
    'id',
    'status',
    'transparency',
    'eventType',
    'recurringEventId',
    'start',
    'end',
    'attendees',
  )
  const garbling = fc.oneof(
    fc.constantFrom<unknown>(null, 5, 'event', [], {}).map((item) => () => item),
    fc.tuple(field, wrong).map(([name, value]) => (event: RawEvent): unknown => ({ ...event, [name]: value })),
  )

  it('never makes a person freer than the last good listing, in full listings and in deltas', () => {
    const property = fc.property(
      calendars,
      fc.array(fc.option(garbling), { minLength: 12, maxLength: 12 }),
      fc.boolean(),
      (calendar, garblings, isFull) => {
        const good = full(calendar)
        const before = list(good, { timeZone, window: november })
        const malformed = good.map((event, index) => (garblings[index] ?? ((same: RawEvent) => same))(event))
        const options = { full: isFull, timeZone, detail: 'Busy', zones, window: november } as const
        const { snapshot, doubtful } = applyListing(before, malformed, options)
        const [busy, known] = [read(snapshot).busy, read(before).busy]
        expect(mergeIntervals([...busy, ...known])).toEqual(busy)
        if (garblings.slice(0, good.length).some((one) => one !== null)) expect(doubtful).toBe(true)
        // A good full listing repairs everything.
        expect(applyListing(snapshot, good, { ...options, full: true }).snapshot).toEqual(before)
      },
    )
    fc.assert(property, seeded)
  })
})
