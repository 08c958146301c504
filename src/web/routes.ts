/**
 * The routes. Everything that isn't right gets one of two answers, each the same for all its causes: 404 for what does not
 * exist or nobody may know of, 400 for what is forged, replayed, foreign or over. After a sign-in the browser is sent on to
 * its page, so that a reload repeats nothing.
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
import * as pages from './pages/pages.ts'
import type { WebDeps } from './port.ts'
import { CallbackLimiter } from './rate-limits.ts'
import { authorizationResponse, formBody, isSameOrigin, isJson, jsonBody, type App, type Request } from './request.ts'
import { consentDigest } from './shown-consent.ts'
import { sha256, openState, type OAuthState } from './oauth-state.ts'
import { standingOutcome, signInView, SignInContexts, type SignInContext } from './sign-in-context.ts'

export interface RoutesOptions {
  keys: KeyRing
  /** The path under which everything is. */
  pathPrefix: string
  /** Whose word on a client's address counts. */
  proxies: BlockList
}

/** How long a page tells what happened a moment ago, however often it is loaded. By the time of day: any replica tells it. */
const OUTCOME_LIFETIME_MS = 5 * 60_000

/** What a browser sends from a page of ours. */
interface FormSubmission {
  browser: string
  /** Names what the page said. */
  shown: string
}

export class Routes {
  readonly #deps: WebDeps
  readonly #options: RoutesOptions
  readonly #responses: Responses
  readonly #contexts: SignInContexts
  readonly #completer: AttemptCompleter
  readonly #callbackLimiter: CallbackLimiter

  constructor(deps: WebDeps, options: RoutesOptions) {
    this.#deps = deps
    this.#options = options
    this.#responses = new Responses(deps, options)
    this.#contexts = new SignInContexts(deps, options.pathPrefix)
    this.#completer = new AttemptCompleter(deps, this.#contexts)
    this.#callbackLimiter = new CallbackLimiter(deps.clock)
  }

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
    for (const { path, contentType, body } of pages.assetsUnder(pathPrefix)) {
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

  /** What a valid link gets; every other one gets the same 404. */
  async #withContext(
    request: Request,
    answer: (context: SignInContext) => Promise<Response> | Response,
  ): Promise<Response> {
    const uid = await this.#agentUid(request)
    const context = uid === undefined ? undefined : await this.#contexts.resolve(uid)
    return context ? answer(context) : this.#responses.notFound(request)
  }

