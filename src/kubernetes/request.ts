/**
 * Sends one request to the API server as raw JSON, with a deadline, and retries it if that is safe. It fails with an `ApiError` whose
 * message can be shown. A read is retried after any transient failure, a write only if the server certainly did not process it.
 * A write whose response was lost fails as `Unreachable`: the caller reads the object again before it goes on.
 */
import type { Dispatcher } from 'undici'
import { sleep, type Clock, type Random } from '../platform/clock.ts'
import { Exchange, type WholeAnswer } from '../platform/http-exchange.ts'
import type { ApiHealth } from './api-health.ts'
import { describeRequest, type ApiRequest, type Method } from './api-request.ts'
import { assertBounded, TooLargeBodyError } from './body.ts'
import type { Access, Connection } from './connection.ts'
import { ApiError } from './port.ts'
import { errorFromException, errorFromResponse, wasNotProcessed } from './api-errors.ts'

export type { ApiRequest }

/** What requests to the API server need. */
export interface RequestDeps {
  connection: Connection
  clock: Clock
  random: Random
  /** Called after every attempt; `code` is the HTTP status, or `error`. */
  observe?: (method: Method, code: string, host: string) => void
  /** Records the result of every attempt. */
  health?: ApiHealth
}

/** Sends a request and resolves with the body; undefined if there is none. @throws ApiError, at once if `signal` aborts. */
export type SendRequest = <T>(request: ApiRequest, signal?: AbortSignal) => Promise<T>

/** The API server itself gives up after 60 s, and usually responds in milliseconds. */
const DEADLINE_MS = 30_000
const TRIES = 4
const FIRST_PAUSE_MS = 400
/** A longer Retry-After is left to the caller, which can free its worker in the meantime. */
const MAX_PAUSE_MS = 10_000

/** Creates the function that sends requests to the API server. */
export function createRequest(deps: RequestDeps): SendRequest {
  return async <T>(request: ApiRequest, signal?: AbortSignal): Promise<T> => {
    for (let tried = 1; ; tried++) {
      try {
        return await sendOnce<T>(deps, request, signal)
      } catch (error) {
        if (signal?.aborted || !mayRetry(error, request, tried)) throw withReport(error, deps.health)
        await sleep(deps.clock, pauseAfter(error, tried, deps.random), signal)
      }
    }
  }
}

/** During an outage, the failures of single requests are marked: the outage has its own log line. */
function withReport(error: unknown, health: ApiHealth | undefined): unknown {
  const isOfOutage = error instanceof ApiError && (error.failure === 'Unreachable' || error.status === 401)
  if (isOfOutage && health?.isFailing) error.isReported = true
  return error
}

function mayRetry(error: unknown, { method }: ApiRequest, tried: number): error is ApiError {
  if (!(error instanceof ApiError) || tried >= TRIES || (error.retryAfterMs ?? 0) > MAX_PAUSE_MS) return false
  // The credentials are read again for the second attempt. If they are still rejected, waiting does not help.
  if (error.status === 401) return tried === 1
  return wasNotProcessed(error) || (method === 'GET' && error.failure === 'Unreachable')
}

function pauseAfter({ status, retryAfterMs = 0 }: ApiError, tried: number, random: Random): number {
  if (status === 401) return 0
  return Math.max(FIRST_PAUSE_MS * 2 ** (tried - 1) * (0.5 + random()), retryAfterMs * (1 + random() / 5))
}

async function sendOnce<T>(deps: RequestDeps, request: ApiRequest, signal: AbortSignal | undefined): Promise<T> {
  const deadline = startDeadline(deps.clock, DEADLINE_MS, signal)
  try {
    const response = await attempt(deps, request, deadline.signal, exchange)
    const text = response.body.toString()
    if (response.statusCode >= 300) throw errorFromResponse(request, response, text)
    return (text === '' ? undefined : JSON.parse(text)) as T
  } catch (error) {
    throw errorFromException(request, error, deadline.signal)
  } finally {
    deadline.cancel()
  }
}

/** The deadline of a request. */
interface Deadline {
  readonly signal: AbortSignal
  /** Restarts the deadline. */
  extend(): void
  cancel(): void
}

class StoppedError extends Error {}

/** A request that we stopped ourselves is not a failure of the server. */
const isStopped = ({ aborted, reason }: AbortSignal): boolean => aborted && reason instanceof StoppedError

/** Starts a deadline whose signal aborts after `ms`, or with `parent`. */
export function startDeadline(clock: Clock, ms: number, parent: AbortSignal | undefined): Deadline {
  const abort = new AbortController()
  const stop = (): void => abort.abort(new StoppedError('stopped'))
  const expire = (): void => abort.abort(new Error('no answer in time'))
  if (parent?.aborted) stop()
  parent?.addEventListener('abort', stop)
  let cancelTimer = clock.setTimer(ms, expire)
  return {
    signal: abort.signal,
    extend() {
      cancelTimer()
      cancelTimer = clock.setTimer(ms, expire)
    },
    cancel() {
      cancelTimer()
      parent?.removeEventListener('abort', stop)
    },
  }
}

/** Sends a request and resolves when the head of the response has arrived. Errors are passed on unchanged. */
export const open = (deps: RequestDeps, request: ApiRequest, signal: AbortSignal): Promise<Dispatcher.ResponseData> =>
  attempt(deps, request, signal, (dispatcher, options) => dispatcher.request({ ...options, signal }))

/** Sends a request with `send`, and records the result. */
async function attempt<R extends { statusCode: number }>(
  deps: RequestDeps,
  request: ApiRequest,
  signal: AbortSignal,
  send: (dispatcher: Dispatcher, options: Dispatcher.DispatchOptions, signal: AbortSignal) => Promise<R>,
): Promise<R> {
  const { connection, observe, health } = deps
  const host = new URL(connection.origin).host
  try {
    const access = await unlessAborted(connection.access(), signal)
    const response = await send(access.dispatcher, optionsOf(connection, access, request), signal)
    if (response.statusCode === 401) connection.renew(access)
    observe?.(request.method, String(response.statusCode), host)
    health?.answered(response.statusCode, describeRequest(request))
    return response
  } catch (error) {
    observe?.(request.method, 'error', host)
    if (!isStopped(signal) && !(error instanceof TooLargeBodyError))
      health?.failed(errorFromException(request, error, signal).message)
    throw error
  }
}

/** Sends a request and resolves with the whole response. */
async function exchange(
  dispatcher: Dispatcher,
  options: Dispatcher.DispatchOptions,
  signal: AbortSignal,
): Promise<WholeAnswer> {
  signal.throwIfAborted()
  const sent = new Exchange(dispatcher, options, (bytes) => {
    assertBounded(bytes)
    return undefined
  })
  const abort = (): void => sent.abort(signal.reason as Error)
  signal.addEventListener('abort', abort)
  return sent.answer.finally(() => signal.removeEventListener('abort', abort))
}

const optionsOf = (
  { origin, basePath }: Connection,
  { headers }: Access,
  { method, path, body, contentType = 'application/json', accept = 'application/json' }: ApiRequest,
): Dispatcher.DispatchOptions => ({
  origin,
  path: basePath + path,
  method,
  // undici would close the connection after each DELETE that has a body.
  reset: false,
  headers: {
    ...headers,
    'user-agent': 'calendar-operator',
    accept,
    ...(body === undefined ? {} : { 'content-type': contentType }),
  },
  body: body === undefined ? undefined : JSON.stringify(body),
})

/** A credential plugin that hangs does not delay a request beyond its deadline. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort)
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
