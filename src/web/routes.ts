/**
 * The routes. Everything that isn't right gets one of two answers, each the same for all its causes: 404 for what does not
 * exist or nobody may know of, 400 for what is forged, replayed, foreign or over. After a sign-in the browser is sent on to
 * its page, so that a reload repeats nothing.
 */
import { Hono } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import type { BlockList } from 'node:net'
import { Completions } from './completion.ts'
import { BusyError } from '../rate-limit/fair-semaphore.ts'
import { begin, type Answer } from './flow.ts'
import { headersOf } from './headers.ts'
import type { Keys } from './keys.ts'
import { clientAddress, rateLimitKey } from './limits.ts'
import { formToken, isFormToken, isOutcomeProof, outcomeProof, tagOf, uidOf } from './marks.ts'
import * as pages from './pages/pages.ts'
import type { WebDeps } from './port.ts'
import { CallbackLimiter, KeyedRateLimiter, MISTAKES, TOLD_FAILURES } from './rate-limits.ts'
import { answerOf, formOf, isOwnOrigin, isScripted, jsonOf, type App, type Request } from './request.ts'
import { hashed, openState, type State } from './state.ts'
import { standingOf, viewOf, Visits, type Visit } from './visit.ts'

export interface RoutesOptions {
  keys: Keys
  /** The path under which everything is. */
  pathPrefix: string
  /** Whose word on a client's address counts. */
  proxies: BlockList
}

const COOKIE = 'calendar-operator'
const BROWSER_BYTES = 24
const A_DAY_S = 24 * 60 * 60
const A_MINUTE_MS = 60_000
/** How long a page tells what happened a moment ago, however often it is loaded. */
const OUTCOME_SHOWN_MS = 5 * 60_000

/** Thrown where somebody asks for more than anybody needs. */
class TooManyRequestsError extends Error {
  /** After which it may be tried again. */
  readonly delayMs: number

  constructor(delayMs: number) {
    super('too many requests')
    this.delayMs = delayMs
  }
}

export class Routes {
  readonly #deps: WebDeps
  readonly #options: RoutesOptions
  readonly #visits: Visits
  readonly #completions: Completions
  readonly #mistakes: KeyedRateLimiter
  readonly #callbacks: CallbackLimiter
  readonly #logged: KeyedRateLimiter

  constructor(deps: WebDeps, options: RoutesOptions) {
    this.#deps = deps
    this.#options = options
    this.#visits = new Visits(deps, options.pathPrefix)
    this.#completions = new Completions(deps, this.#visits)
    this.#mistakes = new KeyedRateLimiter(deps.clock, MISTAKES)
    this.#callbacks = new CallbackLimiter(deps.clock)
    this.#logged = new KeyedRateLimiter(deps.clock, TOLD_FAILURES)
  }

