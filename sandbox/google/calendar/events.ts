/**
 * Stored events: immutable records, each with the version of its latest change in the change log. Instances of recurring
 * events are computed on request; only exceptions are stored.
 */
import { backEnd, invalid, notFound } from '../http/errors.ts'
import { expand, type Occurrence, parseRecurrence } from '../times/recurrence.ts'
import { dateOf, DAY_MS, type EventTime, formatInstant, type Span, spanOf } from '../times/times.ts'
import type { Calendar, EventFields, EventRecord } from '../state/calendar-records.ts'

/** How far ahead instances of an endless series are computed. */
export const HORIZON_MS = 2 * 366 * DAY_MS

/** Checks the fields and computes the extent of the event. Start and end come out with the calendar's offset, and their own zone. */
export function shape(fields: EventFields, zone: string): Pick<EventRecord, 'fields' | 'span' | 'recurrence'> {
  checkProperties(fields)
  const recurring = Array.isArray(fields.recurrence) && fields.recurrence.length > 0
  const span = spanOf(fields.start, fields.end, { zone, recurring })
  const written = {
    ...fields,
    start: writeTime(fields.start, span, span.startMs),
    end: writeTime(fields.end, span, span.endMs),
  }
  return recurring
    ? { fields: written, span, recurrence: parseRecurrence(fields.recurrence, span) }
    : { fields: written, span }
}

function writeTime(given: EventTime | undefined, span: Span, instant: number): EventTime {
  if (span.allDay) return { date: given?.date ?? '' }
  const dateTime = formatInstant(instant, span.calendarZone)
  return given?.timeZone === undefined ? { dateTime } : { dateTime, timeZone: given.timeZone }
}

const STATUSES = new Set(['confirmed', 'tentative', 'cancelled'])
const TRANSPARENCIES = new Set(['opaque', 'transparent'])

function checkProperties(fields: EventFields): void {
  if (fields.status !== undefined && !STATUSES.has(fields.status as string)) throw invalid('Invalid value for status')
  if (fields.transparency !== undefined && !TRANSPARENCIES.has(fields.transparency as string)) {
    throw invalid('Invalid value for transparency')
  }
}

/** Stores a new or changed record, as one more entry in the calendar's change log. */
export function commit(calendar: Calendar, record: Omit<EventRecord, 'version'>): EventRecord {
  calendar.version += 1
  const before = calendar.events.get(record.id)
  const committed: EventRecord = { ...record, version: calendar.version }
  calendar.events.set(record.id, committed)
  if (before?.recurrence ?? committed.recurrence) followSeries(calendar, before, committed)
  return committed
}

/** Removes exceptions that have no place any more in a series whose rule changed. */
function followSeries(calendar: Calendar, before: EventRecord | undefined, now: EventRecord): void {
  // A deleted series was retired when it was deleted. A deleted plain event was not, and may come back as a series.
  if (before && !(before.cancelled && before.recurrence))
    calendar.retired.push({ version: now.version, record: before })
  for (const exception of exceptionsOf(calendar, now.id)) {
    const stays = !now.cancelled && occursAt(now, exception.series!.originalMs)
    if (stays && exception.orphan) calendar.events.delete(exception.id)
    if (stays || exception.orphan) continue
    calendar.version += 1
    const { version } = calendar
    calendar.events.set(exception.id, { ...exception, cancelled: true, orphan: true, version, updated: now.updated })
  }
}

/** The stored exceptions of a series. */
export function exceptionsOf(calendar: Calendar, master: string): EventRecord[] {
  return [...calendar.events.values()].filter((record) => record.series?.master === master)
}

function occursAt(master: EventRecord, instant: number): boolean {
  return occurrencesOf(master, { from: instant - 1, to: instant + 1 }).some(({ startMs }) => startMs === instant)
}

/** The occurrences of a series in a window, without its exceptions. */
export function occurrencesOf(master: EventRecord, window: { from: number; to: number }): Occurrence[] {
  return master.recurrence ? expand(master.span, master.recurrence, window) : []
}

/** The id of an instance: `<master>_YYYYMMDDTHHMMSSZ` in UTC, for all-day events `<master>_YYYYMMDD`. */
export function instanceId(master: EventRecord, occurrence: Occurrence): string {
  if (master.span.allDay) return `${master.id}_${dateOf(occurrence.day).replaceAll('-', '')}`
  return `${master.id}_${new Date(occurrence.startMs).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`
}

/** Makes the record of one instance of a series. */
export function instanceOf(master: EventRecord, occurrence: Occurrence): EventRecord {
  const { span } = master
  const fields = without(master.fields, 'recurrence')
  const start = timeAt(master.fields.start, span, occurrence.startMs)
  const end = timeAt(master.fields.end, span, occurrence.endMs)
  const { startMs, endMs } = occurrence
  return {
    ...without(master, 'recurrence'),
    id: instanceId(master, occurrence),
    fields: { ...fields, start, end },
    span: { ...span, startMs, endMs, startDay: occurrence.day },
    series: { master: master.id, original: start, originalMs: startMs },
  }
}

/** Returns a copy without one property. */
export function without<T extends object, K extends keyof T>(value: T, name: K): Omit<T, K> {
  const copy = { ...value }
  Reflect.deleteProperty(copy, name)
  return copy
}

function timeAt(given: EventTime | undefined, span: Span, instant: number): EventTime {
  if (!span.allDay)
    return { dateTime: formatInstant(instant, span.calendarZone), timeZone: given?.timeZone ?? span.zone }
  // Midnight may not exist on the day that clocks go forward. Noon always does.
  return { date: formatInstant(instant + DAY_MS / 2, span.zone).slice(0, 10) }
}

/** Finds an event by id, stored or computed. @throws Refusal 404 if there never was one. */
export function findEvent(calendar: Calendar, id: string): EventRecord {
  const kept = calendar.events.get(id)
  if (kept && !kept.orphan) return kept
  const parts = /^(.+)_(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)Z)?$/.exec(id)
  const master = parts && calendar.events.get(parts[1]!)
  if (!parts || !master?.recurrence) throw notFound()
  if (kept) return kept
  const middle = Date.parse(`${parts[2]!}-${parts[3]!}-${parts[4]!}T12:00:00Z`)
  const near = occurrencesOf(master, { from: middle - 2 * DAY_MS, to: middle + 2 * DAY_MS })
  const occurrence = near.find((candidate) => instanceId(master, candidate) === id)
  if (!occurrence) throw notFound()
  return instanceOf(master, occurrence)
}

/** The etag of an event. */
export const etagOf = (record: EventRecord): string =>
  `"${record.order}0${record.version}0${Math.floor(record.updated / 1000)}"`

/** The error for an If-Match that does not match. */
export const conditionNotMet = (): Error =>
  backEnd(412, 'conditionNotMet', 'Precondition Failed', { locationType: 'header', location: 'If-Match' })
