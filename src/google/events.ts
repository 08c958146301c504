/**
 * Requests about one event: read, insert, patch, delete (docs/google-behaviour.md#writing-events). None is repeated here: whether a
 * write whose answer was lost may be sent again is for the caller to decide.
 */
import type { calendar_v3 } from 'googleapis/build/src/apis/calendar/index.js'
import type { Clock } from '../platform/clock.ts'
import { isRecord, parseRecord } from '../platform/json.ts'
import { bodyOf, errorOf, GZIP, type SendToCalendar } from './calendar-request.ts'
import { classifyWrite, isDuplicate } from './classify.ts'
import { isWithinBounds } from './json-bounds.ts'
import { GoogleError, type GoogleClient, type StoredEvent } from './port.ts'
import type { Answer } from './transport.ts'

type WithoutOptions<F> = F extends (accessToken: string, request: infer R, ...rest: never[]) => infer A
  ? (accessToken: string, request: R) => A
  : never

/** The requests about one event. */
export type EventsAPI = {
  [M in 'event' | 'insertEvent' | 'patchEvent' | 'deleteEvent']: WithoutOptions<GoogleClient[M]>
}

/** What is requested of an event: all that a Booking is compared with, and all that a listing has. */
const FIELDS = [
  'id,etag,updated,status,htmlLink,iCalUID,start,end,originalStartTime,recurrence,recurringEventId,transparency,eventType',
  'summary,description,location,visibility,attendees,attendeesOmitted,extendedProperties/private,hangoutLink',
  'conferenceData',
].join(',')

/** Google accepts and returns conferences only with this. */
const CONFERENCES = { conferenceDataVersion: 1 } as const

/** The parameters of a request, without the body and what is part of the path. */
type Query<P> = Omit<P, 'calendarId' | 'eventId' | 'requestBody'>

const eventsOf = (calendarId: string): string[] => ['calendars', calendarId, 'events']

/** Creates the requests. Sends nothing. */
export function createEventsAPI(send: SendToCalendar, clock: Pick<Clock, 'now'>): EventsAPI {
  return {
    async event(accessToken, { calendarId, eventId }) {
      const query: Query<calendar_v3.Params$Resource$Events$Get> = { fields: FIELDS }
      const answer = await send(accessToken, { method: 'GET', path: [...eventsOf(calendarId), eventId], query })
      if (answer.status === 404 || answer.status === 410) return undefined
      return storedEvent(bodyOf(clock, answer, false))
    },
    async insertEvent(accessToken, { calendarId, event, sendUpdates }) {
      const query: Query<calendar_v3.Params$Resource$Events$Insert> = { sendUpdates, fields: FIELDS, ...CONFERENCES }
      const content: calendar_v3.Schema$Event = event
      const answer = await send(accessToken, { method: 'POST', path: eventsOf(calendarId), query, content })
      if (answer.status === 409 && isDuplicate(parseRecord(answer.text))) return { kind: 'duplicate' }
      return { kind: 'created', event: written(clock, answer) }
    },
    async patchEvent(accessToken, { calendarId, eventId, fields, etag, sendUpdates }) {
      const query: Query<calendar_v3.Params$Resource$Events$Patch> = { sendUpdates, fields: FIELDS, ...CONFERENCES }
      const content: calendar_v3.Schema$Event = fields
      const path = [...eventsOf(calendarId), eventId]
      const headers = { ...GZIP, 'if-match': etag }
      const answer = await send(accessToken, { method: 'PATCH', path, query, content, headers })
      if (answer.status === 412) return { kind: 'changed' }
      if (answer.status === 404 || answer.status === 410) return { kind: 'gone' }
      return { kind: 'patched', event: written(clock, answer) }
    },
    async deleteEvent(accessToken, { calendarId, eventId, sendUpdates }) {
      const query: Query<calendar_v3.Params$Resource$Events$Delete> = { sendUpdates }
      const answer = await send(accessToken, { method: 'DELETE', path: [...eventsOf(calendarId), eventId], query })
      if (![200, 204, 404, 410].includes(answer.status)) throw writeError(clock, answer)
    },
  }
}

/** The event that a write returned. @throws GoogleError also for an answer that is no event: the write may have been carried out. */
function written(clock: Pick<Clock, 'now'>, answer: Answer): StoredEvent {
  if (answer.status !== 200) throw writeError(clock, answer)
  return storedEvent(bodyOf(clock, answer, false))
}

function writeError(clock: Pick<Clock, 'now'>, answer: Answer): GoogleError {
  const { status, text } = answer
  if (!isWithinBounds(text))
    return new GoogleError('Unknown', 'the answer is larger than any that Google gives', { status })
  return errorOf(clock, answer, classifyWrite(status, parseRecord(text)))
}

function storedEvent(body: object): StoredEvent {
  const resource = isRecord(body) ? body : {}
  const { id, etag, status } = resource
  if (typeof id !== 'string' || id === '' || typeof etag !== 'string' || etag === '') {
    throw new GoogleError('Unreachable', '200 with an incomplete event', { status: 200 })
  }
  return { id, etag, isCancelled: status === 'cancelled', resource }
}