  app(): Hono<App> {
    const app = new Hono<App>()
    const { pathPrefix } = this.#options
    const link = `${pathPrefix}/sign-in/:tag`
    app.get(link, (request) => this.#visited(request, (visit) => this.#show(request, visit)))
    app.post(link, (request) => this.#visited(request, (visit) => this.#redirect(request, visit)))
    app.post(`${link}/attempt`, (request) => this.#visited(request, (visit) => this.#attempt(request, visit)))
    app.post(`${link}/code`, (request) => this.#code(request))
    app.get(`${pathPrefix}/callback`, (request) => this.#callback(request))
    for (const { path, contentType, body } of pages.assetsUnder(pathPrefix)) {
      const headers = {
        ...headersOf(),
        'content-type': contentType,
        'cache-control': 'public, max-age=31536000, immutable',
      }
      app.get(path, (request) => request.body(body, 200, headers))
    }
    app.notFound((request) => this.#notFound(request))
    app.onError((error, request) => this.#failed(request, error))
    return app
  }

  /** What a valid link gets; every other one gets the same 404. */
  async #visited(request: Request, answer: (visit: Visit) => Promise<Response> | Response): Promise<Response> {
    const uid = await this.#uidOf(request)
    const visit = uid === undefined ? undefined : await this.#visits.of(uid)
    return visit ? answer(visit) : this.#notFound(request)
  }

  /** Of the Agent that the link is for. */
  async #uidOf(request: Request): Promise<string | undefined> {
    const tag = request.req.param('tag') ?? ''
    const { keys } = this.#options
    let uid = uidOf(tag, keys.all)
    if (uid === undefined && tag.length === 43) {
      await keys.lookAgain()
      uid = uidOf(tag, keys.all)
    }
    if (uid !== undefined) request.set('uid', uid)
    return uid
  }

  #show(request: Request, visit: Visit): Response | Promise<Response> {
    const key = this.#options.keys.current
    if (!key) return this.#notFound(request)
    const tag = request.req.param('tag') ?? ''
    const browser = this.#browser(request)
    const outcome = this.#outcomeOf(request, visit, browser)
    const { accountsURL } = this.#deps
    const view = {
      ...viewOf(visit, this.#pathOf(tag)),
      csrf: formToken(key, browser, tag),
      clientScript: { accountsOrigin: accountsURL },
      ...(outcome && { outcome }),
    }
    const leads = { accountsURL, popup: view.mode === 'Popup' }
    return this.#html(request, pages.signInPage(view, language(request)), 200, headersOf(leads))
  }

  /** What the page tells: what has just happened, if that is proved, else how things stand. */
  #outcomeOf(request: Request, visit: Visit, browser: string): pages.Outcome | undefined {
    const { outcome = '', at = '', proof = '' } = request.req.query()
    const recent = Math.abs(this.#deps.clock.now() - Number(at)) <= OUTCOME_SHOWN_MS
    const what = [browser, request.req.param('tag') ?? '', outcome, Number(at)] as const
    // Finished twice at a time, at two replicas: one of them was told that the attempt is over.
    const isBehind = outcome === 'expired' && !visit.needed
    if (recent && !isBehind && isOutcomeProof(proof, this.#options.keys.all, ...what)) return outcome as pages.Outcome
    return standingOf(visit)
  }

  /** The form of the redirect flow. */
  async #redirect(request: Request, visit: Visit): Promise<Response> {
    const browser = this.#own(request, visit, (await formOf(request)).get('csrf'))
    const key = this.#options.keys.current
    if (browser === undefined || !key) return this.#refused(request)
    const { client, signIn } = visit
    const tag = request.req.param('tag') ?? ''
    if (!client || signIn.mode !== 'Redirect' || visit.suspended || !visit.needed)
      return seeOther(request, this.#pathOf(tag))
    const { state, codeChallenge } = await begin(this.#deps, visit, browser, key)
    const { scopes } = visit.integration.spec.google
    const { redirectURI } = signIn
    const loginHint = visit.agent.spec.account
    return seeOther(request, client.consentURL({ redirectURI, scopes, state, codeChallenge, loginHint }))
  }

  /** What the script of the popup flow hands to Google's. */
  async #attempt(request: Request, visit: Visit): Promise<Response> {
    const browser = this.#own(request, visit, (await jsonOf(request)).csrf)
    const key = this.#options.keys.current
    const { client, signIn, suspended, needed } = visit
    const usable = client && signIn.mode === 'Popup' && !suspended && needed
    if (browser === undefined || !key || !usable || !isScripted(request)) return this.#refused(request)
    const { state } = await begin(this.#deps, visit, browser, key)
    const scope = visit.integration.spec.google.scopes.join(' ')
    const answer = { clientID: client.credentials.clientId, scope, loginHint: visit.agent.spec.account, state }
    return request.json(answer, 200, headersOf())
  }

  /** What Google's window has handed to the script. */
  async #code(request: Request): Promise<Response> {
    const uid = await this.#uidOf(request)
    if (uid === undefined) return this.#notFound(request)
    this.#admit(request, uid)
    const visit = await this.#visits.of(uid)
    if (!visit) return this.#notFound(request)
    const { state, code, error } = await jsonOf(request)
    const own = isScripted(request) && isOwnOrigin(request, visit)
    const opened = own ? await this.#opened(state) : undefined
    const fits = opened?.uid === uid && this.#isOf(request, opened, 'Popup')
    const location = fits && (await this.#complete(request, opened, answerOf(code, error)))
    return location ? request.json({ location }, 200, headersOf()) : this.#refused(request)
  }

  /** Where Google sends the browser after a redirect. */
  async #callback(request: Request): Promise<Response> {
    const { state, code, error } = request.req.query()
    const opened = await this.#opened(state)
    if (!opened) return this.#refused(request)
    request.set('uid', opened.uid)
    this.#admit(request, opened.uid)
    const fits = this.#isOf(request, opened, 'Redirect')
    const location = fits && (await this.#complete(request, opened, answerOf(code, error)))
    return location ? seeOther(request, location) : this.#refused(request)
  }

  /** Counts a callback before anything is asked because of it, whatever comes of it. */
  #admit(request: Request, uid: string): void {
    const delayMs = this.#callbacks.admit(this.#client(request), uid)
    if (delayMs > 0) throw new TooManyRequestsError(delayMs)
  }

  /** The state, if it is ours. */
  async #opened(text: unknown): Promise<State | undefined> {
    if (typeof text !== 'string') return undefined
    const { keys } = this.#options
    const now = this.#deps.clock.now()
    const state = await openState(text, keys.all, now)
    if (state) return state
    await keys.lookAgain()
    return openState(text, keys.all, now)
  }

  /** Whether the state is of this flow, and of this very browser. */
  #isOf(request: Request, state: State, mode: State['mode']): boolean {
    const browser = this.#cookie(request)
    return state.mode === mode && browser !== undefined && hashed(browser) === state.browser
  }

  /** Lets the attempt come to its end, once; answers where its page is, undefined where it had ended before. */
  async #complete(request: Request, state: State, answer: Answer | undefined): Promise<string | undefined> {
    const key = this.#options.keys.current
    const browser = this.#cookie(request)
    if (!answer || !key || browser === undefined) return undefined
    const outcome = await this.#completions.complete(state, answer)
    if (outcome === undefined) return undefined
    const tag = tagOf(state.uid, key) ?? ''
    const at = this.#deps.clock.now()
    const proof = outcomeProof(key, browser, tag, outcome, at)
    return `${this.#pathOf(tag)}?${new URLSearchParams({ outcome, at: String(at), proof }).toString()}`
  }

  /** The browser that sends what a page of ours gave it; undefined where anything speaks against it. */
  #own(request: Request, visit: Visit, csrf: unknown): string | undefined {
    const browser = this.#cookie(request)
    const tag = request.req.param('tag') ?? ''
    if (browser === undefined || !isOwnOrigin(request, visit)) return undefined
    return isFormToken(csrf, this.#options.keys.all, browser, tag) ? browser : undefined
  }

  #html(
    request: Request,
    page: string,
    ...rest: [status: 200 | 400 | 404 | 429 | 503, headers: Record<string, string>]
  ) {
    return request.html(pages.underPrefix(page, this.#options.pathPrefix), ...rest)
  }

  #pathOf(tag: string): string {
    return `${this.#options.pathPrefix}/sign-in/${tag}`
  }

  #cookie(request: Request): string | undefined {
    const value = getCookie(request, COOKIE, 'host')
    return value !== undefined && /^[\w-]{32}$/.test(value) ? value : undefined
  }

  /** The browser's cookie, given to it now where it has none. */
  #browser(request: Request): string {
    const known = this.#cookie(request)
    if (known !== undefined) return known
    const value = Buffer.from(this.#deps.randomBytes(BROWSER_BYTES)).toString('base64url')
    const options = {
      path: '/',
      secure: true,
      httpOnly: true,
      sameSite: 'Lax',
      prefix: 'host',
      maxAge: A_DAY_S,
    } as const
    setCookie(request, COOKIE, value, options)
    return value
  }

  #notFound(request: Request): Response | Promise<Response> {
    return this.#mistaken(request) ?? this.#html(request, pages.notFoundPage(language(request)), 404, headersOf())
  }

  #refused(request: Request): Response | Promise<Response> {
    this.#deps.observe('refused')
    return this.#mistaken(request) ?? this.#html(request, pages.refusedPage(language(request)), 400, headersOf())
  }

  #mistaken(request: Request): Response | Promise<Response> | undefined {
    return this.#mistakes.tryAcquire(this.#client(request)) ? undefined : this.#tooMany(request, A_MINUTE_MS)
  }

