/**
 * Determines when an event takes place. Google's answers are well formed; one that is not must neither stop a listing nor make a
 * person look free. docs/decisions/0020-unclear-events-count-as-busy.md describes how such times are widened.
 */
import { DAY_MS } from '../platform/time-units.ts'
import { isBeyondYear9999, parseDate } from './calendar-date.ts'
import type { EventDateTime, EventResource } from './event-resource.ts'
import { clampInstant, LATEST } from './instant.ts'
import type { Interval } from './interval.ts'
import type { Disambiguation, Zones } from './zones.ts'

/** What the time of an event depends on besides the event. */
export interface TimeContext {
  /** The calendar's own time zone. */
  timeZone: string
  zones: Zones
}

/** Instants in ms since the epoch; for an all-day event the midnights of its dates as if these were in UTC. */
export interface ResolvedTime extends Interval {
  allDay: boolean
  /** Whether part of the time had to be guessed; the event takes at most this long. */
  doubtful: boolean
}

/** Resolves the time of an event; undefined if its time cannot be understood. */
export function resolveTime(event: EventResource, context: TimeContext): ResolvedTime | undefined {
  const dates = resolveDates(event)
  if (dates) return dates
  const ownStart = resolveInstant(event.start, 'earlier', context)
  const start = ownStart ?? resolveInstant(event.originalStartTime, 'earlier', context)
  const end = resolveInstant(event.end, 'later', context)
  if (start === undefined) return end === undefined ? undefined : guessed(startOfDay(end - 1, context), end)
  const minimumEnd = ownStart === undefined ? start + 1 : start
  if (end === undefined || end < minimumEnd) return guessed(start, endOfDay(start, context))
  return { start, end, allDay: false, doubtful: ownStart === undefined }
}

const guessed = (start: number, end: number): ResolvedTime => ({ start, end, allDay: false, doubtful: true })

/** An all-day event whose end is not after its start, or cannot be read, lasts one day. */
function resolveDates({ start, end }: EventResource): ResolvedTime | undefined {
  const first = dateIn(start)
  if (first === undefined || end?.dateTime !== undefined) return undefined
  const last = dateIn(end)
  const after = last === undefined || last <= first ? first + 1 : last
  return { start: first * DAY_MS, end: after * DAY_MS, allDay: true, doubtful: last === undefined }
}

const dateIn = (time: EventDateTime | undefined): number | undefined =>
  time?.date !== undefined && time.dateTime === undefined ? parseDate(time.date) : undefined

function resolveInstant(
  time: EventDateTime | undefined,
  disambiguation: Disambiguation,
  context: TimeContext,
): number | undefined {
  const day = dateIn(time)
  if (day !== undefined) return context.zones.startOfDay(day, context.timeZone, disambiguation)
  if (time?.dateTime === undefined) return undefined
  const timeZone = time.timeZone ?? context.timeZone
  return parseDateTime(time.dateTime, disambiguation, { timeZone, zones: context.zones })
}

function endOfDay(instant: number, { zones, timeZone }: TimeContext): number {
  return zones.startOfDay(zones.dayOf(instant, timeZone, 'later') + 1, timeZone, 'later')
}

function startOfDay(instant: number, { zones, timeZone }: TimeContext): number {
  return zones.startOfDay(zones.dayOf(instant, timeZone, 'earlier'), timeZone, 'earlier')
}

const DATE_TIME = /^((?:\d{4}|[1-9]\d{4,8})-\d\d-\d\d)T\d\d:\d\d:\d\d(?:\.\d+)?(Z|[+-]\d\d:\d\d)?$/i

function parseDateTime(
  text: string,
  disambiguation: Disambiguation,
  { timeZone, zones }: TimeContext,
): number | undefined {
  return zones.remembered(text, parseWithOffset) ?? parseLocal(text, disambiguation, { timeZone, zones })
}

/** Returns undefined for a text without an offset, too. */
function parseWithOffset(text: string): number | undefined {
  const [, date, offset] = DATE_TIME.exec(text) ?? []
  if (date === undefined || offset === undefined) return undefined
  if (isBeyondYear9999(date)) return endOfTime(date)
  // Date.parse reads a 30th of February as a 2nd of March.
  if (date.slice(8) > '28' && parseDate(date) === undefined) return undefined
  const instant = Date.parse(text)
  return Number.isNaN(instant) ? undefined : clampInstant(instant)
}

function parseLocal(
  text: string,
  disambiguation: Disambiguation,
  { timeZone, zones }: TimeContext,
): number | undefined {
  const [, date, offset] = DATE_TIME.exec(text) ?? []
  if (date === undefined || offset !== undefined) return undefined
  if (isBeyondYear9999(date)) return endOfTime(date)
  const instant = zones.instantOf(text, timeZone, disambiguation)
  return instant === undefined ? undefined : clampInstant(instant)
}

const endOfTime = (date: string): number | undefined => (parseDate(date) === undefined ? undefined : LATEST)
