/**
 * The Calendar API (v3): requests built and typed by the googleapis library, sent over our own transport. A listing is all
 * pages or nothing, and every page asks with the same parameters, as sync tokens demand.
 */
import { calendar, type calendar_v3 } from 'googleapis/build/src/apis/calendar/index.js'
import type { Clock } from '../platform/clock.ts'
import { classifyAPI, type Refusal } from './classify.ts'
import { GoogleError, type CalendarEntry, type EventsListing, type EventsRequest, type GoogleEvent } from './port.ts'
import { retryAfterMs } from './retry-after.ts'
import type { Transport } from './transport.ts'

export interface CalendarDeps {
  transport: Transport
  clock: Clock
  /** The origin of the Calendar API. */
  apiUrl: string
}

/** A refusal with what the gate needs to know of it. */
export class CalendarRefusal extends GoogleError {
  readonly personal: boolean

  constructor(refusal: Refusal, status: number, retryAfter: number | undefined) {
    super(refusal.failure, `${status} ${refusal.reason}`, { status, retryAfterMs: retryAfter })
    this.personal = refusal.personal === true
  }
}

export interface CalendarAPI {
  calendar(accessToken: string, calendarId: string): Promise<CalendarEntry>
  /** One page; `around` is called for each so that pacing and counting happen a request at a time. */
  events(
    accessToken: string,
    request: EventsRequest,
    around: <T>(page: () => Promise<T>) => Promise<T>,
  ): Promise<EventsListing>
}

const DEADLINE_MS = 30_000
const PAGE_SIZE = 2500
const MOST_PAGES = 1000

const TIMES = 'start,end,originalStartTime'
const FIELDS = {
  Busy: `nextPageToken,nextSyncToken,timeZone,items(id,status,transparency,eventType,recurringEventId,${TIMES},attendees(self,responseStatus))`,
  Full: `nextPageToken,nextSyncToken,timeZone,items(id,status,transparency,eventType,recurringEventId,${TIMES},attendees(self,responseStatus,email,displayName),summary,description,location,updated)`,
}

export function createCalendarAPI(deps: CalendarDeps): CalendarAPI {
  const api = calendar({
    version: 'v3',
    rootUrl: `${deps.apiUrl}/`,
    retry: false,
    validateStatus: () => true,
    fetchImplementation: fetchOver(deps.transport),
  })
  const as = (accessToken: string): { headers: Record<string, string> } => ({
    headers: { authorization: `Bearer ${accessToken}` },
  })
  return {
    async calendar(accessToken, calendarId) {
      const fields = 'id,timeZone,accessRole,primary'
      const response = await sent(api.calendarList.get({ calendarId, fields }, as(accessToken)))
      const { id, timeZone, accessRole, primary } = accepted<calendar_v3.Schema$CalendarListEntry>(
        deps,
        response,
        false,
      )
      if (!id) throw new GoogleError('Unknown', 'the calendar list answered an entry without an id')
      const optional = { timeZone: timeZone ?? undefined, accessRole: accessRole ?? undefined }
      return { id, ...optional, primary: primary ?? undefined }
    },
    events: (accessToken, request, around) =>
      listAll(request, (pageToken) =>
        around(async () => {
          const response = await sent(api.events.list(parametersOf(request, pageToken), as(accessToken)))
          return accepted<calendar_v3.Schema$Events>(deps, response, 'syncToken' in request.from)
        }),
      ),
  }
}

function parametersOf(
  { calendarId, detail, from }: EventsRequest,
  pageToken: string | undefined,
): calendar_v3.Params$Resource$Events$List {
  const always = { calendarId, maxResults: PAGE_SIZE, singleEvents: true, fields: FIELDS[detail] }
  const where =
    'syncToken' in from
      ? { syncToken: from.syncToken }
      : { timeMin: new Date(from.window.start).toISOString(), timeMax: new Date(from.window.end).toISOString() }
  return { ...always, ...where, ...(pageToken === undefined ? {} : { pageToken }) }
}

/** Pages may be short or empty: only a missing token ends the list, and one that comes again never would. */
async function listAll(
  request: EventsRequest,
  page: (token: string | undefined) => Promise<calendar_v3.Schema$Events>,
): Promise<EventsListing> {
  const events: GoogleEvent[] = []
  const seen = new Set<string>()
  let token: string | undefined
  let timeZone: string | undefined
  for (;;) {
    const answer = await page(token)
    events.push(...(answer.items ?? []))
    timeZone = answer.timeZone ?? timeZone
    token = answer.nextPageToken ?? undefined
    if (token === undefined) {
      return { events, nextSyncToken: answer.nextSyncToken ?? undefined, timeZone: timeZone ?? 'UTC' }
    }
    if (seen.has(token) || seen.size >= MOST_PAGES) {
      const what = 'syncToken' in request.from ? 'changes' : 'events'
      throw new GoogleError('Unknown', `the list of ${what} does not come to an end`)
    }
    seen.add(token)
  }
}

interface LibraryResponse {
  status: number
  data: unknown
  /** The library gives either, whichever way the answer went. */
  headers: Headers | Record<string, string | undefined>
}

/** The library wraps what the transport throws: what went wrong is ours to say. */
async function sent(response: Promise<unknown>): Promise<LibraryResponse> {
  try {
    return (await response) as LibraryResponse
  } catch (error) {
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
      if (cause instanceof GoogleError) throw cause
    }
    throw new GoogleError('Unknown', 'the answer could not be read')
  }
}

function accepted<T>({ clock }: CalendarDeps, { status, data, headers }: LibraryResponse, sentSyncToken: boolean): T {
  if (status === 200 && typeof data === 'object' && data !== null) return data as T
  // Half an answer, or a page of somebody in between.
  if (status === 200) throw new GoogleError('Unreachable', '200 without a whole answer', { status })
  const asked = headers instanceof Headers ? headers.get('retry-after') : headers['retry-after']
  const retryAfter = retryAfterMs({ headers: { 'retry-after': asked ?? undefined } }, clock.now())
  throw new CalendarRefusal(classifyAPI(status, data, sentSyncToken), status, retryAfter)
}

/** As much of `fetch` as the library uses. */
function fetchOver(transport: Transport): typeof fetch {
  return async (input, init) => {
    const headers: Record<string, string> = {}
    new Headers(init?.headers).forEach((value, name) => {
      headers[name] = value
    })
    const url = new URL(input instanceof Request ? input.url : input)
    const answer = await transport.send({ url, method: init?.method ?? 'GET', headers, deadlineMs: DEADLINE_MS })
    const known = Object.entries(answer.headers).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    )
    const body = [204, 205, 304].includes(answer.status) ? null : answer.text
    return new Response(body, { status: answer.status, headers: known })
  }
}
