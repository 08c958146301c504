/**
 * Converts a failed request into an `ApiError`: the kind of failure, whether the server certainly did not process the request, and a
 * message that can be shown. The API server's own message is not shown: a 422 repeats the whole object, even a Secret. Pure.
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

/** The server did not process the request: even a write may be sent again. */
class NotProcessedError extends ApiError {}

/** Whether the API server certainly did not process the request. */
export const wasNotProcessed = (error: unknown): boolean => error instanceof NotProcessedError

type ResponseHead = Pick<Dispatcher.ResponseData, 'statusCode' | 'headers'>

/** The error for a response that is not a success. `text` is its body. */
export function errorFromResponse(request: ApiRequest, response: ResponseHead, text: string): ApiError {
  const status = parseStatus(text)
  const code = response.statusCode
  const retryAfterMs = retryAfter(response)
  const denial = denialOf(status.message ?? '')
  const hint = denial ? [`(${denial.words})`] : hints(code, status)
  const message = [`${describeRequest(request)} answered ${code}`, status.reason, ...hint].filter(Boolean).join(' ')
  if (denial?.isVerdict) return new ApiError('Forbidden', message, { status: code, retryAfterMs })
  // 401 and 429, and 503 with Retry-After, are sent before the request is processed.
  const notProcessed = code === 401 || code === 429 || (code === 503 && retryAfterMs !== undefined)
  const kind = notProcessed ? NotProcessedError : ApiError
  return new kind(failureOf(code, status), message, { status: code, retryAfterMs })
}

/** The error for anything that was thrown during a request; an `ApiError` is returned unchanged. */
export function errorFromException(request: ApiRequest, error: unknown, signal: AbortSignal): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof TooLargeBodyError)
    return new ApiError('TooLarge', `${describeRequest(request)} answered ${error.message}`)
  const late: unknown = signal.aborted ? signal.reason : undefined
  const code = errorCode(error)
  const notProcessed = error instanceof CredentialsError || (code !== undefined && NEVER_SENT.includes(code))
  const message = `${describeRequest(request)} failed: ${late instanceof Error ? late.message : describeError(error, code)}`
  return new (notProcessed && !late ? NotProcessedError : ApiError)('Unreachable', message)
}

function describeError(error: unknown, code: string | undefined): string {
  if (error instanceof CredentialsError) return error.message
  if (error instanceof SyntaxError) return 'the answer is not JSON'
  return code ?? 'no answer'
}

/** Without a connection the request was never sent. */
const NEVER_SENT = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT']

function parseStatus(text: string): Status {
  const { kind, reason, message, details } = parseRecord(text) ?? {}
  const { causes } = asRecord(details)
  return {
    kind: asWord(kind),
    reason: asWord(reason),
    message: typeof message === 'string' ? message : undefined,
    causes: (Array.isArray(causes) ? causes : []).map(asRecord).map((cause) => ({
      field: typeof cause.field === 'string' ? scrub(cause.field).slice(0, 200) : undefined,
      reason: asWord(cause.reason),
    })),
  }
}

const asRecord = (value: unknown): Record<string, unknown> => (isRecord(value) ? value : {})

const asWord = (value: unknown): string | undefined =>
  typeof value === 'string' && /^\w{1,64}$/.test(value) ? value : undefined

/** The parts of a Status that help a person without repeating a value: the invalid fields, the missing permission. */
function hints(code: number, { kind, message = '', causes }: Status): string[] {
  if (code === 404 && kind !== 'Status')
    return ['(this API is not served: are the CustomResourceDefinitions installed?)']
  const fields = causes.map(({ field, reason }) => [field, reason].filter(Boolean).join(': ')).filter(Boolean)
  if (fields.length > 0) return [`(${fields.slice(0, 5).join('; ')})`]
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
  // A 404 from a proxy does not prove that the object is gone.
  if (code === 404) return kind === 'Status' && reason === 'NotFound' ? 'NotFound' : 'Unknown'
  if (isTooLarge(code, message, causes)) return 'TooLarge'
  return BY_CODE[code] ?? (code >= 500 ? 'Unreachable' : 'Unknown')
}

/** The API server has a limit of its own; etcd's limit shows as a 500. */
const isTooLarge = (code: number, message: string, causes: Status['causes']): boolean =>
  (code === 500 && /request is too large|message larger than max/.test(message)) ||
  (code === 422 &&
    causes.some(({ field = '', reason }) => reason === 'FieldValueTooLong' && /^(|data|\[\])$/.test(field)))

/** Longer waits are reduced to this. */
const MAX_RETRY_AFTER_MS = 60_000

/** Parses `Retry-After` in whole seconds, the form that the API server uses. */
function retryAfter({ headers }: ResponseHead): number | undefined {
  const value = headers['retry-after']
  if (typeof value !== 'string' || !/^\d+$/.test(value)) return undefined
  return Math.min(Number(value) * 1000, MAX_RETRY_AFTER_MS)
}
