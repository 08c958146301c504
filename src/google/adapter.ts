/**
 * Lets the googleapis library send its requests over our own transport, and reads the answers. The library renders URLs and bodies;
 * it neither retries nor interprets anything.
 */
import type { calendar_v3 } from 'googleapis/build/src/apis/calendar/index.js'
import type { Clock } from '../platform/clock.ts'
import { parseRecord } from '../platform/json.ts'
import type { AnswerOwner } from './body-budget.ts'
import { classifyAPI, type ClassifiedError } from './classify.ts'
import { PerUserLimitError } from './client-rate-limiter.ts'
import { isWithinBounds } from './json-bounds.ts'
import { GoogleError } from './port.ts'
import { retryAfterMs } from './retry-after.ts'
import type { Answer, Method, Transport } from './transport.ts'

/** The options that a request of the library passes to our adapter. */
export interface Options {
  headers: Record<string, string>
  owner?: AnswerOwner
}

/** The options of a request with this access token. */
export const as = (accessToken: string): Options => ({ headers: { authorization: `Bearer ${accessToken}` } })

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

/** Returns the transport's answer. The library wraps what the transport throws; this throws the original error. */
export async function sent(response: Promise<unknown>): Promise<Answer> {
  try {
    return ((await response) as { data: Answer }).data
  } catch (error) {
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
      if (cause instanceof GoogleError) throw cause
    }
    throw new GoogleError('Unknown', 'the request could not be made')
  }
}

/** The deadline of a request to the Calendar API. */
export const DEADLINE_MS = 30_000
const METHODS: readonly Method[] = ['GET', 'POST', 'PATCH', 'DELETE']

type Adapter = NonNullable<calendar_v3.Options['adapter']>

/** Sends the requests that the library builds. The library reads only status, headers and data of the response. */
export function adapterOver(transport: Transport): Adapter {
  const send = async ({ url, headers, ...config }: Parameters<Adapter>[0]): Promise<unknown> => {
    const { owner } = config as { owner?: AnswerOwner }
    const answer = await transport.send({
      url: new URL(url),
      method: METHODS.find((method) => method === config.method) ?? 'GET',
      headers: Object.fromEntries(headers),
      // The library has rendered it as JSON.
      body: typeof config.body === 'string' ? config.body : undefined,
      deadlineMs: DEADLINE_MS,
      owner,
    })
    return { config, status: answer.status, headers: {}, data: answer }
  }
  return send as Adapter
}
