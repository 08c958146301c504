/**
 * Recurring events (RFC 5545): RRULE with FREQ DAILY, WEEKLY, MONTHLY or YEARLY and INTERVAL, COUNT, UNTIL, BYDAY, BYMONTHDAY
 * and WKST, and EXDATE. Occurrences repeat by the wall clock of the event's zone, so they keep their hour when clocks change.
 */
import { invalid } from '../http/errors.ts'
import { DAY_MS, dayOf, instantOf, type Span } from './times.ts'

/** One occurrence of a series. */
export interface Occurrence {
  startMs: number
  endMs: number
  /** The day, by the wall clock of the event's zone. */
  day: number
}

/** A span of time. Both ends are exclusive, as `timeMin` and `timeMax` are. */
interface Window {
  from: number
  to: number
}

interface Rule {
  freq: 'DAILY' | 'WEEKLY' | 'MONTHLY' | 'YEARLY'
  interval: number
  count: number
  /** The last instant (for all-day events: day) at which an occurrence may start. */
  until: number
  byDay: { weekday: number; nth: number }[]
  byMonthDay: number[]
  weekStart: number
}

/** A parsed recurrence rule. */
export interface Recurrence {
  rule: Rule
  /** Start instants (for all-day events: days) of excluded occurrences. */
  excluded: Set<number>
}

const WEEKDAYS = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA']

/** Parses the lines of `recurrence`. @throws Refusal 400 */
export function parseRecurrence(lines: unknown, span: Span): Recurrence {
  const excluded = new Set<number>()
  let rule: Rule | undefined
  for (const line of Array.isArray(lines) ? (lines as unknown[]) : []) {
    const [head = '', value = ''] = String(line).split(/:(.*)/s)
    const name = head.split(';')[0]
    if (name === 'RRULE' && !rule) rule = parseRule(value, span)
    else if (name === 'EXDATE') for (const stamp of value.split(',')) excluded.add(parseStamp(stamp, span))
    else throw invalidRule()
  }
  if (!rule) throw invalidRule()
  return { rule, excluded }
}

const invalidRule = (): Error => invalid('Invalid recurrence rule.')

const KNOWN_PARTS = new Set(['FREQ', 'INTERVAL', 'COUNT', 'UNTIL', 'BYDAY', 'BYMONTHDAY', 'WKST'])

function parseRule(text: string, span: Span): Rule {
  const parts = new Map(text.split(';').map((part) => part.split('=') as [string, string]))
  if ([...parts.keys()].some((name) => !KNOWN_PARTS.has(name))) throw invalidRule()
  const freq = parts.get('FREQ') as Rule['freq']
  if (!['DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'].includes(freq)) throw invalidRule()
  const until = parts.get('UNTIL')
  return {
    freq,
    interval: positive(parts.get('INTERVAL'), 1),
    count: positive(parts.get('COUNT'), Infinity),
    until: until === undefined ? Infinity : parseStamp(until, span),
    byDay: (parts.get('BYDAY')?.split(',') ?? []).map(parseByDay),
    byMonthDay: (parts.get('BYMONTHDAY')?.split(',') ?? []).map(Number),
    weekStart: WEEKDAYS.indexOf(parts.get('WKST') ?? 'MO'),
  }
}

function positive(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise
  if (!/^[1-9]\d*$/.test(text)) throw invalidRule()
  return Number(text)
}

function parseByDay(text: string): { weekday: number; nth: number } {
  const found = /^([+-]?\d+)?(SU|MO|TU|WE|TH|FR|SA)$/.exec(text)
  if (!found) throw invalidRule()
  return { weekday: WEEKDAYS.indexOf(found[2]!), nth: Number(found[1] ?? 0) }
}

/** Parses `20261123`, `20261123T090000Z`, or `20261123T090000` by the event's own wall clock. */
function parseStamp(text: string, span: Span): number {
  const found = /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z)?)?$/.exec(text)
  if (!found) throw invalidRule()
  const [, year, month, date, hour, minute, second, utc] = found
  const day = dayOf(`${year!}-${month!}-${date!}`)
  if (span.allDay) return day
  if (hour === undefined) return instantOf(day, DAY_MS - 1, span.zone)
  const ms = (Number(hour) * 3600 + Number(minute) * 60 + Number(second)) * 1000
  return utc ? day * DAY_MS + ms : instantOf(day, ms, span.zone)
}