  #tooMany(request: Request, delayMs: number): Response | Promise<Response> {
    const headers = { ...headersOf(), 'retry-after': String(Math.ceil(delayMs / 1000)) }
    return this.#html(request, pages.tooManyRequestsPage(language(request)), 429, headers)
  }

  /** The fault is not the browser's. */
  #failed(request: Request, error: Error): Response | Promise<Response> {
    if (error instanceof TooManyRequestsError) return this.#tooMany(request, error.delayMs)
    const about = request.get('uid') ?? this.#client(request)
    if (this.#logged.tryAcquire(about)) this.#deps.log.error({ error }, 'a sign-in request failed')
    this.#deps.observe('failed')
    const headers = { ...headersOf(), ...(error instanceof BusyError && { 'retry-after': '10' }) }
    return this.#html(request, pages.failedPage(language(request)), 503, headers)
  }

  /** On whose account a request goes. */
  #client(request: Request): string {
    const socket = request.env.incoming.socket.remoteAddress ?? ''
    return rateLimitKey(clientAddress(socket, request.req.header('x-forwarded-for'), this.#options.proxies))
  }
}

const language = (request: Request): pages.Language => pages.negotiate(request.req.header('accept-language'))

const seeOther = (request: Request, location: string): Response => request.body(null, 303, { ...headersOf(), location })
