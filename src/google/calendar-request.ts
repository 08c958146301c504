/**
 * Builds the requests to the Calendar API, and reads what all answers have in common. The googleapis library provides the types of
 * parameters and bodies; its code would need more memory and time than all of this room (docs/decisions/0282).
 */
import type { Clock } from '../platform/clock.ts'
import { parseRecord } from '../platform/json.ts'
import type { AnswerOwner } from './body-budget.ts'
import { classifyAPI, type ClassifiedError } from './classify.ts'
import { PerUserLimitError } from './client-rate-limiter.ts'
import { isWithinBounds } from './json-bounds.ts'
import { GoogleError } from './port.ts'
import { retryAfterMs } from './retry-after.ts'
import type { Answer, Transport } from './transport.ts'

/** One request to the Calendar API. */
export interface CalendarRequest {
  method: 'GET' | 'POST'
  /** The segments of the path below the API's root, not yet encoded. */
  path: readonly string[]
  /** The query, as `queryOf` renders it. */
  query?: string
  /** What the body contains, as JSON. */
  content?: object
  headers?: Record<string, string>
  /** The owner of the answer, if it may be large. */
  owner?: AnswerOwner
}

/** Sends a request with an access token. @throws GoogleError if there is no whole answer, whatever its status. */
type SendToCalendar = (accessToken: string, request: CalendarRequest) => Promise<Answer>

/** The deadline of a request to the Calendar API. */
export const DEADLINE_MS = 30_000
const ROOT = '/calendar/v3/'
/** Google compresses only for programs whose name says that they can read it. */
export const GZIP = { 'accept-encoding': 'gzip', 'user-agent': 'calendar-operator (gzip)' }

/** Returns what sends requests to the API at this origin. */
export function sendToCalendar(transport: Transport, origin: string): SendToCalendar {
  return (accessToken, { method, path, query, content, headers = GZIP, owner }) => {
    const authorization = `Bearer ${accessToken}`
    const url = { origin, pathname: ROOT + path.map(encoded).join('/'), search: query === undefined ? '' : `?${query}` }
    const common = { method, url, owner, deadlineMs: DEADLINE_MS }
    if (content === undefined) return transport.send({ ...common, headers: { authorization, ...headers } })
    const withType = { authorization, 'content-type': 'application/json', ...headers }
    return transport.send({ ...common, headers: withType, body: JSON.stringify(content) })
  }
}

/** The query with these parameters. Those without a value are left out. @throws GoogleError if a value cannot be sent. */
export function queryOf(parameters: object): string {
  let query = ''
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== null) query += `${query === '' ? '' : '&'}${name}=${encoded(String(value))}`
  }
  return query
}

/** @throws GoogleError for half of a surrogate pair: Google has no such id. */
function encoded(value: string): string {
  try {
    return encodeURIComponent(value)
  } catch {
    throw new GoogleError('Unknown', 'the request could not be made')
  }
}

/** Returns the body of a successful answer, an object whose fields are not checked. @throws GoogleError for any other answer. */
export function bodyOf(clock: Pick<Clock, 'now'>, answer: Answer, sentSyncToken: boolean): object {
  const { status, text } = answer
  if (!isWithinBounds(text))
    throw new GoogleError('Unknown', 'the answer is larger than any that Google gives', { status })
  const body = parseRecord(text)
  if (status !== 200) throw errorOf(clock, answer, classifyAPI(status, body, sentSyncToken))
  if (body) return body
  // A truncated answer, or the page of a proxy.
  throw new GoogleError('Unreachable', '200 with an incomplete answer', { status })
}

/** The error for an answer that was classified. */
export function errorOf(
  clock: Pick<Clock, 'now'>,
  { status, headers }: Answer,
  { failure, reason, personal }: ClassifiedError,
): GoogleError {
  const details = { status, retryAfterMs: retryAfterMs({ headers }, clock.now(), failure) }
  return new (personal ? PerUserLimitError : GoogleError)(failure, `${status} ${reason}`, details)
}
