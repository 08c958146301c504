/**
 * The routes. Everything that isn't right gets one of two answers, each the same for all its causes: 404 for what does not
 * exist or nobody may know of, 400 for what is forged, replayed, foreign or over. After a sign-in the browser is sent on to
 * its page, so that a reload repeats nothing.
 */
import { Hono } from 'hono'
import type { BlockList } from 'node:net'
import { Answers, language, seeOther, TooManyRequestsError } from './responses.ts'
import { browserOf, ensureBrowser } from './browser-cookie.ts'
import { Completions } from './completion.ts'
import { begin, type Answer } from './authorization-code.ts'
import { headersOf } from './security-headers.ts'
import type { Keys } from './key-ring.ts'
import { formToken, isOutcomeProof, outcomeProof, shownWith, tagOf, uidOf } from './signed-tokens.ts'
import * as pages from './pages/pages.ts'
import type { WebDeps } from './port.ts'
import { CallbackLimiter } from './rate-limits.ts'
import { answerOf, formOf, isOwnOrigin, isScripted, jsonOf, type App, type Request } from './request.ts'
import { consentDigest } from './shown-consent.ts'
import { hashed, openState, type State } from './oauth-state.ts'
import { standingOf, viewOf, Visits, type Visit } from './sign-in-context.ts'

export interface RoutesOptions {
  keys: Keys
  /** The path under which everything is. */
  pathPrefix: string
  /** Whose word on a client's address counts. */
  proxies: BlockList
}

/** How long a page tells what happened a moment ago, however often it is loaded. By the time of day: any replica tells it. */
const OUTCOME_SHOWN_MS = 5 * 60_000

/** What a browser sends from a page of ours. */
interface Own {
  browser: string
  /** Names what the page said. */
  shown: string
}

export class Routes {
  readonly #deps: WebDeps
  readonly #options: RoutesOptions
  readonly #answers: Answers
  readonly #visits: Visits
  readonly #completions: Completions
  readonly #callbacks: CallbackLimiter

  constructor(deps: WebDeps, options: RoutesOptions) {
    this.#deps = deps
    this.#options = options
    this.#answers = new Answers(deps, options)
    this.#visits = new Visits(deps, options.pathPrefix)
    this.#completions = new Completions(deps, this.#visits)
    this.#callbacks = new CallbackLimiter(deps.clock)
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
    app.notFound((request) => this.#answers.notFound(request))
    app.onError((error, request) => this.#answers.failed(request, error))
    return app
  }

  /** What a valid link gets; every other one gets the same 404. */
  async #visited(request: Request, answer: (visit: Visit) => Promise<Response> | Response): Promise<Response> {
    const uid = await this.#uidOf(request)
    const visit = uid === undefined ? undefined : await this.#visits.of(uid)
    return visit ? answer(visit) : this.#answers.notFound(request)
  }

  /** Of the Agent that the link is for. */
  async #uidOf(request: Request): Promise<string | undefined> {
    const tag = tagIn(request)
    const { keys } = this.#options
    let uid = uidOf(tag, keys.all)
    if (uid === undefined && tag.length === 43) {
      await keys.lookAgain()
      uid = uidOf(tag, keys.all)
    }
    if (uid !== undefined) request.set('uid', uid)
    return uid
  }

