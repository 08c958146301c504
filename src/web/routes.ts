/**
 * The HTTP routes. A request that is not valid gets one of two responses, each the same for all its causes: 404 for what does not
 * exist or must not be known to exist, 400 for what is forged, replayed, expired or belongs to another browser. After a sign-in the
 * browser is redirected to the page of its link, so that reloading repeats nothing.
 */
import { Hono } from 'hono'
import type { BlockList } from 'node:net'
import { Responses, negotiatedLanguage, seeOther, TooManyRequestsError } from './responses.ts'
import { browserId, ensureBrowserId } from './browser-cookie.ts'
import { AttemptCompleter } from './completion.ts'
import { createAuthorizationRequest, type AuthorizationResponse } from './authorization-code.ts'
import { securityHeaders } from './security-headers.ts'
import type { KeyRing } from './key-ring.ts'
import { csrfToken, verifyOutcomeToken, outcomeToken, verifyCsrfToken, linkTag, uidFromTag } from './signed-tokens.ts'
import { createPages, type Outcome, type Pages } from './pages/pages.ts'
import { acceptNotification } from './notification.ts'
import { NOTIFICATIONS_PATH } from '../resources/names.ts'
import type { WebDeps } from './port.ts'
import { CallbackLimiter } from './rate-limits.ts'
import { authorizationResponse, formBody, isSameOrigin, isJson, jsonBody, type App, type Request } from './request.ts'
import { consentDigest } from './shown-consent.ts'
import { sha256, openState, type OAuthState } from './oauth-state.ts'
import { outcomeWithoutAttempt, signInView, SignInContexts, type SignInContext } from './sign-in-context.ts'

/** What the routes need besides `WebDeps`. */
export interface RoutesOptions {
  keys: KeyRing
  /** The path under which everything is served. */
  pathPrefix: string
  /** The proxies whose `X-Forwarded-For` is trusted. */
  proxies: BlockList
}

/** How long a page shows an outcome, however often it is reloaded. Measured by wall time, so that any replica can check it. */
const OUTCOME_LIFETIME_MS = 5 * 60_000

/** A verified submission of the sign-in page. */
interface FormSubmission {
  /** The id in the browser's cookie. */
  browser: string
  /** Digest of the consent that the page showed. */
  shown: string
}

/** Serves the sign-in pages, the OAuth callback and the endpoints of the popup's script. */
export class Routes {
  readonly #deps: WebDeps
  readonly #options: RoutesOptions
  readonly #pages: Pages
  readonly #responses: Responses
  readonly #contexts: SignInContexts
  readonly #completer: AttemptCompleter
  readonly #callbackLimiter: CallbackLimiter

  constructor(deps: WebDeps, options: RoutesOptions) {
    this.#deps = deps
    this.#options = options
    this.#pages = createPages(options.pathPrefix)
    this.#responses = new Responses(deps, { pages: this.#pages, proxies: options.proxies })
    this.#contexts = new SignInContexts(deps, options.pathPrefix)
    this.#completer = new AttemptCompleter(deps, this.#contexts)
    this.#callbackLimiter = new CallbackLimiter(deps.clock)
  }

