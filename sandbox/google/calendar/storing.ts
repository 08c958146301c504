/**
 * Stores new, changed and deleted events, whoever changes them: a client through the API, or a person through a control operation.
 * Every change gets a version, tells the calendar's channels, and comes up in the next incremental sync.
 */
import { isRecord } from '../../../src/platform/json.ts'
import { notifyWatchers } from '../push/notifications.ts'
import type { Calendar, EventFields, EventRecord } from '../state/calendar-records.ts'
import type { GoogleState } from '../state/state.ts'
import { resetAnswers } from './attendees.ts'
import { commit, shape, without } from './events.ts'

/** The fields that the organizer and all guests share. */
export const SHARED_PROPERTIES = ['summary', 'description', 'location', 'start', 'end', 'recurrence'] as const

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
  const revised = revise(calendar, before, shaped.fields)
  const updated = concernsRemindersOnly(before, revised) ? before.updated : state.now()
  const record = commit(calendar, { ...kept, ...shaped, fields: revised, order, cancelled: false, updated })
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

/** The number of revisions of an event, as in iCalendar. */
export const sequenceOf = ({ sequence }: EventFields): number => (typeof sequence === 'number' ? sequence : 0)

/** Counts a revision of the shared properties. Another start or rule asks the guests anew, and another length does not. */
function revise(calendar: Calendar, before: EventRecord, fields: EventFields): EventFields {
  const current = sequenceOf(before.fields)
  const revision = before.cancelled || differ(before.fields, fields, SHARED_PROPERTIES)
  const sequence = Math.max(sequenceOf(fields), current + (revision ? 1 : 0))
  const moved = differ(before.fields, fields, ['start', 'recurrence'])
  const asked = moved ? resetAnswers(before.fields, fields, calendar.id) : fields
  return sequence === 0 ? asked : { ...asked, sequence }
}

/** Whether any of the named fields differ. */
export const differ = (one: EventFields, other: EventFields, names: readonly string[]): boolean =>
  names.some((name) => JSON.stringify(one[name]) !== JSON.stringify(other[name]))

function concernsRemindersOnly(before: EventRecord, after: EventFields): boolean {
  if (before.cancelled || !differ(before.fields, after, ['reminders'])) return false
  const names = new Set([...Object.keys(before.fields), ...Object.keys(after)])
  names.delete('reminders')
  return !differ(before.fields, after, [...names])
}

const ID_LETTERS = 'abcdefghijklmnopqrstuv0123456789'

function freshId(state: GoogleState): string {
  let id = ''
  for (let i = 0; i < 20; i++) id += ID_LETTERS.charAt(Math.floor(state.random() * 32))
  state.counter += 1
  return `${id}${state.counter.toString(32)}`
}