  async #show(request: Request, visit: Visit): Promise<Response> {
    const key = this.#options.keys.current
    if (!key) return this.#answers.notFound(request)
    const tag = tagIn(request)
    const browser = ensureBrowser(request, this.#deps)
    const outcome = this.#outcomeOf(request, visit, browser)
    const { accountsURL } = this.#deps
    const view = {
      ...viewOf(visit, this.#pathOf(tag), await this.#visits.consentBefore(visit)),
      csrf: formToken(key, browser, tag, consentDigest(visit.consent)),
      clientScript: { accountsOrigin: accountsURL },
      ...(outcome && { outcome }),
    }
    const leads = { accountsURL, popup: view.mode === 'Popup' }
    return this.#answers.html(request, pages.signInPage(view, language(request)), 200, headersOf(leads))
  }

  /** What the page tells: what has just happened, if that is proved, else how things stand. */
  #outcomeOf(request: Request, visit: Visit, browser: string): pages.Outcome | undefined {
    const { outcome = '', at = '', proof = '' } = request.req.query()
    const recent = Math.abs(this.#deps.clock.now() - Number(at)) <= OUTCOME_SHOWN_MS
    const what = [browser, tagIn(request), outcome, Number(at)] as const
    // Finished twice at a time, at two replicas: one of them was told that the attempt is over.
    const isBehind = outcome === 'expired' && !visit.needed
    if (recent && !isBehind && isOutcomeProof(proof, this.#options.keys.all, ...what)) return outcome as pages.Outcome
    return standingOf(visit)
  }

  /** The form of the redirect flow. */
  async #redirect(request: Request, visit: Visit): Promise<Response> {
    const own = this.#own(request, visit, (await formOf(request)).get('csrf'))
    const key = this.#options.keys.current
    if (!own || !key) return this.#answers.refused(request)
    const { client, signIn, suspended, needed } = visit
    const usable = client && signIn.mode === 'Redirect' && !suspended && needed
    // The page said something else than would be noted: it is shown as it stands now.
    if (!usable || own.shown !== consentDigest(visit.consent)) return seeOther(request, this.#pathOf(tagIn(request)))
    const { state, codeChallenge } = await begin(this.#deps, visit, own.browser, key)
    const { scopes } = visit.integration.spec.google
    const { redirectURI } = signIn
    const loginHint = visit.agent.spec.account
    return seeOther(request, client.consentURL({ redirectURI, scopes, state, codeChallenge, loginHint }))
  }

  /** What the script of the popup flow hands to Google's. */
  async #attempt(request: Request, visit: Visit): Promise<Response> {
    const own = this.#own(request, visit, (await jsonOf(request)).csrf)
    const key = this.#options.keys.current
    const { client, signIn, suspended, needed } = visit
    const usable = client && signIn.mode === 'Popup' && !suspended && needed
    if (!own || !key || !usable || !isScripted(request)) return this.#answers.refused(request)
    // The script loads the page anew.
    if (own.shown !== consentDigest(visit.consent)) return request.json({}, 409, headersOf())
    const { state } = await begin(this.#deps, visit, own.browser, key)
    const scope = visit.integration.spec.google.scopes.join(' ')
    const answer = { clientID: client.credentials.clientId, scope, loginHint: visit.agent.spec.account, state }
    return request.json(answer, 200, headersOf())
  }

  /** What Google's window has handed to the script. */
  async #code(request: Request): Promise<Response> {
    const uid = await this.#uidOf(request)
    if (uid === undefined) return this.#answers.notFound(request)
    this.#admit(request, uid)
    const visit = await this.#visits.of(uid)
    if (!visit) return this.#answers.notFound(request)
    const { state, code, error } = await jsonOf(request)
    const own = isScripted(request) && isOwnOrigin(request, visit)
    const opened = own ? await this.#opened(state) : undefined
    const fits = opened?.uid === uid && isFrom(request, opened, 'Popup')
    const location = fits && (await this.#complete(request, opened, answerOf(code, error)))
    return location ? request.json({ location }, 200, headersOf()) : this.#answers.refused(request)
  }

  /** Where Google sends the browser after a redirect. */
  async #callback(request: Request): Promise<Response> {
    const { state, code, error } = request.req.query()
    const opened = await this.#opened(state)
    if (!opened) return this.#answers.refused(request)
    request.set('uid', opened.uid)
    this.#admit(request, opened.uid)
    const fits = isFrom(request, opened, 'Redirect')
    const location = fits && (await this.#complete(request, opened, answerOf(code, error)))
    return location ? seeOther(request, location) : this.#answers.refused(request)
  }

  /** Counts a callback before anything is asked because of it, whatever comes of it. */
  #admit(request: Request, uid: string): void {
    const delayMs = this.#callbacks.admit(this.#answers.client(request), uid)
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

  /** Lets the attempt come to its end, once; answers where its page is, undefined where it had ended before. */
  async #complete(request: Request, state: State, answer: Answer | undefined): Promise<string | undefined> {
    const key = this.#options.keys.current
    const browser = browserOf(request)
    if (!answer || !key || browser === undefined) return undefined
    const outcome = await this.#completions.complete(state, answer)
    if (outcome === undefined) return undefined
    const tag = tagOf(state.uid, key) ?? ''
    const at = this.#deps.clock.now()
    const proof = outcomeProof(key, browser, tag, outcome, at)
    return `${this.#pathOf(tag)}?${new URLSearchParams({ outcome, at: String(at), proof }).toString()}`
  }

  /** Undefined where anything speaks against it that a page of ours, in this browser, sends this. */
  #own(request: Request, visit: Visit, csrf: unknown): Own | undefined {
    const browser = browserOf(request)
    if (browser === undefined || !isOwnOrigin(request, visit)) return undefined
    const shown = shownWith(csrf, this.#options.keys.all, browser, tagIn(request))
    return shown === undefined ? undefined : { browser, shown }
  }

  #pathOf(tag: string): string {
    return `${this.#options.pathPrefix}/sign-in/${tag}`
  }
}

const tagIn = (request: Request): string => request.req.param('tag') ?? ''

/** Whether the state is of this flow, and of this very browser. */
function isFrom(request: Request, state: State, mode: State['mode']): boolean {
  const browser = browserOf(request)
  return state.mode === mode && browser !== undefined && hashed(browser) === state.browser
}
