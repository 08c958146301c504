/** events.get, insert, update, patch, delete (docs/google-behaviour.md#writing-events). */
import { isRecord } from '../../../src/platform/json.ts'
import { backEnd, invalid, json, type Refusal, type Reply } from '../http/errors.ts'
import type { Caller } from '../oauth/access.ts'
import type { Call } from '../http/call.ts'
import { notifyWatchers } from '../push/notifications.ts'
import type { GoogleState } from '../state/state.ts'
import { atLeast, openCalendar, type View } from '../state/calendars.ts'
import { settleConference, withConference } from './conference.ts'
import { commit, conditionNotMet, etagOf, findEvent, shape, without } from './events.ts'
import { maskOf } from './fields.ts'
import { renderOptions } from './listing.ts'
import { resourceOf } from './resource.ts'
import type { Calendar, EventFields, EventRecord } from '../state/calendar-records.ts'

const READ_ONLY = new Set([
  'kind',
  'etag',
  'id',
  'htmlLink',
  'created',
  'updated',
  'creator',
  'organizer',
  'recurringEventId',
  'originalStartTime',
  'hangoutLink',
  'attendeesOmitted',
  'locked',
])

/** Answers events.get. */
export function getEvent(state: GoogleState, call: Call, caller: Caller): Reply {
  const view = openCalendar(state, call.params[0]!, caller.account)
  const record = settleConference(view.calendar, findEvent(view.calendar, call.params[1]!))
  if (call.headers['if-none-match'] === etagOf(record)) return { status: 304, body: '' }
  return reply(call, view, record)
}

/** Answers events.insert. */
export function insertEvent(state: GoogleState, call: Call, caller: Caller): Reply {
  const view = openForWriting(state, call, caller)
  const body = call.json()
  const id = typeof body.id === 'string' ? body.id : undefined
  if (id !== undefined && !/^[a-v0-9]{5,1024}$/.test(id)) throw invalid('Invalid resource id value.')
  if (id !== undefined && view.calendar.events.has(id)) {
    throw backEnd(409, 'duplicate', 'The requested identifier already exists.')
  }
  const fields = withConference(state, call.query, { before: undefined, fields: writable(body) })
  return reply(call, view, addEvent(state, view.calendar, fields, id))
}

/** Answers events.update. */
export function updateEvent(state: GoogleState, call: Call, caller: Caller): Reply {
  return change(state, call, caller, (_before, body) => body)
}

/** Answers events.patch. */
export function patchEvent(state: GoogleState, call: Call, caller: Caller): Reply {
  return change(state, call, caller, (before, body) => mergePatch(before, body))
}

/** Answers events.delete. */
export function deleteEvent(state: GoogleState, call: Call, caller: Caller): Reply {
  const view = openForWriting(state, call, caller)
  const record = findEvent(view.calendar, call.params[1]!)
  if (record.cancelled) throw backEnd(410, 'deleted', 'Resource has been deleted')
  checkMatch(call, record)
  removeEvent(state, view.calendar, record)
  return { status: 204, body: '' }
}

const SEND_UPDATES = new Set(['all', 'externalOnly', 'none'])

function openForWriting(state: GoogleState, call: Call, caller: Caller): View {
  const view = openCalendar(state, call.params[0]!, caller.account)
  const sendUpdates = call.query.get('sendUpdates')
  if (sendUpdates !== null && !SEND_UPDATES.has(sendUpdates))
    throw invalid('Invalid value for sendUpdates', 'sendUpdates')
  if (!atLeast(view.role, 'writer')) throw backEnd(403, 'forbidden', 'Forbidden')
  return view
}

type Combine = (before: EventFields, body: EventFields) => EventFields

function change(state: GoogleState, call: Call, caller: Caller, combine: Combine): Reply {
  const view = openForWriting(state, call, caller)
  const before = findEvent(view.calendar, call.params[1]!)
  checkMatch(call, before)
  const combined = combine(before.fields, writable(call.json()))
  checkOrganizer(view, before, combined)
  const fields = withConference(state, call.query, { before: before.fields, fields: combined })
  return reply(call, view, changeEvent(state, view.calendar, before, fields))
}

