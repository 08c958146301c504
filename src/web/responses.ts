/** The answers that are no sign-in page: each the same for all its causes, so that none tells a stranger anything. */
import type { BlockList } from 'node:net'
import { BusyError } from '../rate-limit/fair-semaphore.ts'
import { securityHeaders } from './security-headers.ts'
import { clientAddress, rateLimitKey } from './limits.ts'
import * as pages from './pages/pages.ts'
import type { WebDeps } from './port.ts'
import { KeyedRateLimiter, MISTAKES, TOLD_FAILURES } from './rate-limits.ts'
import type { Request } from './request.ts'

/** Thrown where somebody asks for more than anybody needs. */
export class TooManyRequestsError extends Error {
  override readonly name = 'TooManyRequestsError'
  /** After which it may be tried again. */
  readonly delayMs: number

  constructor(delayMs: number) {
    super('too many requests')
    this.delayMs = delayMs
  }
}

const LIMITED_RETRY_MS = 60_000
/** After which a place may be free again. */
const BUSY_RETRY_S = 10

type Reply = Response | Promise<Response>

export class Responses {
  readonly #deps: Pick<WebDeps, 'log' | 'observe' | 'clock'>
  readonly #options: { pathPrefix: string; proxies: BlockList }
  readonly #badRequests: KeyedRateLimiter
  readonly #logLimiter: KeyedRateLimiter

  constructor(deps: Pick<WebDeps, 'log' | 'observe' | 'clock'>, options: { pathPrefix: string; proxies: BlockList }) {
    this.#deps = deps
    this.#options = options
    this.#badRequests = new KeyedRateLimiter(deps.clock, MISTAKES)
    this.#logLimiter = new KeyedRateLimiter(deps.clock, TOLD_FAILURES)
  }

  html(
    request: Request,
    page: string,
    ...rest: [status: 200 | 400 | 404 | 429 | 503, headers: Record<string, string>]
  ) {
    return request.html(pages.underPrefix(page, this.#options.pathPrefix), ...rest)
  }

  /** For what does not exist, or nobody may know of. */
  notFound(request: Request): Reply {
    return (
      this.#limited(request) ??
      this.html(request, pages.notFoundPage(negotiatedLanguage(request)), 404, securityHeaders())
    )
  }

  /** For what is forged, replayed, foreign or over. */
  refused(request: Request): Reply {
    this.#deps.observe('refused')
    return (
      this.#limited(request) ??
      this.html(request, pages.refusedPage(negotiatedLanguage(request)), 400, securityHeaders())
    )
  }

  #limited(request: Request): Reply | undefined {
    return this.#badRequests.tryAcquire(this.clientKey(request)) ? undefined : this.#tooMany(request, LIMITED_RETRY_MS)
  }

  #tooMany(request: Request, delayMs: number): Reply {
    const headers = { ...securityHeaders(), 'retry-after': String(Math.ceil(delayMs / 1000)) }
    return this.html(request, pages.tooManyRequestsPage(negotiatedLanguage(request)), 429, headers)
  }

  /** For what was thrown: but for too many requests, the fault is not the browser's. */
  failed(request: Request, error: Error): Reply {
    if (error instanceof TooManyRequestsError) return this.#tooMany(request, error.delayMs)
    const about = request.get('uid') ?? this.clientKey(request)
    if (this.#logLimiter.tryAcquire(about)) this.#deps.log.error({ error }, 'a sign-in request failed')
    this.#deps.observe('failed')
    const headers = { ...securityHeaders(), ...(error instanceof BusyError && { 'retry-after': String(BUSY_RETRY_S) }) }
    return this.html(request, pages.failedPage(negotiatedLanguage(request)), 503, headers)
  }

  /** Names the client on whose account a request goes. */
  clientKey(request: Request): string {
    const socket = request.env.incoming.socket.remoteAddress ?? ''
    return rateLimitKey(clientAddress(socket, request.req.header('x-forwarded-for'), this.#options.proxies))
  }
}

export const negotiatedLanguage = (request: Request): pages.Language =>
  pages.negotiate(request.req.header('accept-language'))

export const seeOther = (request: Request, location: string): Response =>
  request.body(null, 303, { ...securityHeaders(), location })
