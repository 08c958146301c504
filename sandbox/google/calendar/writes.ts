/** events.get, insert, update, patch, delete (docs/google-behaviour.md#writing-events). */
import { backEnd, invalid, json, type Refusal, type Reply } from '../http/errors.ts'
import { requireReach, type Caller } from '../oauth/access.ts'
import type { Call } from '../http/call.ts'
import { spendWrite } from '../quota/calendar-writes.ts'
import type { GoogleState } from '../state/state.ts'
import { atLeast, openCalendar, type View } from '../state/calendars.ts'
import { sameAddress, withAttendees } from './attendees.ts'
import { settleConference, withConference } from './conference.ts'
import { conditionNotMet, etagOf, findEvent } from './events.ts'
import { withExtendedProperties } from './extended-properties.ts'
import { maskOf } from './fields.ts'
import { renderOptions } from './listing.ts'
import { mailGuests, organizerOf, sendUpdatesOf } from './mails.ts'
import { resourceOf } from './resource.ts'
import { addEvent, changeEvent, differ, mergePatch, removeEvent, sequenceOf, SHARED_PROPERTIES } from './storing.ts'
import type { EventFields, EventRecord } from '../state/calendar-records.ts'
import { checkWritten, withoutDefaults } from './write-checks.ts'

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
  'locked',
])

/** Answers events.get. */
export function getEvent(state: GoogleState, call: Call, caller: Caller): Reply {
  const view = openEvents(state, call, caller)
  const record = settleConference(state, view.calendar, findEvent(view.calendar, call.params[1]!))
  const etag = etagOf(record)
  if (call.headers['if-none-match'] === etag) return { status: 304, headers: { etag }, body: '' }
  return reply(call, view, record)
}

/** Answers events.insert. */
export function insertEvent(state: GoogleState, call: Call, caller: Caller): Reply {
  const view = openForWriting(state, call, caller)
  const body = call.json()
  const id = idOf(body)
  if (id !== undefined && view.calendar.events.has(id)) {
    throw backEnd(409, 'duplicate', 'The requested identifier already exists.')
  }
  const fields = checked(state, call, { view, before: undefined, fields: mergePatch({}, writable(body)) })
  const after = addEvent(state, view.calendar, { ...fields, creator: { email: caller.account } }, id)
  mailGuests(state, view, { before: undefined, after }, sendUpdatesOf(call.query))
  return reply(call, view, after)
}

function idOf({ id }: Record<string, unknown>): string | undefined {
  if (id === undefined || id === null) return undefined
  if (typeof id !== 'string' || !/^[a-v0-9]{5,1024}$/.test(id)) throw invalid('Invalid resource id value.')
  return id
}

/** Answers events.update. */
export function updateEvent(state: GoogleState, call: Call, caller: Caller): Reply {
  return change(state, call, caller, (_before, body) => mergePatch({}, body))
}

/** Answers events.patch. */
export function patchEvent(state: GoogleState, call: Call, caller: Caller): Reply {
  return change(state, call, caller, (before, body) => mergePatch(before, body))
}

/** Answers events.delete. */
export function deleteEvent(state: GoogleState, call: Call, caller: Caller): Reply {
  const view = openForWriting(state, call, caller)
  const before = findEvent(view.calendar, call.params[1]!)
  if (before.cancelled) throw backEnd(410, 'deleted', 'Resource has been deleted')
  checkMatch(call, before)
  checkPrivate(view, before)
  const after = removeEvent(state, view.calendar, before)
  mailGuests(state, view, { before, after }, sendUpdatesOf(call.query))
  return { status: 204, body: '' }
}

function openEvents(state: GoogleState, call: Call, caller: Caller): View {
  const view = openCalendar(state, call.params[0]!, caller.account)
  requireReach(call.kind, caller, view)
  return view
}

function openForWriting(state: GoogleState, call: Call, caller: Caller): View {
  const view = openEvents(state, call, caller)
  if (!atLeast(view.role, 'writerWithoutPrivateAccess')) {
    throw backEnd(403, 'requiredAccessLevel', 'You need to have writer access to this calendar.')
  }
  spendWrite(state, view.calendar)
  // An invalid value is refused before anything changes.
  sendUpdatesOf(call.query)
  return view
}

type Combine = (before: EventFields, body: EventFields) => EventFields

function change(state: GoogleState, call: Call, caller: Caller, combine: Combine): Reply {
  const view = openForWriting(state, call, caller)
  const before = findEvent(view.calendar, call.params[1]!)
  checkMatch(call, before)
  checkPrivate(view, before)
  const stays = before.cancelled && before.series === undefined && !state.switches.updateRestores
  if (stays) throw backEnd(403, 'forbidden', 'Forbidden')
  const body = writable(call.json())
  checkSequence(before, body)
  const combined = { ...combine(before.fields, body), ...authorsOf(before) }
  const fields = checked(state, call, { view, before: before.fields, fields: combined })
  checkOrganizer(view, before, fields)
  const after = changeEvent(state, view.calendar, before, fields)
  mailGuests(state, view, { before, after }, sendUpdatesOf(call.query))
  return reply(call, view, after)
}

const writable = (body: Record<string, unknown>): EventFields =>
  Object.fromEntries(Object.entries(body).filter(([name]) => !READ_ONLY.has(name)))

function authorsOf({ fields: { creator, organizer } }: EventRecord): EventFields {
  return { ...(creator === undefined ? {} : { creator }), ...(organizer === undefined ? {} : { organizer }) }
}

/** Checks what a client wrote, and returns the fields to store. @throws Refusal 400 */
function checked(
  state: GoogleState,
  call: Call,
  { view, before, fields }: { view: View; before: EventFields | undefined; fields: EventFields },
): EventFields {
  checkWritten(fields)
  const complete = withExtendedProperties(withAttendees(before, withoutDefaults(fields), view.calendar.id))
  return withConference(state, call.query, { before, fields: complete })
}

function checkMatch(call: Call, record: EventRecord): void {
  const wanted = call.headers['if-match']
  if (wanted !== undefined && wanted !== '*' && wanted !== etagOf(record)) throw conditionNotMet()
}

/** Refuses a writer who may not see private events. */
function checkPrivate(view: View, { fields }: EventRecord): void {
  const hidden = fields.visibility === 'private' || fields.visibility === 'confidential'
  if (hidden && !atLeast(view.role, 'writer')) throw backEnd(403, 'forbidden', 'Forbidden')
}

function checkSequence(before: EventRecord, body: EventFields): void {
  if (body.sequence === undefined || sequenceOf(body) >= sequenceOf(before.fields)) return
  throw invalid(
    'Invalid sequence value. The specified sequence number is below the current sequence number of the resource. Re-fetch the resource and use its sequence number on the following request.',
  )
}

/** An attendee may answer. Only the organizer may change the shared properties of an event, unless guests may. */
function checkOrganizer(view: View, before: EventRecord, after: EventFields): void {
  const organizer = organizerOf(before)
  if (organizer === undefined || sameAddress(organizer, view.calendar.id)) return
  if (before.fields.guestsCanModify !== true && differ(before.fields, after, SHARED_PROPERTIES)) throw notOrganizer()
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
