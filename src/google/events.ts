/**
 * Requests about one event: read, insert, patch, delete (docs/google-behaviour.md#writing-events). None is repeated here: whether a
 * write whose answer was lost may be sent again is for the caller to decide.
 */
import type { calendar_v3 } from 'googleapis/build/src/apis/calendar/index.js'
import type { Clock } from '../platform/clock.ts'
import { isRecord, parseRecord } from '../platform/json.ts'
import { bodyOf, errorOf } from './calendar-request.ts'
import { classifyWrite, isDuplicate } from './classify.ts'
import { as, sent } from './library.ts'
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

/** Creates the requests. Sends nothing. @param library loads what builds them. */
export function createEventsAPI(
  library: () => Promise<calendar_v3.Resource$Events>,
  clock: Pick<Clock, 'now'>,
): EventsAPI {
  return {
    async event(accessToken, { calendarId, eventId }) {
      const events = await library()
      const answer = await sent(events.get({ calendarId, eventId, fields: FIELDS }, as(accessToken)))
      if (answer.status === 404 || answer.status === 410) return undefined
      return storedEvent(bodyOf(clock, answer, false))
    },
    async insertEvent(accessToken, { calendarId, event, sendUpdates }) {
      const events = await library()
      const parameters = { calendarId, sendUpdates, requestBody: event, fields: FIELDS, ...CONFERENCES }
      const answer = await sent(events.insert(parameters, as(accessToken)))
      if (answer.status === 409 && isDuplicate(parseRecord(answer.text))) return { kind: 'duplicate' }
      return { kind: 'created', event: written(clock, answer) }
    },
    async patchEvent(accessToken, { calendarId, eventId, fields: requestBody, etag, sendUpdates }) {
      const events = await library()
      const parameters = { calendarId, eventId, sendUpdates, requestBody, fields: FIELDS, ...CONFERENCES }
      const { headers } = as(accessToken)
      const answer = await sent(events.patch(parameters, { headers: { ...headers, 'if-match': etag } }))
      if (answer.status === 412) return { kind: 'changed' }
      if (answer.status === 404 || answer.status === 410) return { kind: 'gone' }
      return { kind: 'patched', event: written(clock, answer) }
    },
    async deleteEvent(accessToken, { calendarId, eventId, sendUpdates }) {
      const events = await library()
      const answer = await sent(events.delete({ calendarId, eventId, sendUpdates }, as(accessToken)))
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
