/**
 * The calendar room turns events into busy time. It is pure: events, rules, zones and instants in, intervals and
 * documents out; it imports nothing of ours, keeps nothing between calls and knows neither Google nor Kubernetes.
 *
 * The way through it: the pages of a listing (`source.ts`) become facts (`fact.ts`, `span.ts`, `wording.ts`), the facts of
 * one calendar a picture (`snapshot-builder.ts`; here, packed by `pack.ts`); pictures and a spec's rules become intervals
 * (`busy.ts`) or a list of events (`events.ts`), and these become what is published (`document.ts`, `icalendar.ts`).
 */
import type { Detail, Fact, TimeFact } from './fact.ts'
import type { Interval } from './interval.ts'
import { pack, unpack, unpackTimes } from './pack.ts'

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

/** What is known of a calendar that was never read. */
export const emptyPicture = (timeZone = 'UTC', detail: Detail = 'Busy'): Picture => ({
  packed: pack([]),
  events: 0,
  timeZone,
  detail,
  asked: undefined,
})

/** The facts of a picture, sorted by id. */
export const factsOf = (picture: Picture): Fact[] => unpack(picture.packed)

/** Only when its events are, for a third of the cost. */
export const timesOf = (picture: Picture): TimeFact[] => unpackTimes(picture.packed)
