/** freebusy.query (docs/google-behaviour.md#freebusy). A calendar that cannot be read has `errors`, which does not mean free. */
import { backEnd, invalid, json, type Reply } from '../http/errors.ts'
import type { Caller } from '../oauth/access.ts'
import type { Call } from '../http/call.ts'
import type { GoogleState } from '../state/state.ts'
import { openCalendar } from '../state/calendars.ts'
import { maskOf } from './fields.ts'
import { selectEvents } from './selection.ts'
import { checkZone, DAY_MS, formatInstant, parseInstant } from '../times/times.ts'
import type { Calendar, EventRecord } from '../state/calendar-records.ts'

// There is a limit, but Google does not document it. Clients ask for 30 to 60 days at a time.
const LONGEST_RANGE = 62 * DAY_MS
const MOST_CALENDARS = 50

interface Range {
  from: number
  to: number
  zone: string
}

/** Answers freebusy.query. */
export function queryFreeBusy(state: GoogleState, call: Call, caller: Caller): Reply {
  const body = call.json()
  const range = readRange(body)
  const items = Array.isArray(body.items) ? (body.items as { id?: unknown }[]) : []
  const most = body.calendarExpansionMax === undefined ? MOST_CALENDARS : Number(body.calendarExpansionMax)
  if (most > MOST_CALENDARS) throw invalid('Invalid value for calendarExpansionMax')
  const calendars: Record<string, unknown> = {}
  items.forEach(({ id }, index) => {
    calendars[String(id)] =
      index < most ? answerFor(state, String(id), { caller, range }) : failed('tooManyCalendarsRequested')
  })
  const timeMin = new Date(range.from).toISOString()
  const timeMax = new Date(range.to).toISOString()
  return json(maskOf(call.kind, call.query).apply({ kind: 'calendar#freeBusy', timeMin, timeMax, calendars }))
}

function readRange(body: Record<string, unknown>): Range {
  const from = parseInstant(textOf(body.timeMin), 'timeMin')
  const to = parseInstant(textOf(body.timeMax), 'timeMax')
  if (from === undefined || to === undefined) throw backEnd(400, 'required', 'Required')
  if (from >= to) throw backEnd(400, 'timeRangeEmpty', 'The specified time range is empty.')
  if (to - from > LONGEST_RANGE) throw backEnd(400, 'timeRangeTooLong', 'The requested time range is too long.')
  return { from, to, zone: checkZone(textOf(body.timeZone) ?? 'UTC') }
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null)

const failed = (reason: string): object => ({ errors: [{ domain: 'global', reason }], busy: [] })

function answerFor(state: GoogleState, id: string, query: { caller: Caller; range: Range }): object {
  try {
    const { calendar } = openCalendar(state, id, query.caller.account)
    return { busy: busyIn(calendar, query.range) }
  } catch {
    return failed('notFound')
  }
}

function busyIn(calendar: Calendar, { from, to, zone }: Range): object[] {
  const events = selectEvents(calendar, { single: true, showDeleted: false, from, to, horizon: to })
  const spans = events.filter((record) => isBusy(record, calendar.id)).map(({ span }) => span)
  spans.sort((a, b) => a.startMs - b.startMs)
  const merged: { startMs: number; endMs: number }[] = []
  for (const { startMs, endMs } of spans) {
    const last = merged.at(-1)
    if (last && startMs <= last.endMs) last.endMs = Math.max(last.endMs, endMs)
    else merged.push({ startMs: Math.max(startMs, from), endMs })
  }
  return merged.map(({ startMs, endMs }) => ({
    start: formatInstant(startMs, zone),
    end: formatInstant(Math.min(endMs, to), zone),
  }))
}

interface Attendee {
  email?: string
  responseStatus?: string
}

function isBusy({ fields, span }: EventRecord, self: string): boolean {
  if (fields.transparency === 'transparent' || span.endMs === span.startMs) return false
  const attendees = (fields.attendees ?? []) as Attendee[]
  const own = attendees.find((attendee) => attendee.email?.toLowerCase() === self)
  return own?.responseStatus !== 'declined'
}
