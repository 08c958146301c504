/**
 * The Calendar API v3 (docs/google-behaviour.md#calendar-api). What every Agent needs is requested here, the
 * rest in `events.ts`. A listing consists of all its pages or fails, and every page is requested with the same parameters, as sync
 * tokens require.
 */
import type { calendar_v3 } from 'googleapis/build/src/apis/calendar/index.js'
import type { Clock } from '../platform/clock.ts'
import { channelIn } from './channels.ts'
import { AnswerTooLargeError, ListingBudget, MAX_BYTES, type AnswerOwner } from './body-budget.ts'
import { bodyOf, GZIP, queryOf, sendToCalendar, type CalendarRequest } from './calendar-request.ts'
import { createEventsAPI, type EventsAPI } from './events.ts'
import { libraryOver } from './library.ts'
import { listPages, type PageAnswer } from './listing.ts'
import {
  GoogleError,
  type CalendarEntry,
  type EventsPage,
  type EventsRequest,
  type ListingEnd,
  type StopRequest,
  type WatchedChannel,
  type WatchRequest,
} from './port.ts'
import type { Transport } from './transport.ts'

/** What `createCalendarAPI` needs. */
interface CalendarDeps {
  transport: Transport
  clock: Clock
  /** The origin of the Calendar API. */
  apiUrl: string
}

/** The requests to the Calendar API. Each fails with a classified `GoogleError`. */
export interface CalendarAPI extends EventsAPI {
  calendar(accessToken: string, calendarId: string): Promise<CalendarEntry>
  events(listing: EventsListing, onPage: (page: EventsPage) => void): Promise<ListingEnd>
  watch(accessToken: string, request: WatchRequest): Promise<WatchedChannel>
  stopChannel(accessToken: string, request: StopRequest): Promise<void>
}

/** Wraps the request for one page, so that it is rate-limited and counted. */
export type WrapRequest = <T>(page: () => Promise<T>) => Promise<T>

/** One listing of events: what is requested, on whose behalf, and how each request is wrapped. */
interface EventsListing {
  accessToken: string
  owner: AnswerOwner
  request: EventsRequest
  wrap: WrapRequest
}

/** Google's ids are shorter than this. The id becomes the account in a status. */
const MAX_CALENDAR_ID_LENGTH = 1024

const TIMES = 'start,end,originalStartTime'
/**
 * The private properties say which events belong to Bookings, the etag says which of these have changed, and the time of the last
 * change says which of two versions is the later one.
 */
const OURS = 'etag,updated,extendedProperties/private'
const COMMON = `id,${OURS},status,transparency,eventType,recurringEventId,${TIMES}`
const fieldsOf = (items: string): string => `nextPageToken,nextSyncToken,timeZone,items(${COMMON},${items})`

type EventsParameters = Omit<calendar_v3.Params$Resource$Events$List, 'calendarId'>

/**
 * The parameters of every request, by detail; a sync token is valid only for the parameters of the listing that returned it. Most
 * calendars fit into one page, and a page fits into memory whoever wrote the events (docs/decisions/0111).
 */
const PARAMETERS = {
  Busy: {
    maxResults: 250,
    singleEvents: true,
    // Only the person's own response matters. If an event has more attendees, Google leaves out all others.
    maxAttendees: 1,
    fields: fieldsOf('attendees(self,responseStatus)'),
  },
  Full: {
    maxResults: 250,
    singleEvents: true,
    fields: fieldsOf('attendees(self,responseStatus,email,displayName),summary,description,location'),
  },
}

const EVERY_QUERY = {
  Busy: queryOf(PARAMETERS.Busy satisfies EventsParameters),
  Full: queryOf(PARAMETERS.Full satisfies EventsParameters),
}

/** Creates the API. Sends nothing. */
export function createCalendarAPI(deps: CalendarDeps): CalendarAPI {
  const send = sendToCalendar(deps.transport, deps.apiUrl)
  const listings = new ListingBudget(deps.clock)
  return {
    ...createEventsAPI(libraryOver(deps.transport, deps.apiUrl), deps.clock),
    async calendar(accessToken, calendarId) {
      const path = ['users', 'me', 'calendarList', calendarId]
      const query = queryOf({ fields: 'id,timeZone,accessRole,primary' })
      const answer = await send(accessToken, { method: 'GET', path, query })
      const entry: calendar_v3.Schema$CalendarListEntry = bodyOf(deps.clock, answer, false)
      const { id, timeZone, accessRole, primary } = entry
      if (typeof id !== 'string' || id === '' || id.length > MAX_CALENDAR_ID_LENGTH) {
        throw new GoogleError('Unknown', 'the calendar list answered an entry without a usable id', { status: 200 })
      }
      const optional = { timeZone: timeZone ?? undefined, accessRole: accessRole ?? undefined }
      return { id, ...optional, primary: primary ?? undefined }
    },
    events({ accessToken, owner, request, wrap }, onPage) {
      const incremental = 'syncToken' in request.from
      const ask = async (pageToken: string | undefined): Promise<PageAnswer> => {
        const answer = await send(accessToken, listingOf(request, owner, pageToken)).catch(tooLargePage)
        try {
          const body = bodyOf(deps.clock, answer, incremental)
          return { body, characters: answer.text.length, release: answer.release }
        } catch (error) {
          answer.release()
          throw error
        }
      }
      return listPages((pageToken) => wrap(() => ask(pageToken)), onPage, listings.lease(owner))
    },
    async watch(accessToken, { calendarId, channelId, token, address }) {
      const content: calendar_v3.Schema$Channel = { id: channelId, type: 'web_hook', address, token }
      const path = ['calendars', calendarId, 'events', 'watch']
      const answer = await send(accessToken, { method: 'POST', path, content })
      return channelIn(bodyOf(deps.clock, answer, false), deps.clock.now())
    },
    async stopChannel(accessToken, { channelId, resourceId }) {
      const content: calendar_v3.Schema$Channel = { id: channelId, resourceId }
      const answer = await send(accessToken, { method: 'POST', path: ['channels', 'stop'], content })
      // 404: it has ended already. 204: there is no body.
      if (![200, 204, 404].includes(answer.status)) bodyOf(deps.clock, answer, false)
    },
  }
}

/** Only this calendar of the account is too large; the account's other calendars are still read. */
function tooLargePage(error: unknown): never {
  if (!(error instanceof AnswerTooLargeError)) throw error
  throw new GoogleError('CalendarTooLarge', `one page of its events is larger than ${MAX_BYTES / 1024 / 1024} MiB`)
}

function listingOf(
  { calendarId, detail, from }: EventsRequest,
  owner: AnswerOwner,
  pageToken: string | undefined,
): CalendarRequest {
  const incremental = 'syncToken' in from
  const where = incremental
    ? { syncToken: from.syncToken }
    : { timeMin: new Date(from.window.start).toISOString(), timeMax: new Date(from.window.end).toISOString() }
  const query = `${EVERY_QUERY[detail]}&${queryOf({ ...where, pageToken } satisfies EventsParameters)}`
  // Most incremental answers are empty, and unpacking them costs more than the bytes that it saves.
  const headers = incremental ? {} : GZIP
  return { method: 'GET', path: ['calendars', calendarId, 'events'], query, headers, owner }
}