  /** The application that handles all requests. */
  app(): Hono<App> {
    const app = new Hono<App>()
    const { pathPrefix } = this.#options
    const link = `${pathPrefix}/sign-in/:tag`
    app.get(link, (request) => this.#withContext(request, (context) => this.#signInPage(request, context)))
    app.post(link, (request) => this.#withContext(request, (context) => this.#startRedirect(request, context)))
    app.post(`${link}/attempt`, (request) =>
      this.#withContext(request, (context) => this.#startPopup(request, context)),
    )
    app.post(`${link}/code`, (request) => this.#popupCode(request))
    app.get(`${pathPrefix}/callback`, (request) => this.#callback(request))
    app.post(`${pathPrefix}${NOTIFICATIONS_PATH}`, (request) => this.#notification(request))
    for (const { path, contentType, body } of this.#pages.assets) {
      const headers = {
        ...securityHeaders(),
        'content-type': contentType,
        'cache-control': 'public, max-age=31536000, immutable',
      }
      app.get(path, (request) => request.body(body, 200, headers))
    }
    app.notFound((request) => this.#responses.notFound(request))
    app.onError((error, request) => this.#responses.failed(request, error))
    return app
  }

  #notification(request: Request): Promise<Response> | Response {
    const result = acceptNotification(this.#deps, this.#options.keys.all, request)
    if (result === 'refused') return this.#responses.notFound(request)
    return request.body(null, result === 'accepted' ? 204 : 503, securityHeaders())
  }

  /** Calls `respond` for a valid link; every other link gets the same 404. */
  async #withContext(
    request: Request,
    respond: (context: SignInContext) => Promise<Response> | Response,
  ): Promise<Response> {
    const uid = await this.#agentUid(request)
    const context = uid === undefined ? undefined : await this.#contexts.resolve(uid)
    return context ? respond(context) : this.#responses.notFound(request)
  }

  /** The uid of the Agent that the link is for. */
  async #agentUid(request: Request): Promise<string | undefined> {
    const tag = tagParam(request)
    const { keys } = this.#options
    let uid = uidFromTag(tag, keys.all)
    if (uid === undefined && tag.length === 43) {
      await keys.reloadIfDue()
      uid = uidFromTag(tag, keys.all)
    }
    if (uid !== undefined) request.set('uid', uid)
    return uid
  }

  async #signInPage(request: Request, context: SignInContext): Promise<Response> {
    const key = this.#options.keys.current
    if (!key) return this.#responses.notFound(request)
    const tag = tagParam(request)
    const browser = ensureBrowserId(request, this.#deps)
    const outcome = this.#outcomeToShow(request, context, browser)
    const { accountsURL } = this.#deps
    const view = {
      ...signInView(context, this.#pagePath(tag), await this.#contexts.previousConsent(context)),
      csrf: csrfToken(key, browser, tag, consentDigest(context.consent)),
      clientScript: { accountsOrigin: accountsURL },
      ...(outcome && { outcome }),
    }
    const headers = securityHeaders({ accountsURL, popup: view.mode === 'Popup' })
    return request.html(this.#pages.signIn(view, negotiatedLanguage(request)), 200, headers)
  }

  /** The outcome in the URL if its token is valid, otherwise the outcome without an attempt. */
  #outcomeToShow(request: Request, context: SignInContext, browser: string): Outcome | undefined {
    const { outcome = '', at = '', proof: token = '' } = request.req.query()
    const recent = Math.abs(this.#deps.clock.now() - Number(at)) <= OUTCOME_LIFETIME_MS
    const what = [browser, tagParam(request), outcome, Number(at)] as const
    // Two replicas completed the attempt at the same time, and Google told one of them that the code was used.
    const isOutdated = outcome === 'expired' && !context.needed
    if (recent && !isOutdated && verifyOutcomeToken(token, this.#options.keys.all, ...what)) return outcome as Outcome
    return outcomeWithoutAttempt(context)
  }

  /** Handles the form of the redirect flow. */
  async #startRedirect(request: Request, context: SignInContext): Promise<Response> {
    const form = this.#verifyCsrf(request, context, (await formBody(request)).get('csrf'))
    const key = this.#options.keys.current
    if (!form || !key) return this.#responses.refused(request)
    const { client, signIn, suspended, needed } = context
    const usable = client && signIn.mode === 'Redirect' && !suspended && needed
    // The page showed another consent than the one to be recorded now: show the page again.
    if (!usable || form.shown !== consentDigest(context.consent))
      return seeOther(request, this.#pagePath(tagParam(request)))
    const { state, codeChallenge } = await createAuthorizationRequest(this.#deps, context, form.browser, key)
    const { scopes } = context.integration.spec.google
    const { redirectURI } = signIn
    const loginHint = context.agent.spec.account
    return seeOther(request, client.consentURL({ redirectURI, scopes, state, codeChallenge, loginHint }))
  }

  /** Handles the request of the popup's script for what it passes to Google's. */
  async #startPopup(request: Request, context: SignInContext): Promise<Response> {
    const form = this.#verifyCsrf(request, context, (await jsonBody(request)).csrf)
    const key = this.#options.keys.current
    const { client, signIn, suspended, needed } = context
    const usable = client && signIn.mode === 'Popup' && !suspended && needed
    if (!form || !key || !usable || !isJson(request)) return this.#responses.refused(request)
    // The script reloads the page.
    if (form.shown !== consentDigest(context.consent)) return request.json({}, 409, securityHeaders())
    const { state } = await createAuthorizationRequest(this.#deps, context, form.browser, key)
    const scope = context.integration.spec.google.scopes.join(' ')
    const attempt = { clientID: client.credentials.clientId, scope, loginHint: context.agent.spec.account, state }
    return request.json(attempt, 200, securityHeaders())
  }

  /** Handles the code that Google's window passed to the popup's script. */
  async #popupCode(request: Request): Promise<Response> {
    const uid = await this.#agentUid(request)
    if (uid === undefined) return this.#responses.notFound(request)
    this.#limitCallbacks(request, uid)
    const context = await this.#contexts.resolve(uid)
    if (!context) return this.#responses.notFound(request)
    const { state, code, error } = await jsonBody(request)
    const isOwn = isJson(request) && isSameOrigin(request, context)
    const verified = isOwn ? await this.#verifyState(state) : undefined
    const matches = verified?.uid === uid && isBoundTo(request, verified, 'Popup')
    const location = matches && (await this.#complete(request, verified, authorizationResponse(code, error)))
    return location ? request.json({ location }, 200, securityHeaders()) : this.#responses.refused(request)
  }

  /** Handles the redirect from Google. */
  async #callback(request: Request): Promise<Response> {
    const { state, code, error } = request.req.query()
    const verified = await this.#verifyState(state)
    if (!verified) return this.#responses.refused(request)
    request.set('uid', verified.uid)
    this.#limitCallbacks(request, verified.uid)
    const matches = isBoundTo(request, verified, 'Redirect')
    const location = matches && (await this.#complete(request, verified, authorizationResponse(code, error)))
    return location ? seeOther(request, location) : this.#responses.refused(request)
  }

  /** Counts a callback, whatever its outcome, before it causes any request. @throws TooManyRequestsError if there were too many. */
  #limitCallbacks(request: Request, uid: string): void {
    const delayMs = this.#callbackLimiter.admit(this.#responses.clientKey(request), uid)
    if (delayMs > 0) throw new TooManyRequestsError(delayMs)
  }

  /** Decrypts a state; undefined if this operator did not create it. */
  async #verifyState(text: unknown): Promise<OAuthState | undefined> {
    if (typeof text !== 'string') return undefined
    const { keys } = this.#options
    const now = this.#deps.clock.now()
    const state = await openState(text, keys.all, now)
    if (state) return state
    await keys.reloadIfDue()
    return openState(text, keys.all, now)
  }

  /** Completes the attempt once. Returns the address of the page with the outcome; undefined if it was completed before. */
  async #complete(
    request: Request,
    state: OAuthState,
    response: AuthorizationResponse | undefined,
  ): Promise<string | undefined> {
    const key = this.#options.keys.current
    const browser = browserId(request)
    if (!response || !key || browser === undefined) return undefined
    const outcome = await this.#completer.complete(state, response)
    if (outcome === undefined) return undefined
    const tag = linkTag(state.uid, key) ?? ''
    const at = this.#deps.clock.now()
    const token = outcomeToken(key, browser, tag, outcome, at)
    return `${this.#pagePath(tag)}?${new URLSearchParams({ outcome, at: String(at), proof: token }).toString()}`
  }

  /** Verifies that a request comes from the operator's own page in this browser; undefined otherwise. */
  #verifyCsrf(request: Request, context: SignInContext, csrf: unknown): FormSubmission | undefined {
    const browser = browserId(request)
    if (browser === undefined || !isSameOrigin(request, context)) return undefined
    const shown = verifyCsrfToken(csrf, this.#options.keys.all, browser, tagParam(request))
    return shown === undefined ? undefined : { browser, shown }
  }

  #pagePath(tag: string): string {
    return `${this.#options.pathPrefix}/sign-in/${tag}`
  }
}

const tagParam = (request: Request): string => request.req.param('tag') ?? ''

/** Whether the state belongs to this flow and to this browser. */
function isBoundTo(request: Request, state: OAuthState, mode: OAuthState['mode']): boolean {
  const browser = browserId(request)
  return state.mode === mode && browser !== undefined && sha256(browser) === state.browser
}