  /** Of the Agent that the link is for. */
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
    const leads = { accountsURL, popup: view.mode === 'Popup' }
    return this.#responses.html(
      request,
      pages.signInPage(view, negotiatedLanguage(request)),
      200,
      securityHeaders(leads),
    )
  }

  /** What the page tells: what has just happened, if that is proved, else how things stand. */
  #outcomeToShow(request: Request, context: SignInContext, browser: string): pages.Outcome | undefined {
    const { outcome = '', at = '', proof = '' } = request.req.query()
    const recent = Math.abs(this.#deps.clock.now() - Number(at)) <= OUTCOME_LIFETIME_MS
    const what = [browser, tagParam(request), outcome, Number(at)] as const
    // Finished twice at a time, at two replicas: one of them was told that the attempt is over.
    const isBehind = outcome === 'expired' && !context.needed
    if (recent && !isBehind && verifyOutcomeToken(proof, this.#options.keys.all, ...what))
      return outcome as pages.Outcome
    return standingOutcome(context)
  }

  /** The form of the redirect flow. */
  async #startRedirect(request: Request, context: SignInContext): Promise<Response> {
    const own = this.#verifyCsrf(request, context, (await formBody(request)).get('csrf'))
    const key = this.#options.keys.current
    if (!own || !key) return this.#responses.refused(request)
    const { client, signIn, suspended, needed } = context
    const usable = client && signIn.mode === 'Redirect' && !suspended && needed
    // The page said something else than would be noted: it is shown as it stands now.
    if (!usable || own.shown !== consentDigest(context.consent))
      return seeOther(request, this.#pagePath(tagParam(request)))
    const { state, codeChallenge } = await createAuthorizationRequest(this.#deps, context, own.browser, key)
    const { scopes } = context.integration.spec.google
    const { redirectURI } = signIn
    const loginHint = context.agent.spec.account
    return seeOther(request, client.consentURL({ redirectURI, scopes, state, codeChallenge, loginHint }))
  }

  /** What the script of the popup flow hands to Google's. */
  async #startPopup(request: Request, context: SignInContext): Promise<Response> {
    const own = this.#verifyCsrf(request, context, (await jsonBody(request)).csrf)
    const key = this.#options.keys.current
    const { client, signIn, suspended, needed } = context
    const usable = client && signIn.mode === 'Popup' && !suspended && needed
    if (!own || !key || !usable || !isJson(request)) return this.#responses.refused(request)
    // The script loads the page anew.
    if (own.shown !== consentDigest(context.consent)) return request.json({}, 409, securityHeaders())
    const { state } = await createAuthorizationRequest(this.#deps, context, own.browser, key)
    const scope = context.integration.spec.google.scopes.join(' ')
    const answer = { clientID: client.credentials.clientId, scope, loginHint: context.agent.spec.account, state }
    return request.json(answer, 200, securityHeaders())
  }

  /** What Google's window has handed to the script. */
  async #popupCode(request: Request): Promise<Response> {
    const uid = await this.#agentUid(request)
    if (uid === undefined) return this.#responses.notFound(request)
    this.#limitCallbacks(request, uid)
    const context = await this.#contexts.resolve(uid)
    if (!context) return this.#responses.notFound(request)
    const { state, code, error } = await jsonBody(request)
    const own = isJson(request) && isSameOrigin(request, context)
    const opened = own ? await this.#verifyState(state) : undefined
    const fits = opened?.uid === uid && isBoundTo(request, opened, 'Popup')
    const location = fits && (await this.#complete(request, opened, authorizationResponse(code, error)))
    return location ? request.json({ location }, 200, securityHeaders()) : this.#responses.refused(request)
  }

  /** Where Google sends the browser after a redirect. */
  async #callback(request: Request): Promise<Response> {
    const { state, code, error } = request.req.query()
    const opened = await this.#verifyState(state)
    if (!opened) return this.#responses.refused(request)
    request.set('uid', opened.uid)
    this.#limitCallbacks(request, opened.uid)
    const fits = isBoundTo(request, opened, 'Redirect')
    const location = fits && (await this.#complete(request, opened, authorizationResponse(code, error)))
    return location ? seeOther(request, location) : this.#responses.refused(request)
  }

  /** Counts a callback before anything is asked because of it, whatever comes of it. */
  #limitCallbacks(request: Request, uid: string): void {
    const delayMs = this.#callbackLimiter.admit(this.#responses.clientKey(request), uid)
    if (delayMs > 0) throw new TooManyRequestsError(delayMs)
  }

  /** The state, if it is ours. */
  async #verifyState(text: unknown): Promise<OAuthState | undefined> {
    if (typeof text !== 'string') return undefined
    const { keys } = this.#options
    const now = this.#deps.clock.now()
    const state = await openState(text, keys.all, now)
    if (state) return state
    await keys.reloadIfDue()
    return openState(text, keys.all, now)
  }

  /** Lets the attempt come to its end, once; answers where its page is, undefined where it had ended before. */
  async #complete(
    request: Request,
    state: OAuthState,
    answer: AuthorizationResponse | undefined,
  ): Promise<string | undefined> {
    const key = this.#options.keys.current
    const browser = browserId(request)
    if (!answer || !key || browser === undefined) return undefined
    const outcome = await this.#completer.complete(state, answer)
    if (outcome === undefined) return undefined
    const tag = linkTag(state.uid, key) ?? ''
    const at = this.#deps.clock.now()
    const proof = outcomeToken(key, browser, tag, outcome, at)
    return `${this.#pagePath(tag)}?${new URLSearchParams({ outcome, at: String(at), proof }).toString()}`
  }

  /** Undefined where anything speaks against it that a page of ours, in this browser, sends this. */
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

/** Whether the state is of this flow, and of this very browser. */
function isBoundTo(request: Request, state: OAuthState, mode: OAuthState['mode']): boolean {
  const browser = browserId(request)
  return state.mode === mode && browser !== undefined && sha256(browser) === state.browser
}
