/** Reads an event of a Booking as Google returned it. Pure. */
import { toInterval } from '../calendar/busy.ts'
import { compactEvent } from '../calendar/compact-event.ts'
import { BOOKING_PROPERTY, parseEventResource } from '../calendar/event-resource.ts'
import type { Interval } from '../calendar/interval.ts'
import type { Zones } from '../calendar/zones.ts'
import type { StoredEvent } from '../google/port.ts'
import { isRecord } from '../platform/json.ts'
import type { BookingStatus } from '../resources/types.ts'
import { appliedIn, type Applied } from './applied.ts'

/** A guest of an event, as Google sent it. */
export interface Guest {
  readonly email: string
  readonly response: Answer
  readonly optional: boolean
  /** The owner of the calendar or the organizer: never a guest of a spec's. */
  readonly isOwn: boolean
  /** All of it, to be sent back unchanged. */
  readonly resource: Readonly<Record<string, unknown>>
}

type Answer = NonNullable<NonNullable<BookingStatus['attendees']>[number]['response']>

/** An event that is not cancelled. */
export interface BookedEvent {
  readonly id: string
  readonly etag: string
  /** The uid of the Booking that it was written for. */
  readonly booking: string | undefined
  readonly applied: Applied
  /** Undefined if its time cannot be understood. */
  readonly time: Interval | undefined
  readonly isAllDay: boolean
  /** Somebody made a series of it: which of its instances is the appointment is not known. */
  readonly isRecurring: boolean
  /** The time zones that its start and its end name, if they do. */
  readonly timeZones: readonly string[]
  readonly iCalUID: string | undefined
  readonly url: string | undefined
  readonly title: string
  readonly description: string
  readonly location: string
  readonly visibility: string
  readonly guests: readonly Guest[]
  readonly conference: BookingStatus['conference']
  /** Another program's conference counts, too. */
  readonly hasConference: boolean
}

/** What reading an event depends on. */
interface EventContext {
  zones: Zones
  /** The calendar's own time zone, in which the dates of an all-day event are read. */
  timeZone: string
}

const nonEmptyText = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined
const recordOf = (value: unknown): Record<string, unknown> => (isRecord(value) ? value : {})

const propertiesIn = (resource: StoredEvent['resource']): Record<string, unknown> =>
  recordOf(recordOf(resource.extendedProperties).private)

/** The uid of the Booking that an event was written for. */
export const bookingOf = ({ resource }: Pick<StoredEvent, 'resource'>): string | undefined =>
  nonEmptyText(propertiesIn(resource)[BOOKING_PROPERTY])

/** Whether an event is a series. */
export const isRecurring = ({ resource: { recurrence } }: Pick<StoredEvent, 'resource'>): boolean =>
  Array.isArray(recurrence) && recurrence.length > 0

/** Reads an event that is not cancelled. */
export function bookedEvent({ id, etag, resource }: StoredEvent, context: EventContext): BookedEvent {
  const properties = propertiesIn(resource)
  return {
    ...{ id, etag, applied: appliedIn(properties), time: timeOf(resource, context) },
    booking: bookingOf({ resource }),
    isAllDay: nonEmptyText(recordOf(resource.start).date) !== undefined,
    isRecurring: isRecurring({ resource }),
    timeZones: [resource.start, resource.end].flatMap((time) => nonEmptyText(recordOf(time).timeZone) ?? []),
    iCalUID: nonEmptyText(resource.iCalUID),
    url: nonEmptyText(resource.htmlLink),
    title: nonEmptyText(resource.summary) ?? '',
    description: nonEmptyText(resource.description) ?? '',
    location: nonEmptyText(resource.location) ?? '',
    visibility: nonEmptyText(resource.visibility) ?? 'default',
    guests: (Array.isArray(resource.attendees) ? resource.attendees : []).flatMap((one: unknown) => guestOf(one)),
    ...conferenceOf(resource),
  }
}

function timeOf(resource: StoredEvent['resource'], { zones, timeZone }: EventContext): Interval | undefined {
  const parsed = parseEventResource(resource)
  const result = parsed && compactEvent(parsed, 'any', { detail: 'Busy', zones, timeZone })
  return result && !result.doubtful ? toInterval(result.compact, timeZone, zones) : undefined
}

const ANSWERS: Record<string, Answer> = { accepted: 'Accepted', declined: 'Declined', tentative: 'Tentative' }

function guestOf(one: unknown): Guest[] {
  const resource = recordOf(one)
  const email = nonEmptyText(resource.email)
  if (email === undefined) return []
  const isOwn = resource.self === true || resource.organizer === true
  const response = ANSWERS[String(resource.responseStatus)] ?? 'NeedsAction'
  return [{ email, response, optional: resource.optional === true, isOwn, resource }]
}

function conferenceOf({
  conferenceData,
  hangoutLink,
}: StoredEvent['resource']): Pick<BookedEvent, 'conference' | 'hasConference'> {
  const data = recordOf(conferenceData)
  const request = recordOf(data.createRequest)
  const entries = (Array.isArray(data.entryPoints) ? data.entryPoints : []).map(recordOf)
  const video = entries.find(({ entryPointType }) => entryPointType === 'video')
  const url = nonEmptyText(hangoutLink) ?? nonEmptyText(video?.uri)
  const hasConference = url !== undefined || Object.keys(data).length > 0
  if (url !== undefined) return { hasConference, conference: { state: 'Ready', url } }
  if (!hasConference) return { hasConference, conference: undefined }
  const hasFailed = recordOf(request.status).statusCode === 'failure'
  return { hasConference, conference: { state: hasFailed ? 'Failed' : 'Pending' } }
}
