/**
 * When an event is. Google's answers are well formed; what isn't, by whatever accident, must neither stop a listing nor
 * make a person look free: docs/decisions/0020 tells how it is widened.
 */
import { clampInstant, EARLIEST, LATEST } from './instant.ts'
import type { Interval } from './interval.ts'
import type { EventResource, EventDateTime } from './event-resource.ts'
import { DAY, type Disambiguation, type Zones } from './zones.ts'

export interface TimeContext {
  /** The calendar's own. */
  timeZone: string
  zones: Zones
}

/** Instants in ms; of an all-day event the local midnights of its dates, read as if they were UTC. */
export interface ResolvedTime extends Interval {
  allDay: boolean
  /** Something about it had to be guessed: the span is what it may be at most. */
  doubtful: boolean
}

/** Undefined where the event says nowhere, in a way that can be understood, when it is. */
export function resolveTime(event: EventResource, context: TimeContext): ResolvedTime | undefined {
  const days = daysOf(event)
  if (days) return days
  const ownStart = instantOf(event.start, 'earlier', context)
  const start = ownStart ?? instantOf(event.originalStartTime, 'earlier', context)
  const end = instantOf(event.end, 'later', context)
  if (start === undefined) return end === undefined ? undefined : guessed(beginningOfDay(end - 1, context), end)
  const least = ownStart === undefined ? start + 1 : start
  if (end === undefined || end < least) return guessed(start, endOfDay(start, context))
  return { start, end, allDay: false, doubtful: ownStart === undefined }
}

const guessed = (start: number, end: number): ResolvedTime => ({ start, end, allDay: false, doubtful: true })

/** An all-day event whose end is not after its start lasts one day; so does one whose end can't be read. */
function daysOf({ start, end }: EventResource): ResolvedTime | undefined {
  const first = dayOf(start)
  if (first === undefined || end?.dateTime !== undefined) return undefined
  const last = dayOf(end)
  const after = last === undefined || last <= first ? first + 1 : last
  return { start: first * DAY, end: after * DAY, allDay: true, doubtful: last === undefined }
}

const dayOf = (time: EventDateTime | undefined): number | undefined =>
  time?.date !== undefined && time.dateTime === undefined ? parseDay(time.date) : undefined

function instantOf(time: EventDateTime | undefined, side: Disambiguation, context: TimeContext): number | undefined {
  const day = dayOf(time)
  if (day !== undefined) return context.zones.startOfDay(day, context.timeZone, side)
  return time?.dateTime === undefined
    ? undefined
    : parseInstant(time.dateTime, time.timeZone ?? context.timeZone, { side, ...context })
}

function endOfDay(instant: number, { zones, timeZone }: TimeContext): number {
  return zones.startOfDay(zones.dayOf(instant, timeZone, 'later') + 1, timeZone, 'later')
}

function beginningOfDay(instant: number, { zones, timeZone }: TimeContext): number {
  return zones.startOfDay(zones.dayOf(instant, timeZone, 'earlier'), timeZone, 'earlier')
}

const DATE_TIME = /^((?:\d{4}|[1-9]\d{4,8})-\d\d-\d\d)T\d\d:\d\d:\d\d(?:\.\d+)?(Z|[+-]\d\d:\d\d)?$/i

function parseInstant(text: string, timeZone: string, at: { side: Disambiguation; zones: Zones }): number | undefined {
  const [, date, offset] = DATE_TIME.exec(text) ?? []
  if (date === undefined) return undefined
  if (isBeyond(date)) return parseDay(date) === undefined ? undefined : LATEST
  const instant = offset === undefined ? at.zones.instantOf(text, timeZone, at.side) : absolute(text, date)
  return instant === undefined ? undefined : clampInstant(instant)
}

function absolute(text: string, date: string): number | undefined {
  // Date.parse takes a 30th of February for a 2nd of March.
  if (date.slice(8) > '28' && parseDay(date) === undefined) return undefined
  const instant = Date.parse(text)
  return Number.isNaN(instant) ? undefined : instant
}

const DATE = /^(?:\d{4}|[1-9]\d{4,8})-\d\d-\d\d$/
const FIRST_DAY = EARLIEST / DAY
const LAST_DAY = Math.floor(LATEST / DAY)

/** A year of more than four digits: programs write such for "for ever", and JavaScript does not read them. */
const isBeyond = (date: string): boolean => date.indexOf('-') > 4

/** Days since 1970-01-01, of the years 0001 to 9999, the nearest of them; undefined for what is no date. */
export function parseDay(date: string): number | undefined {
  if (!DATE.test(date)) return undefined
  if (isBeyond(date)) return parseDay(`2000${date.slice(-6)}`) === undefined ? undefined : LAST_DAY
  const midnight = Date.parse(`${date}T00:00:00Z`)
  if (Number.isNaN(midnight) || isoDay(midnight / DAY) !== date) return undefined
  return Math.max(midnight / DAY, FIRST_DAY)
}

const isoDay = (day: number): string => new Date(day * DAY).toISOString().slice(0, 10)

/** `YYYY-MM-DD`, the nearest that has a year of four digits. */
export const renderDay = (day: number): string => isoDay(Math.min(Math.max(day, FIRST_DAY), LAST_DAY))
