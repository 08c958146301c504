/**
 * The Calendar API (v3): requests built and typed by the googleapis library, sent over our own transport. A listing is all
 * pages or nothing, and every page asks with the same parameters, as sync tokens demand.
 */
import { calendar, type calendar_v3 } from 'googleapis/build/src/apis/calendar/index.js'
import { parseRecord } from '../platform/json.ts'
import type { Clock } from '../platform/clock.ts'
import { classifyAPI } from './classify.ts'
import { AnswerTooLargeError, ListingBudget, MOST_BYTES, type AnswerOwner } from './body-budget.ts'
import { PerUserLimitError } from './client-rate-limiter.ts'
import { isWithinBounds } from './json-bounds.ts'
import { listPages, type PageAnswer } from './listing.ts'
import { GoogleError, type CalendarEntry, type EventsPage, type EventsRequest, type ListingEnd } from './port.ts'
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
  events(listing: ListingRequest, onPage: (page: EventsPage) => void): Promise<ListingEnd>
}

/** Wraps the request of one page, so that pacing and counting happen a request at a time. */
export type Around = <T>(page: () => Promise<T>) => Promise<T>

export interface ListingRequest {
  accessToken: string
  owner: AnswerOwner
  request: EventsRequest
  around: Around
}

const DEADLINE_MS = 30_000
/** No longer than any id of Google's: it becomes the account, and stands in a status. */
const LONGEST_CALENDAR_ID = 1024

const TIMES = 'start,end,originalStartTime'
const COMMON = `id,status,transparency,eventType,recurringEventId,${TIMES}`
const fieldsOf = (items: string): string => `nextPageToken,nextSyncToken,timeZone,items(${COMMON},${items})`

/**
 * What is the same in every request of one detail: a sync token is good for that only. Pages are as large as most calendars,
 * and small enough to be held in memory whoever wrote the events (docs/decisions/0111).
 */
const ALWAYS = {
  Busy: {
    maxResults: 250,
    singleEvents: true,
    // Of the guests only the person's own answer counts. Where there are more, Google leaves out all others.
    maxAttendees: 1,
    fields: fieldsOf('attendees(self,responseStatus)'),
  },
  Full: {
    maxResults: 250,
    singleEvents: true,
    fields: fieldsOf('attendees(self,responseStatus,email,displayName),summary,description,location'),
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
  const listings = new ListingBudget(deps.clock)
  return {
    async calendar(accessToken, calendarId) {
      const fields = 'id,timeZone,accessRole,primary'
      const response = api.calendarList.get({ calendarId, fields }, as(accessToken))
      const entry: calendar_v3.Schema$CalendarListEntry = bodyOf(deps, await sent(response), false)
      const { id, timeZone, accessRole, primary } = entry
      if (typeof id !== 'string' || id === '' || id.length > LONGEST_CALENDAR_ID) {
        throw new GoogleError('Unknown', 'the calendar list answered an entry without a usable id', { status: 200 })
      }
      const optional = { timeZone: timeZone ?? undefined, accessRole: accessRole ?? undefined }
      return { id, ...optional, primary: primary ?? undefined }
    },
    events({ accessToken, owner, request, around }, onPage) {
      const incremental = 'syncToken' in request.from
      const options: Options = { ...as(accessToken), owner }
      const ask = async (pageToken: string | undefined): Promise<PageAnswer> => {
        const answer = await sent(api.events.list(parametersOf(request, pageToken), options)).catch(tooLargePage)
        try {
          const body = bodyOf(deps, answer, incremental)
          return { body, characters: answer.text.length, release: answer.release }
        } catch (error) {
          answer.release()
          throw error
        }
      }
      return listPages((pageToken) => around(() => ask(pageToken)), onPage, listings.lease(owner))
    },
  }
}

/** Of an account's calendars a single one is too large, and the others go on. */
function tooLargePage(error: unknown): never {
  if (!(error instanceof AnswerTooLargeError)) throw error
  throw new GoogleError('CalendarTooLarge', `one page of its events is larger than ${MOST_BYTES / 1024 / 1024} MiB`)
}

/** What a request of the library takes along to our adapter. */
interface Options {
  headers: Record<string, string>
  owner?: AnswerOwner
}

const as = (accessToken: string): Options => ({ headers: { authorization: `Bearer ${accessToken}` } })

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
function bodyOf(deps: CalendarDeps, { status, headers, text }: Answer, sentSyncToken: boolean): object {
  if (!isWithinBounds(text))
    throw new GoogleError('Unknown', 'the answer holds more than any of Google’s does', { status })
  const body = parseRecord(text)
  if (status !== 200) {
    const { failure, reason, personal } = classifyAPI(status, body, sentSyncToken)
    const details = { status, retryAfterMs: retryAfterMs({ headers }, deps.clock.now(), failure) }
    throw new (personal ? PerUserLimitError : GoogleError)(failure, `${status} ${reason}`, details)
  }
  if (body) return body
  // Half an answer, or a page of somebody in between.
  throw new GoogleError('Unreachable', '200 without a whole answer', { status })
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
    const { owner } = config as { owner?: AnswerOwner }
    const answer = await transport.send({
      url: new URL(url),
      method: 'GET',
      headers: Object.fromEntries(headers),
      deadlineMs: DEADLINE_MS,
      owner,
    })
    return { config, status: answer.status, headers: {}, data: answer }
  }
  return send as Adapter
}
