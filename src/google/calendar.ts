/**
 * The Calendar API (v3): requests built and typed by the googleapis library, sent over our own transport. A listing is all
 * pages or nothing, and every page asks with the same parameters, as sync tokens demand.
 */
import { calendar, type calendar_v3 } from 'googleapis/build/src/apis/calendar/index.js'
import type { Clock } from '../platform/clock.ts'
import { classifyAPI } from './classify.ts'
import { listAll } from './listing.ts'
import { PersonalLimit } from './door.ts'
import { GoogleError, type CalendarEntry, type EventsListing, type EventsRequest } from './port.ts'
import { retryAfterMs } from './retry-after.ts'
import type { Answer, Transport } from './transport.ts'

export interface CalendarDeps {
  transport: Transport
  clock: Clock
  /** The origin of the Calendar API. */
  apiUrl: string
}

export interface CalendarAPI {
  calendar(accessToken: string, calendarId: string): Promise<CalendarEntry>
  /** `around` is called with each page, so that pacing and counting happen a request at a time. */
  events(
    accessToken: string,
    request: EventsRequest,
    around: <T>(page: () => Promise<T>) => Promise<T>,
  ): Promise<EventsListing>
}

const DEADLINE_MS = 30_000
const PAGE_SIZE = 2500

const TIMES = 'start,end,originalStartTime'
const COMMON = `id,status,transparency,eventType,recurringEventId,${TIMES}`
const fieldsOf = (items: string): string => `nextPageToken,nextSyncToken,timeZone,items(${COMMON},${items})`

/** What is the same in every request of one detail: a sync token is good for that only. */
const ALWAYS = {
  Busy: {
    maxResults: PAGE_SIZE,
    singleEvents: true,
    fields: fieldsOf('attendees(self,responseStatus)'),
  },
  Full: {
    maxResults: PAGE_SIZE,
    singleEvents: true,
    fields: fieldsOf('attendees(self,responseStatus,email,displayName),summary,description,location,updated'),
  },
}

export function createCalendarAPI(deps: CalendarDeps): CalendarAPI {
  const api = calendar({
    version: 'v3',
    rootUrl: `${deps.apiUrl}/`,
    retry: false,
    errorRedactor: false,
    validateStatus: () => true,
    // The pool is ours: the library need not look for a proxy of the environment.
    noProxy: [/./],
    adapter: adapterOver(deps.transport),
  })
  return {
    async calendar(accessToken, calendarId) {
      const fields = 'id,timeZone,accessRole,primary'
      const entry: calendar_v3.Schema$CalendarListEntry = await accepted(
        deps,
        api.calendarList.get({ calendarId, fields }, as(accessToken)),
        false,
      )
      const { id, timeZone, accessRole, primary } = entry
      if (typeof id !== 'string' || id === '') {
        throw new GoogleError('Unknown', 'the calendar list answered an entry without an id', { status: 200 })
      }
      const optional = { timeZone: timeZone ?? undefined, accessRole: accessRole ?? undefined }
      return { id, ...optional, primary: primary ?? undefined }
    },
    events(accessToken, request, around) {
      const incremental = 'syncToken' in request.from
      return listAll((pageToken) =>
        around(async () => {
          const response = api.events.list(parametersOf(request, pageToken), as(accessToken))
          return accepted(deps, response, incremental)
        }),
      )
    },
  }
}

const as = (accessToken: string): { headers: Record<string, string> } => ({
  headers: { authorization: `Bearer ${accessToken}` },
})

function parametersOf(
  { calendarId, detail, from }: EventsRequest,
  pageToken: string | undefined,
): calendar_v3.Params$Resource$Events$List {
  const where =
    'syncToken' in from
      ? { syncToken: from.syncToken }
      : { timeMin: new Date(from.window.start).toISOString(), timeMax: new Date(from.window.end).toISOString() }
  return { calendarId, ...ALWAYS[detail], ...where, ...(pageToken === undefined ? {} : { pageToken }) }
}

/** The body of a good answer: an object, with whatever in it. */
async function accepted(deps: CalendarDeps, response: Promise<unknown>, sentSyncToken: boolean): Promise<object> {
  const { status, headers, text } = await sent(response)
  const body = parse(text)
  if (status !== 200) {
    const { failure, reason, personal } = classifyAPI(status, body, sentSyncToken)
    const details = { status, retryAfterMs: retryAfterMs({ headers }, deps.clock.now()) }
    throw new (personal ? PersonalLimit : GoogleError)(failure, `${status} ${reason}`, details)
  }
  if (typeof body === 'object' && body !== null) return body
  // Half an answer, or a page of somebody in between.
  throw new GoogleError('Unreachable', '200 without a whole answer', { status })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The library wraps what the transport throws: what went wrong is ours to say. */
async function sent(response: Promise<unknown>): Promise<Answer> {
  try {
    return ((await response) as { data: Answer }).data
  } catch (error) {
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
      if (cause instanceof GoogleError) throw cause
    }
    throw new GoogleError('Unknown', 'the request could not be made')
  }
}

type Adapter = NonNullable<calendar_v3.Options['adapter']>

/** Sends what the library has built. All that it looks at in the response are status, headers and data: no `fetch` needed. */
function adapterOver(transport: Transport): Adapter {
  const send = async ({ url, headers, ...config }: Parameters<Adapter>[0]): Promise<unknown> => {
    const answer = await transport.send({
      url: new URL(url),
      method: 'GET',
      headers: Object.fromEntries(headers),
      deadlineMs: DEADLINE_MS,
    })
    return { config, status: answer.status, headers: {}, data: answer }
  }
  return send as Adapter
}
