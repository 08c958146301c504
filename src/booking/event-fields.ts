/** Renders a spec as the fields of an event, and finds what has to be changed in an event that stands. Pure. */
import { isSameZone } from '../calendar/zone-names.ts'
import type { EventFields, SendUpdates } from '../google/port.ts'
import type { Booking, BookingSpec } from '../resources/types.ts'
import { FIELDS, fieldHash, guestHash, propertiesOf, type Field } from './applied.ts'
import type { BookedEvent, Guest } from './booked-event.ts'

type SpecGuest = NonNullable<BookingSpec['attendees']>[number]

/** A Booking, and how often its event was made again. */
export interface Wanted {
  booking: Booking
  remade: number
}

/** The fields of a new event. */
export function newEvent(wanted: Wanted, id: string): EventFields & { id: string } {
  const { spec, metadata } = wanted.booking
  const { uid = '' } = metadata
  const { title, description, location, timeZone } = spec
  return {
    ...{ id, summary: title, description, location },
    start: { dateTime: spec.start, timeZone },
    end: { dateTime: spec.end, timeZone },
    visibility: spec.visibility.toLowerCase(),
    attendees: spec.attendees?.map((guest) => guestFields(guest)),
    ...(spec.conference === 'GoogleMeet' ? { conferenceData: conferenceRequest(wanted) } : {}),
    extendedProperties: { private: propertiesOf(uid, spec) },
  }
}

const guestFields = ({ email, name, optional }: SpecGuest): Record<string, unknown> => ({
  email,
  ...(name === undefined ? {} : { displayName: name }),
  optional,
})

/** Google ignores a request with an id that it has seen, so each generation of a spec has an id of its own. */
const conferenceRequest = ({ booking: { metadata }, remade }: Wanted): object => ({
  createRequest: {
    requestId: `${metadata.uid ?? ''}-${remade}-${metadata.generation ?? 0}`,
    conferenceSolutionKey: { type: 'hangoutsMeet' },
  },
})

/** Whom Google tells about a write. */
export const sendUpdatesOf = ({ notify }: BookingSpec): SendUpdates =>
  (({ None: 'none', ExternalOnly: 'externalOnly', All: 'all' }) as const)[notify]

/** The patch that brings an event to what the spec says; undefined if nothing has to be changed. */
export function patchFor(wanted: Wanted, event: BookedEvent): EventFields | undefined {
  const { spec, metadata } = wanted.booking
  const fields = FIELDS.filter((field) => hasToChange(spec, event, field))
  if (fields.length === 0) return undefined
  const parts = fields.map((field) => PATCHES[field](wanted, event))
  // Time and time zone are parts of the same fields.
  const times = parts.reduce<Record<'start' | 'end', object>>(
    (all, { start, end }) => ({
      start: { ...all.start, ...(start as object) },
      end: { ...all.end, ...(end as object) },
    }),
    { start: {}, end: {} },
  )
  const hasTimes = Object.keys(times.start).length > 0
  return {
    ...(Object.assign({}, ...parts) as EventFields),
    ...(hasTimes ? times : {}),
    extendedProperties: { private: propertiesOf(metadata.uid ?? '', spec) },
  }
}

/** The spec was changed since the last write, or somebody changed the event and the spec is enforced. */
function hasToChange(spec: BookingSpec, event: BookedEvent, field: Field): boolean {
  const { [field]: written } = event.applied.hashes
  if (written === fieldHash(spec, field))
    return spec.onExternalChange === 'Enforce' && !IS_AS_WANTED[field](spec, event)
  // Without a hash, it is unknown what was written.
  return written !== undefined || field === 'attendees' || !IS_AS_WANTED[field](spec, event)
}

const sameText = (one: string, other = ''): boolean => one.trim() === other.trim()

/** Whether the event has what the spec says. */
const IS_AS_WANTED: Record<Field, (spec: BookingSpec, event: BookedEvent) => boolean> = {
  time: (spec, { time }) => time?.start === Date.parse(spec.start) && time.end === Date.parse(spec.end),
  timeZone: ({ timeZone }, { timeZones }) =>
    timeZone === undefined || timeZones.every((one) => isSameZone(one, timeZone)),
  title: (spec, { title }) => sameText(title, spec.title),
  description: (spec, { description }) => sameText(description, spec.description),
  location: (spec, { location }) => sameText(location, spec.location),
  visibility: (spec, { visibility }) => visibility === spec.visibility.toLowerCase(),
  conference: (spec, { hasConference }) => hasConference === (spec.conference === 'GoogleMeet'),
  attendees: ({ attendees = [] }, { guests }) => {
    const others = guests.filter(({ isOwn, email }) => !isOwn || isIn(attendees, email))
    const isThere = (guest: SpecGuest): boolean =>
      others.some((one) => isGuest(one, guest) && one.optional === guest.optional)
    return others.length === attendees.length && attendees.every(isThere)
  },
}

const isGuest = ({ email }: { email: string }, other: { email: string }): boolean =>
  email.toLowerCase() === other.email.toLowerCase()

const isIn = (guests: readonly SpecGuest[], email: string): boolean => guests.some((guest) => isGuest(guest, { email }))

/** The fields of the patch. */
const PATCHES: Record<Field, (wanted: Wanted, event: BookedEvent) => Record<string, unknown>> = {
  time: ({ booking: { spec } }, { isAllDay }) => {
    const noDate = isAllDay ? { date: null } : {}
    return { start: { dateTime: spec.start, ...noDate }, end: { dateTime: spec.end, ...noDate } }
  },
  timeZone: ({ booking: { spec } }) => {
    const timeZone = spec.timeZone ?? null
    return { start: { timeZone }, end: { timeZone } }
  },
  title: ({ booking: { spec } }) => ({ summary: spec.title }),
  description: ({ booking: { spec } }) => ({ description: spec.description ?? null }),
  location: ({ booking: { spec } }) => ({ location: spec.location ?? null }),
  visibility: ({ booking: { spec } }) => ({ visibility: spec.visibility.toLowerCase() }),
  conference: (wanted) => ({
    conferenceData: wanted.booking.spec.conference === 'GoogleMeet' ? conferenceRequest(wanted) : null,
  }),
  attendees: ({ booking: { spec } }, event) => ({ attendees: guestsAfter(spec, event) }),
}

/**
 * The guests that the event is to have. A list replaces the one at Google, so it carries the answers. A guest who left the spec
 * goes; one whom somebody added at Google stays, unless the spec is enforced.
 */
function guestsAfter({ attendees = [], onExternalChange }: BookingSpec, { guests, applied }: BookedEvent): object[] {
  const wanted = attendees.map((guest) => {
    const known = guests.find((one) => isGuest(one, guest))
    return { ...known?.resource, ...guestFields(guest), ...(known ? { email: known.email } : {}) }
  })
  const stays = ({ email, isOwn }: Guest): boolean =>
    isOwn || (onExternalChange === 'Reflect' && !applied.guests.has(guestHash(email)))
  const others = guests.filter((guest) => !isIn(attendees, guest.email) && stays(guest))
  return [...others.map(({ resource }) => ({ ...resource })), ...wanted]
}
