/**
 * When an event is. Google's answers are well formed; what isn't, by whatever accident, must neither stop a listing nor
 * make a person look free: docs/decisions/0020 tells how it is widened.
 */
import type { Interval } from './interval.ts'
import type { SourceEvent, SourceTime } from './source.ts'
import { DAY, type Side, type Zones } from './zones.ts'

export interface SpanContext {
  /** The calendar's own. */
  timeZone: string
  zones: Zones
}

/** Instants in ms; of an all-day event the local midnights of its dates, read as if they were UTC. */
export interface Span extends Interval {
  allDay: boolean
}

/** Undefined where the event says nowhere, in a way that can be understood, when it is. */
export function spanOf(event: SourceEvent, context: SpanContext): Span | undefined {
  const days = daysOf(event)
  if (days) return days
  const start = instantOf(event.start, 'earlier', context) ?? instantOf(event.originalStartTime, 'earlier', context)
  const end = instantOf(event.end, 'later', context)
  if (start === undefined) return end === undefined ? undefined : timed(beginningOfDay(end - 1, context), end)
  if (end === undefined || end < start) return timed(start, endOfDay(start, context))
  return timed(start, end)
}

const timed = (start: number, end: number): Span => ({ start, end, allDay: false })

/** An all-day event; one that doesn't say (or says wrongly) on which day it ends is over by the end of its first. */
function daysOf({ start, end }: SourceEvent): Span | undefined {
  const first = dayOf(start)
  if (first === undefined || end?.dateTime) return undefined
  const last = dayOf(end) ?? first + 1
  return { start: first * DAY, end: (last < first ? first + 1 : last) * DAY, allDay: true }
}

const dayOf = (time: SourceTime | undefined): number | undefined =>
  time?.date && !time.dateTime ? parseDay(time.date) : undefined

function instantOf(time: SourceTime | undefined, side: Side, context: SpanContext): number | undefined {
  const day = dayOf(time)
  if (day !== undefined) return context.zones.startOfDay(day, context.timeZone, side)
  return time?.dateTime
    ? parseInstant(time.dateTime, time.timeZone ?? context.timeZone, { side, ...context })
    : undefined
}

function endOfDay(instant: number, { zones, timeZone }: SpanContext): number {
  return zones.startOfDay(zones.dayOf(instant, timeZone, 'later') + 1, timeZone, 'later')
}

function beginningOfDay(instant: number, { zones, timeZone }: SpanContext): number {
  return zones.startOfDay(zones.dayOf(instant, timeZone, 'earlier'), timeZone, 'earlier')
}

const DATE_TIME = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d(?:\.\d+)?(Z|[+-]\d\d:\d\d)?$/i

function parseInstant(text: string, timeZone: string, at: { side: Side; zones: Zones }): number | undefined {
  const [, date, offset] = DATE_TIME.exec(text) ?? []
  if (date === undefined) return undefined
  if (offset === undefined) return at.zones.instantOf(text, timeZone, at.side)
  // Date.parse takes a 30th of February for a 2nd of March.
  if (date.slice(8) > '28' && parseDay(date) === undefined) return undefined
  const instant = Date.parse(text)
  return Number.isNaN(instant) ? undefined : instant
}

const DATE = /^\d{4}-\d\d-\d\d$/

/** Days since 1970-01-01; undefined for what is no date. */
export function parseDay(date: string): number | undefined {
  const midnight = DATE.test(date) ? Date.parse(`${date}T00:00:00Z`) : NaN
  if (Number.isNaN(midnight) || renderDay(midnight / DAY) !== date) return undefined
  return midnight / DAY
}

export const renderDay = (day: number): string => new Date(day * DAY).toISOString().slice(0, 10)
