/**
 * One request to the API server, as raw JSON: with a deadline, tried again where that is safe, and refused with an
 * `ApiError` whose message can be shown. Reads are tried again after any failure that may pass; a write only where the
 * server said that it did not take it.
 */
import type { Dispatcher } from 'undici'
import { sleep, type Clock, type Random } from '../platform/clock.ts'
import type { Connection } from './connection.ts'
import { ApiError, type ApiFailure } from './port.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface ApiRequest {
  method: Method
  /** Below the API's base path, with its query. */
  path: string
  body?: unknown
  /** `application/json` where nothing is said. */
  contentType?: string
  accept?: string
}

export interface RequestDeps {
  connection: Connection
  clock: Clock
  random: Random
  /** Called once a try; `code` is the HTTP status, or `error`. */
  observe?: (method: Method, code: string, host: string) => void
}

export type SendRequest = <T>(request: ApiRequest, signal?: AbortSignal) => Promise<T>

const DEADLINE_MS = 30_000
const TRIES = 4
const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 10_000

export function createRequest(deps: RequestDeps): SendRequest {
  return async <T>(request: ApiRequest, signal?: AbortSignal): Promise<T> => {
    for (let tried = 1; ; tried++) {
      try {
        return await sendOnce<T>(deps, request, signal)
      } catch (error) {
        if (!(error instanceof ApiError) || tried >= TRIES || !mayRetry(request, error) || signal?.aborted) throw error
        const pause = FIRST_PAUSE_MS * 2 ** tried * (0.5 + deps.random())
        if ((error.retryAfterMs ?? 0) > LONGEST_PAUSE_MS) throw error
        await sleep(deps.clock, Math.max(pause, error.retryAfterMs ?? 0), signal)
      }
    }
  }
}

/** 429, and 503 with a Retry-After, come from before the request was looked at. */
function mayRetry({ method }: ApiRequest, error: ApiError): boolean {
  const turnedAway = error.status === 429 || (error.status === 503 && error.retryAfterMs !== undefined)
  return turnedAway || (method === 'GET' && error.failure === 'Unreachable')
}

async function sendOnce<T>(deps: RequestDeps, request: ApiRequest, signal: AbortSignal | undefined): Promise<T> {
  const { clock } = deps
  const abort = new AbortController()
  const cancel = clock.setTimer(DEADLINE_MS, () => abort.abort())
  const stop = (): void => abort.abort()
  signal?.addEventListener('abort', stop)
  try {
    const response = await open(deps, request, abort.signal)
    const text = await response.body.text()
    if (response.statusCode >= 300) throw apiError(request, response, text)
    return (text === '' ? undefined : JSON.parse(text)) as T
  } catch (error) {
    throw error instanceof ApiError ? error : unreachable(request, error, abort.signal.aborted)
  } finally {
    cancel()
    signal?.removeEventListener('abort', stop)
  }
}

/** Sends it and answers with the head of the response; its body is still to come. */
export async function open(
  { connection, observe }: RequestDeps,
  { method, path, body, contentType = 'application/json', accept = 'application/json' }: ApiRequest,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  const host = new URL(connection.origin).host
  try {
    const { dispatcher, headers } = await connection.access()
    const response = await dispatcher.request({
      origin: connection.origin,
      path: connection.basePath + path,
      method,
      signal,
      headers: { ...headers, accept, ...(body === undefined ? {} : { 'content-type': contentType }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
    observe?.(method, String(response.statusCode), host)
    return response
  } catch (error) {
    observe?.(method, 'error', host)
    throw error
  }
}

interface Status {
  reason?: string
  details?: { name?: string; kind?: string; causes?: { field?: string; reason?: string }[] }
}

/** A refusal in words that hold no value: a 422 repeats the whole object, Secrets and all. */
export function apiError(request: ApiRequest, response: Dispatcher.ResponseData, text: string): ApiError {
  const status = parseStatus(text)
  const code = response.statusCode
  const fields = (status.details?.causes ?? []).map(({ field, reason }) => `${field ?? ''} ${reason ?? ''}`.trim())
  const about = fields.length > 0 ? `: ${fields.slice(0, 5).join(', ')}` : ''
  const message = `${request.method} ${pathOnly(request)} answered ${code} ${status.reason ?? ''}`.trim() + about
  return new ApiError(failureOf(code, status.reason), message, { status: code, retryAfterMs: retryAfter(response) })
}

export function unreachable(request: ApiRequest, error: unknown, late: boolean): ApiError {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'no answer'
  const why = late ? 'no answer in time' : code
  return new ApiError('Unreachable', `${request.method} ${pathOnly(request)} failed: ${why}`)
}

const pathOnly = ({ path }: ApiRequest): string => path.split('?')[0] ?? path

function parseStatus(text: string): Status {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? parsed : {}
  } catch {
    return {}
  }
}

const BY_CODE: Record<number, ApiFailure> = {
  400: 'Invalid',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Gone',
  413: 'TooLarge',
  422: 'Invalid',
  429: 'Unreachable',
}

function failureOf(code: number, reason: string | undefined): ApiFailure {
  if (reason === 'AlreadyExists') return 'AlreadyExists'
  return BY_CODE[code] ?? (code >= 500 ? 'Unreachable' : 'Unknown')
}

function retryAfter({ headers }: Dispatcher.ResponseData): number | undefined {
  const seconds = Number(headers['retry-after'])
  return Number.isFinite(seconds) ? seconds * 1000 : undefined
}
