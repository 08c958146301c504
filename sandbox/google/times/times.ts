/** Reads, checks and writes the times of events. Instants are milliseconds since the Unix epoch; days count from 1970-01-01. */
import { Temporal } from 'temporal-polyfill'
import { backEnd, invalid, type Refusal } from '../http/errors.ts'

/** A time in the API's notation: `{date}` or `{dateTime, timeZone?}`. */
export interface EventTime {
  date?: string
  dateTime?: string
  timeZone?: string
}

/** The extent of an event. */
export interface Span {
  allDay: boolean
  startMs: number
  /** Exclusive. */
  endMs: number
  /** The zone in which the event repeats. */
  zone: string
  /** The calendar's zone, in which the times are written. */
  calendarZone: string
  /** The start by the wall clock: the day, and the milliseconds of the day (0 for all-day events). */
  startDay: number
  startOfDay: number
  /** How many days an all-day event lasts. */
  days: number
}

/** One day in ms. */
export const DAY_MS = 86_400_000

/** The day of a date, counted from 1970-01-01. */
export const dayOf = (date: string): number => Date.parse(`${date}T00:00:00Z`) / DAY_MS

/** The date of a day. */
export const dateOf = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10)

/** Returns the name of a time zone. @throws Refusal 400 if it is unknown. */
export function checkZone(zone: string): string {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return zone
  } catch {
    throw invalid(`Invalid time zone definition: ${zone}`)
  }
}

/** The instant of a wall-clock time: the later one in the gap of a clock change, the first one in an overlap. */
export function instantOf(day: number, msOfDay: number, zone: string): number {
  const wall = day * DAY_MS + msOfDay
  if (zone === 'UTC') return wall
  const text = new Date(wall).toISOString().slice(0, -1)
  return Temporal.PlainDateTime.from(text).toZonedDateTime(zone, { disambiguation: 'compatible' }).epochMilliseconds
}

/** The wall-clock time of a zone at an instant, as the milliseconds since 1970 that UTC would have. */
export function wallOf(instant: number, zone: string): number {
  if (zone === 'UTC') return instant
  const zoned = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(zone)
  return instant + zoned.offsetNanoseconds / 1_000_000
}

/** Formats an instant as RFC 3339, to the second, with the zone's offset: `2026-11-23T10:00:00+01:00`. */
export function formatInstant(instant: number, zone: string): string {
  const wall = wallOf(instant, zone)
  const text = new Date(wall).toISOString().slice(0, 19)
  const minutes = Math.round((wall - instant) / 60_000)
  if (minutes === 0) return `${text}Z`
  const size = Math.abs(minutes)
  const two = (n: number): string => String(n).padStart(2, '0')
  return `${text}${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`
}

/** Parses a query parameter: an RFC 3339 time with an offset. */
export function parseInstant(text: string | null, name: string): number | undefined {
  if (text === null) return undefined
  const value = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : NaN
  if (Number.isNaN(value))
    throw backEnd(400, 'badRequest', `Bad Request: ${name} is no RFC 3339 timestamp with a time zone offset`)
  return Math.floor(value / 1000) * 1000
}

/** Checks a start and an end, and computes the extent. `zone` is the calendar's. */
export function spanOf(start: unknown, end: unknown, options: { zone: string; recurring: boolean }): Span {
  const from = readTime(start, 'start', options)
  const to = readTime(end, 'end', options)
  if (from.allDay !== to.allDay) throw invalid('Start and end times must either both be date or both be dateTime.')
  if (to.instant < from.instant || (to.allDay && to.instant === from.instant)) {
    throw backEnd(400, 'timeRangeEmpty', 'The specified time range is empty.')
  }
  const wall = wallOf(from.instant, from.zone)
  const startDay = Math.floor(wall / DAY_MS)
  return {
    allDay: from.allDay,
    startMs: from.instant,
    endMs: to.instant,
    zone: from.zone,
    calendarZone: options.zone,
    startDay,
    startOfDay: from.allDay ? 0 : wall - startDay * DAY_MS,
    days: from.allDay ? to.day - from.day : 0,
  }
}

interface ReadTime {
  allDay: boolean
  instant: number
  day: number
  zone: string
}

function readTime(value: unknown, which: 'start' | 'end', options: { zone: string; recurring: boolean }): ReadTime {
  const time = (value ?? {}) as EventTime
  if (time.date !== undefined && time.dateTime !== undefined) throw invalid(`Invalid ${which} time.`)
  const zone = time.timeZone === undefined ? options.zone : checkZone(time.timeZone)
  if (time.date !== undefined) return readDate(time.date, which, options.zone)
  if (time.dateTime === undefined) throw required(`Missing ${which} time.`)
  if (options.recurring && time.timeZone === undefined)
    throw required(`Missing time zone definition for ${which} time.`)
  const instant = readDateTime(time.dateTime, time.timeZone, which)
  return { allDay: false, instant, day: 0, zone }
}

function readDate(date: string, which: string, zone: string): ReadTime {
  if (!/^\d{4}-\d\d-\d\d$/.test(date) || Number.isNaN(dayOf(date))) throw invalid(`Invalid ${which} time.`)
  const day = dayOf(date)
  return { allDay: true, instant: instantOf(day, 0, zone), day, zone }
}

/** Reads a time: with an offset it is an instant, without one it needs a zone. */
function readDateTime(text: string, zone: string | undefined, which: string): number {
  const shape = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:?\d\d)?$/.exec(text)
  if (!shape) throw invalid(`Invalid ${which} time.`)
  if (shape[4] !== undefined) return checked(Date.parse(text), which)
  if (zone === undefined) throw required(`Missing time zone definition for ${which} time.`)
  const wall = checked(Date.parse(`${text}Z`), which)
  return instantOf(Math.floor(wall / DAY_MS), wall - Math.floor(wall / DAY_MS) * DAY_MS, zone)
}

function checked(instant: number, which: string): number {
  if (Number.isNaN(instant)) throw invalid(`Invalid ${which} time.`)
  return Math.floor(instant / 1000) * 1000
}

const required = (message: string): Refusal => backEnd(400, 'required', message)
