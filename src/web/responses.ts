/** The responses that are not a sign-in page. Each is the same for all its causes, so that it reveals nothing. */
import type { BlockList } from 'node:net'
import { BusyError } from '../rate-limit/fair-semaphore.ts'
import { securityHeaders } from './security-headers.ts'
import { clientAddress, rateLimitKey } from './client-address.ts'
import { type Language, negotiate, type Pages } from './pages/pages.ts'
import type { WebDeps } from './port.ts'
import { KeyedRateLimiter } from '../rate-limit/keyed-rate-limiter.ts'
import { INVALID_REQUESTS, FAILURE_REPORTS } from './rate-limits.ts'
import type { Request } from './request.ts'

/** A client has sent more requests than any person needs. */
export class TooManyRequestsError extends Error {
  override readonly name = 'TooManyRequestsError'
  /** After how many ms the client may try again. */
  readonly delayMs: number

  constructor(delayMs: number) {
    super('too many requests')
    this.delayMs = delayMs
  }
}

const LIMITED_RETRY_MS = 60_000
/** When the concurrency limit is likely to admit another request. */
const BUSY_RETRY_S = 10

type Reply = Response | Promise<Response>

/** What the responses need besides the request. */
interface ResponseOptions {
  pages: Pages
  /** The proxies whose `X-Forwarded-For` is trusted. */
  proxies: BlockList
}

/** Makes the responses, counts and logs them, and limits how many of them a client gets. */
export class Responses {
  readonly #deps: Pick<WebDeps, 'log' | 'observe' | 'clock'>
  readonly #options: ResponseOptions
  readonly #badRequests: KeyedRateLimiter
  readonly #logLimiter: KeyedRateLimiter

  constructor(deps: Pick<WebDeps, 'log' | 'observe' | 'clock'>, options: ResponseOptions) {
    this.#deps = deps
    this.#options = options
    this.#badRequests = new KeyedRateLimiter(deps.clock, INVALID_REQUESTS)
    this.#logLimiter = new KeyedRateLimiter(deps.clock, FAILURE_REPORTS)
  }

  /** The response for whatever does not exist, or must not be known to exist. */
  notFound(request: Request): Reply {
    const { pages } = this.#options
    return this.#limited(request) ?? request.html(pages.notFound(negotiatedLanguage(request)), 404, securityHeaders())
  }

  /** The response for whatever is forged, replayed, expired or belongs to another browser. */
  refused(request: Request): Reply {
    this.#deps.observe('refused')
    const { pages } = this.#options
    return this.#limited(request) ?? request.html(pages.refused(negotiatedLanguage(request)), 400, securityHeaders())
  }

  #limited(request: Request): Reply | undefined {
    return this.#badRequests.tryAcquire(this.clientKey(request)) ? undefined : this.#tooMany(request, LIMITED_RETRY_MS)
  }

  #tooMany(request: Request, delayMs: number): Reply {
    const headers = { ...securityHeaders(), 'retry-after': String(Math.ceil(delayMs / 1000)) }
    return request.html(this.#options.pages.tooManyRequests(negotiatedLanguage(request)), 429, headers)
  }

  /** The response for an exception. Except for too many requests, the browser is not at fault. */
  failed(request: Request, error: Error): Reply {
    if (error instanceof TooManyRequestsError) return this.#tooMany(request, error.delayMs)
    const subject = request.get('uid') ?? this.clientKey(request)
    if (this.#logLimiter.tryAcquire(subject)) this.#deps.log.error({ error }, 'a sign-in request failed')
    this.#deps.observe('failed')
    const headers = { ...securityHeaders(), ...(error instanceof BusyError && { 'retry-after': String(BUSY_RETRY_S) }) }
    return request.html(this.#options.pages.failed(negotiatedLanguage(request)), 503, headers)
  }

  /** The key by which requests of the same client are counted together. */
  clientKey(request: Request): string {
    const socket = request.env.incoming.socket.remoteAddress ?? ''
    return rateLimitKey(clientAddress(socket, request.req.header('x-forwarded-for'), this.#options.proxies))
  }
}

/** The language of the response, by `Accept-Language`. */
export const negotiatedLanguage = (request: Request): Language => negotiate(request.req.header('accept-language'))

/** A redirect (303), which the browser follows with a GET. */
export const seeOther = (request: Request, location: string): Response =>
  request.body(null, 303, { ...securityHeaders(), location })