const writable = (body: Record<string, unknown>): EventFields =>
  Object.fromEntries(Object.entries(body).filter(([name]) => !READ_ONLY.has(name)))

/** Applies a patch: objects are merged, arrays are replaced, null deletes. */
export function mergePatch<T extends Record<string, unknown>>(before: T, patch: Record<string, unknown>): T {
  const merged: Record<string, unknown> = { ...before }
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(merged, name)
    else if (isRecord(value)) merged[name] = mergePatch(isRecord(merged[name]) ? merged[name] : {}, value)
    else merged[name] = value
  }
  return merged as T
}

function checkMatch(call: Call, record: EventRecord): void {
  const wanted = call.headers['if-match']
  if (wanted !== undefined && wanted !== '*' && wanted !== etagOf(record)) throw conditionNotMet()
}

const SHARED_PROPERTIES = ['summary', 'description', 'location', 'start', 'end', 'recurrence']

/** An attendee may answer. Only the organizer may change the shared properties of an event. */
function checkOrganizer(view: View, before: EventRecord, after: EventFields): void {
  const organizer = (before.fields.organizer as { email?: string } | undefined)?.email
  if (organizer === undefined || organizer.toLowerCase() === view.calendar.id) return
  after.organizer = before.fields.organizer
  const differs = SHARED_PROPERTIES.some((name) => JSON.stringify(before.fields[name]) !== JSON.stringify(after[name]))
  if (differs) throw notOrganizer()
}

const notOrganizer = (): Refusal =>
  backEnd(403, 'forbiddenForNonOrganizer', 'Shared properties can only be changed by the organizer of the event.')

function reply(call: Call, view: View, record: EventRecord): Reply {
  const shown = record.cancelled
    ? { kind: 'calendar#event', etag: etagOf(record), ...resourceOf(view, record) }
    : resourceOf(view, record, renderOptions(call.query))
  const answer = json(maskOf(call.kind, call.query).apply(shown))
  return { ...answer, headers: { ...answer.headers, etag: etagOf(record) } }
}

/** Adds an event, with a new id if it has none. Control operations may set fields that people cannot. */
export function addEvent(state: GoogleState, calendar: Calendar, fields: EventFields, id?: string): EventRecord {
  const now = state.now()
  const base = { id: id ?? freshId(state), order: calendar.nextOrder++, created: now, updated: now }
  const { status, ...rest } = fields
  const cancelled = status === 'cancelled'
  const record = commit(calendar, { ...base, cancelled, ...shape(cancelled ? rest : fields, calendar.timeZone) })
  notifyWatchers(state, calendar)
  return record
}

/** Replaces the fields of an event. A deleted event comes back unless its status is `cancelled`. */
export function changeEvent(
  state: GoogleState,
  calendar: Calendar,
  before: EventRecord,
  fields: EventFields,
): EventRecord {
  if (fields.status === 'cancelled') return removeEvent(state, calendar, before)
  const kept = without(without(before, 'recurrence'), 'orphan')
  const order = calendar.events.has(before.id) ? before.order : calendar.nextOrder++
  const shaped = shape(fields, calendar.timeZone)
  const record = commit(calendar, { ...kept, ...shaped, order, cancelled: false, updated: state.now() })
  notifyWatchers(state, calendar)
  return record
}

/** Deletes an event. Its id stays reserved; a deleted instance becomes a cancelled exception. */
export function removeEvent(state: GoogleState, calendar: Calendar, before: EventRecord): EventRecord {
  const order = calendar.events.has(before.id) ? before.order : calendar.nextOrder++
  const fields = without(before.fields, 'status')
  const record = commit(calendar, { ...before, fields, order, cancelled: true, updated: state.now() })
  notifyWatchers(state, calendar)
  return record
}

const ID_LETTERS = 'abcdefghijklmnopqrstuv0123456789'

function freshId(state: GoogleState): string {
  let id = ''
  for (let i = 0; i < 20; i++) id += ID_LETTERS.charAt(Math.floor(state.random() * 32))
  state.counter += 1
  return `${id}${state.counter.toString(32)}`
}
