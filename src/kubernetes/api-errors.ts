/**
 * What a request that failed tells its caller: which kind of failure, whether the server surely did not act on it, and a
 * message that can be shown. The API server's own message is not: a 422 repeats the whole object, Secrets and all. Pure.
 */
import type { Dispatcher } from 'undici'
import { errorCode } from '../platform/errors.ts'
import { isRecord, parseRecord } from '../platform/json.ts'
import { scrub } from '../platform/scrub.ts'
import { TooLargeBodyError } from './body.ts'
import { CredentialsError } from './credentials.ts'
import { denialOf } from './denial.ts'
import { ApiError, type ApiFailure } from './port.ts'
import { describeRequest, type ApiRequest } from './api-request.ts'

interface Status {
  kind?: string
  reason?: string
  message?: string
  causes: { field?: string; reason?: string }[]
}

/** The server did not act on this: a write may be sent again. */
class NotProcessedError extends ApiError {}

export const wasNotProcessed = (error: unknown): boolean => error instanceof NotProcessedError

/** From a response that is no success. `text` is its body. */
export function errorFromResponse(request: ApiRequest, response: Dispatcher.ResponseData, text: string): ApiError {
  const status = parseStatus(text)
  const code = response.statusCode
  const retryAfterMs = retryAfter(response)
  const denial = denialOf(status.message ?? '')
  const hint = denial ? [`(${denial.words})`] : hints(code, status)
  const message = [`${describeRequest(request)} answered ${code}`, status.reason, ...hint].filter(Boolean).join(' ')
  if (denial?.isVerdict) return new ApiError('Forbidden', message, { status: code, retryAfterMs })
  // 401 and 429, and 503 with a Retry-After, come from before the request was looked at.
  const untaken = code === 401 || code === 429 || (code === 503 && retryAfterMs !== undefined)
  const kind = untaken ? NotProcessedError : ApiError
  return new kind(failureOf(code, status), message, { status: code, retryAfterMs })
}

/** From anything that was thrown while a request was under way; an `ApiError` stays what it is. */
export function errorFromException(request: ApiRequest, error: unknown, signal: AbortSignal): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof TooLargeBodyError)
    return new ApiError('TooLarge', `${describeRequest(request)} answered ${error.message}`)
  const late: unknown = signal.aborted ? signal.reason : undefined
  const code = errorCode(error)
  const untaken = error instanceof CredentialsError || (code !== undefined && NEVER_SENT.includes(code))
  const message = `${describeRequest(request)} failed: ${late instanceof Error ? late.message : words(error, code)}`
  return new (untaken && !late ? NotProcessedError : ApiError)('Unreachable', message)
}

function words(error: unknown, code: string | undefined): string {
  if (error instanceof CredentialsError) return error.message
  if (error instanceof SyntaxError) return 'the answer is no JSON'
  return code ?? 'no answer'
}

/** There was no connection that the request could have gone over. */
const NEVER_SENT = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT']

function parseStatus(text: string): Status {
  const { kind, reason, message, details } = parseRecord(text) ?? {}
  const { causes } = asRecord(details)
  return {
    kind: asWord(kind),
    reason: asWord(reason),
    message: typeof message === 'string' ? message : undefined,
    causes: (Array.isArray(causes) ? causes : []).map(asRecord).map(({ field, reason: why }) => ({
      field: typeof field === 'string' ? scrub(field).slice(0, 200) : undefined,
      reason: asWord(why),
    })),
  }
}

const asRecord = (value: unknown): Record<string, unknown> => (isRecord(value) ? value : {})

const asWord = (value: unknown): string | undefined =>
  typeof value === 'string' && /^\w{1,64}$/.test(value) ? value : undefined

/** What in a Status helps a person and repeats no value: the fields that are wrong, the right that is missing. */
function hints(code: number, { kind, message = '', causes }: Status): string[] {
  if (code === 404 && kind !== 'Status')
    return ['(this API is not served: are the CustomResourceDefinitions installed?)']
  if (causes.length > 0) {
    const fields = causes.slice(0, 5).map(({ field, reason }) => [field, reason].filter(Boolean).join(': '))
    return [`(${fields.join('; ')})`]
  }
  const right = MISSING_RIGHT.exec(message)?.[0]
  return code === 403 && right ? [`(${scrub(right)})`] : []
}

const MISSING_RIGHT =
  /cannot \w+ resource "[\w./-]*" in API group "[\w.-]*"(?: in the namespace "[\w.-]*"| at the cluster scope)?/

const BY_CODE: Record<number, ApiFailure> = {
  400: 'Invalid',
  403: 'Forbidden',
  409: 'Conflict',
  410: 'Gone',
  413: 'TooLarge',
  422: 'Invalid',
  429: 'Unreachable',
}

function failureOf(code: number, { kind, reason, message = '', causes }: Status): ApiFailure {
  if (reason === 'AlreadyExists') return 'AlreadyExists'
  // A 404 of something in between is no proof that the object is gone.
  if (code === 404) return kind === 'Status' && reason === 'NotFound' ? 'NotFound' : 'Unknown'
  if (isTooLarge(code, message, causes)) return 'TooLarge'
  return BY_CODE[code] ?? (code >= 500 ? 'Unreachable' : 'Unknown')
}

/** The API server has its own limit; etcd's comes out as a 500. */
const isTooLarge = (code: number, message: string, causes: Status['causes']): boolean =>
  (code === 500 && /request is too large|message larger than max/.test(message)) ||
  (code === 422 &&
    causes.some(({ field = '', reason }) => reason === 'FieldValueTooLong' && /^(|data|\[\])$/.test(field)))

/** Nobody who answers for the API server makes us stay away for longer. */
const LONGEST_RETRY_AFTER_MS = 60_000

/** Whole seconds, as the API server has it. */
function retryAfter({ headers }: Dispatcher.ResponseData): number | undefined {
  const value = headers['retry-after']
  if (typeof value !== 'string' || !/^\d+$/.test(value)) return undefined
  return Math.min(Number(value) * 1000, LONGEST_RETRY_AFTER_MS)
}