// A rule without an end stops here. Google documents no limit; a hundred years are beyond any window.
const MOST_CANDIDATES = 40_000

/** The occurrences that overlap the window, in order, without the excluded ones. */
export function expand(span: Span, recurrence: Recurrence, window: Window): Occurrence[] {
  const { rule, excluded } = recurrence
  const found: Occurrence[] = []
  const lastDay = Math.ceil(window.to / DAY_MS) + 1
  // Days long before the window are walked as well, which is cheap.
  const firstDay = Math.floor((window.from - (span.endMs - span.startMs)) / DAY_MS) - 2
  let left = rule.count
  for (const day of days(span.startDay, rule)) {
    if (left-- <= 0 || day > lastDay) break
    if (day < firstDay) continue
    const occurrence = occurrenceOn(day, span)
    const stamp = span.allDay ? day : occurrence.startMs
    if (stamp > rule.until) break
    if (occurrence.startMs < window.to && occurrence.endMs > window.from && !excluded.has(stamp)) found.push(occurrence)
  }
  return found
}

function occurrenceOn(day: number, span: Span): Occurrence {
  const startMs = instantOf(day, span.startOfDay, span.zone)
  const endMs = span.allDay ? instantOf(day + span.days, 0, span.zone) : startMs + (span.endMs - span.startMs)
  return { startMs, endMs, day }
}

/** The days of the rule from the first occurrence on. The first one counts even if the rule does not include it. */
function* days(first: number, rule: Rule): Generator<number> {
  yield first
  let seen = 0
  for (let period = 0; seen < MOST_CANDIDATES; period++) {
    for (const day of periodDays(first, rule, period)) {
      seen += 1
      if (day > first) yield day
    }
    seen += 1
  }
}

function periodDays(first: number, rule: Rule, period: number): number[] {
  const step = period * rule.interval
  if (rule.freq === 'DAILY') return dailyDay(first + step, rule)
  if (rule.freq === 'WEEKLY') return weekDays(first, rule, step)
  const start = new Date(first * DAY_MS)
  const months = rule.freq === 'MONTHLY' ? step : step * 12
  return monthDays(start.getUTCFullYear(), start.getUTCMonth() + months, rule, start.getUTCDate())
}

function dailyDay(day: number, rule: Rule): number[] {
  return rule.byDay.length === 0 || rule.byDay.some(({ weekday }) => weekday === weekdayOf(day)) ? [day] : []
}

/** 1970-01-01 was a Thursday. */
const weekdayOf = (day: number): number => (((day + 4) % 7) + 7) % 7

function weekDays(first: number, rule: Rule, weeks: number): number[] {
  const offset = (weekday: number): number => (weekday - rule.weekStart + 7) % 7
  const monday = first - offset(weekdayOf(first)) + weeks * 7
  const wanted = rule.byDay.length > 0 ? rule.byDay.map(({ weekday }) => weekday) : [weekdayOf(first)]
  return wanted.map((weekday) => monday + offset(weekday)).sort((a, b) => a - b)
}

function monthDays(year: number, month: number, rule: Rule, date: number): number[] {
  const firstDay = Date.UTC(year, month, 1) / DAY_MS
  const length = Date.UTC(year, month + 1, 1) / DAY_MS - firstDay
  const all = Array.from({ length }, (_, index) => firstDay + index)
  if (rule.byMonthDay.length > 0) {
    return all.filter((_, i) => rule.byMonthDay.includes(i + 1) || rule.byMonthDay.includes(i - length))
  }
  if (rule.byDay.length === 0) return date <= length ? [firstDay + date - 1] : []
  return all.filter((day, i) =>
    rule.byDay.some(({ weekday, nth }) => weekday === weekdayOf(day) && isNth(nth, i, length)),
  )
}

/** Whether a day is the n-th of its weekday in the month, counted from the end if n is negative. 0 means any. */
function isNth(nth: number, index: number, length: number): boolean {
  if (nth === 0) return true
  return nth > 0 ? Math.floor(index / 7) === nth - 1 : Math.floor((length - 1 - index) / 7) === -nth - 1
}
