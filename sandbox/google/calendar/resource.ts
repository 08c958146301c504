/** Renders events as the API shows them to an account, with at most so many attendees. */
import { atLeast, type View } from '../state/calendars.ts'
import { type Attendee, attendeesOf, sameAddress } from './attendees.ts'
import { etagOf } from './events.ts'
import { EVENT_FIELDS } from './fields.ts'
import type { EventRecord } from '../state/calendar-records.ts'

/** How events are shown. */
export interface RenderOptions {
  maxAttendees?: number | undefined
  /** The requested fields. Others are not computed. */
  names?: readonly string[]
}

type Resource = Record<string, unknown>

/** Renders an event. A cancelled one has only the fields that Google guarantees. */
export function resourceOf(view: View, record: EventRecord, options: RenderOptions = {}): Resource {
  if (record.cancelled) return tombstone(record)
  if (hidesDetail(view, record)) return busyOnly(record)
  const resource: Resource = {}
  for (const name of options.names ?? ALL) {
    const value = valueOf(view, record, name)
    if (value !== undefined) resource[name] = value
  }
  if (record.series) Object.assign(resource, seriesOf(record))
  if (Array.isArray(resource.attendees)) addAttendees(resource, { view, record }, options)
  return resource
}

/** The value of a field: stored, computed, or the default. */
const COMPUTED: Record<string, (record: EventRecord, view: View) => unknown> = {
  kind: () => 'calendar#event',
  etag: (record) => etagOf(record),
  id: (record) => record.id,
  status: () => 'confirmed',
  htmlLink: (record) => `https://www.google.com/calendar/event?eid=${record.id}`,
  created: (record) => new Date(record.created).toISOString(),
  updated: (record) => new Date(record.updated).toISOString(),
  iCalUID: (record) => `${record.series?.master ?? record.id}@google.com`,
  sequence: () => 0,
  reminders: () => ({ useDefault: true }),
  eventType: () => 'default',
}

const ALL: readonly string[] = [...EVENT_FIELDS]

const valueOf = (view: View, record: EventRecord, name: string): unknown =>
  PEOPLE[name]?.(record, view) ?? record.fields[name] ?? COMPUTED[name]?.(record, view)

/** The creator and the organizer. A control operation may have written an organizer, for an invitation. */
const PEOPLE: Record<string, (record: EventRecord, view: View) => unknown> = {
  creator: ({ fields }, view) => person(view, fields.creator ?? { email: view.calendar.owner }),
  organizer: ({ fields }, view) => person(view, fields.organizer ?? { email: view.calendar.id }),
}

function tombstone(record: EventRecord): Resource {
  return { id: record.id, status: 'cancelled', ...seriesOf(record) }
}

function seriesOf({ series }: EventRecord): Resource {
  return series ? { recurringEventId: series.master, originalStartTime: series.original } : {}
}

/** Whether details are hidden: from accounts that may see free/busy only, and in private events of others. */
function hidesDetail(view: View, record: EventRecord): boolean {
  if (view.role === 'freeBusyReader') return true
  if (record.fields.visibility !== 'private' && record.fields.visibility !== 'confidential') return false
  return !atLeast(view.role, 'writer')
}

function busyOnly(record: EventRecord): Resource {
  const { start, end, transparency, recurrence } = record.fields
  const resource: Resource = {
    kind: 'calendar#event',
    etag: etagOf(record),
    id: record.id,
    status: record.fields.status ?? 'confirmed',
    visibility: 'private',
    start,
    end,
    ...(transparency === undefined ? {} : { transparency }),
    ...(recurrence === undefined ? {} : { recurrence }),
    ...seriesOf(record),
  }
  return resource
}

/** Adds the attendees. If there are more than requested, it adds only the person's own entry, and says that others are omitted. */
function addAttendees(
  resource: Resource,
  { view, record }: { view: View; record: EventRecord },
  options: RenderOptions,
): void {
  const organizer = (record.fields.organizer as { email?: string } | undefined)?.email ?? view.calendar.id
  const attendees = attendeesOf(resource)
  const most = options.maxAttendees
  const tooMany = most !== undefined && attendees.length > most
  const shown = tooMany ? attendees.filter((attendee) => isSelf(attendee, view)) : attendees
  resource.attendees = shown.map((attendee) => mark(attendee, view, organizer))
  if (tooMany) resource.attendeesOmitted = true
}

function mark(attendee: Attendee, view: View, organizer: string): Attendee {
  return {
    responseStatus: 'needsAction',
    ...attendee,
    ...(sameAddress(attendee.email, organizer) ? { organizer: true } : {}),
    ...(isSelf(attendee, view) ? { self: true } : {}),
  }
}

const isSelf = ({ email }: Attendee, view: View): boolean => sameAddress(email, view.calendar.id)

function person(view: View, written: unknown): Resource {
  const known = written as { email?: string }
  return sameAddress(known.email, view.calendar.id) ? { ...known, self: true } : known
}
