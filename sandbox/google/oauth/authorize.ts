/**
 * The authorization endpoint (docs/google-behaviour.md#authorization-endpoint): checks whose errors are shown on Google's own
 * page and never redirected, the consent page, and the person's decision.
 */
import { ControlError, type Reply } from '../http/errors.ts'
import type { Call } from '../http/call.ts'
import type { GoogleState } from '../state/state.ts'
import { newCode } from './codes.ts'
import { consentPage, errorPage, handBackPage } from './consent-pages.ts'
import { consentObstacle, isAlive } from './grants.ts'
import type { Account, AuthorizationRequest, Client } from '../state/oauth-records.ts'
import { optionalScopes } from './scopes.ts'

/** An error that only the person sees, on Google's own page. */
class PageError extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** What a person decides on the consent page. */
export interface Decision {
  account: string
  /** By default all requested scopes. */
  scopes?: string[]
  deny?: boolean
}

/** The result of a decision: parameters for the redirect, or for the page that opened the popup. */
export interface Outcome {
  target: AuthorizationRequest['target']
  params: URLSearchParams
}

const GOOGLE_SCOPE = /^(openid|email|profile|https:\/\/www\.googleapis\.com\/auth\/[a-z0-9._-]+)$/

/** Checks a request of the authorization endpoint. @throws PageError */
export function checkRequest(state: GoogleState, query: URLSearchParams): AuthorizationRequest {
  const client = checkClient(state, query)
  const target = checkTarget(client, query)
  if (query.get('response_type') !== 'code') {
    throw new PageError(400, 'invalid_request', 'Required parameter response_type must be "code" here.')
  }
  const scopes = (query.get('scope') ?? '').split(' ').filter((scope) => scope !== '')
  if (scopes.length === 0) throw new PageError(400, 'invalid_request', 'Missing required parameter: scope')
  const odd = scopes.find((scope) => !GOOGLE_SCOPE.test(scope))
  if (odd !== undefined) throw new PageError(400, 'invalid_scope', `Some requested scopes were invalid: ${odd}`)
  const method = query.get('code_challenge_method')
  if (method !== null && method !== 'S256' && method !== 'plain') {
    throw new PageError(400, 'invalid_request', 'Invalid code_challenge_method')
  }
  return { client, query, scopes, target }
}

function checkClient(state: GoogleState, query: URLSearchParams): Client {
  const id = query.get('client_id')
  if (!id) throw new PageError(400, 'invalid_request', 'Missing required parameter: client_id')
  const client = state.clients.get(id)
  if (!client) throw new PageError(401, 'invalid_client', 'The OAuth client was not found.')
  if (client.state === 'deleted') throw new PageError(401, 'deleted_client', 'The OAuth client was deleted.')
  if (client.state === 'disabled') throw new PageError(403, 'disabled_client', 'The OAuth client was disabled.')
  return client
}

/** A redirect URI must equal a registered one exactly. The page that opens a popup must have a registered origin. */
function checkTarget(client: Client, query: URLSearchParams): AuthorizationRequest['target'] {
  const redirectUri = query.get('redirect_uri')
  if (!redirectUri) throw new PageError(400, 'invalid_request', 'Missing required parameter: redirect_uri')
  if (redirectUri !== 'postmessage' && !redirectUri.startsWith('storagerelay://')) {
    if (client.redirectUris.includes(redirectUri)) return { redirectUri }
    const message = `The redirect URI in the request, ${redirectUri}, does not match the ones authorized for the OAuth client.`
    throw new PageError(400, 'redirect_uri_mismatch', message)
  }
  const origin = query.get('origin') ?? ''
  if (client.javascriptOrigins.includes(origin)) return { origin }
  const message = `The JavaScript origin in the request, ${origin}, does not match the ones authorized for the OAuth client.`
  throw new PageError(400, 'origin_mismatch', message)
}

/** Computes the result of a person's decision. @throws PageError if their account may not consent. */
export function decide(state: GoogleState, request: AuthorizationRequest, decision: Decision): Outcome {
  const params = new URLSearchParams()
  const echoed = request.query.get('state')
  if (echoed !== null) params.set('state', echoed)
  if (decision.deny) {
    params.set('error', 'access_denied')
    return { target: request.target, params }
  }
  const account = state.accounts.get(decision.account.toLowerCase())
  if (!account || account.deleted) throw new PageError(400, 'invalid_account', 'There is no such Google account.')
  checkObstacle(state, request.client, account)
  const scopes = grantedScopes(state, request, { account, ticked: decision.scopes })
  const code = newCode(state, {
    client: request.client.clientId,
    account: account.email,
    scopes,
    redirectUri: 'redirectUri' in request.target ? request.target.redirectUri : 'postmessage',
    ...challengeOf(request.query),
    offline: wantsRefreshToken(state, request, account),
  })
  params.set('code', code.value)
  params.set('scope', scopes.join(' '))
  params.set('authuser', '0')
  if (account.org !== undefined) params.set('hd', account.org)
  params.set('prompt', request.query.get('prompt') ?? 'consent')
  return { target: request.target, params }
}

const OBSTACLES: Record<string, [number, string]> = {
  admin_policy_enforced: [400, 'Access blocked: your organisation’s administrator must review this app.'],
  org_internal: [403, 'Access blocked: this app can only be used within its organisation.'],
  access_denied: [403, 'Access blocked: this app has not completed verification, and you are no listed test user.'],
}

function checkObstacle(state: GoogleState, client: Client, account: Account): void {
  const code = consentObstacle(state, client, account)
  if (code === undefined) return
  const [status, message] = OBSTACLES[code] ?? [400, code]
  throw new PageError(status, code, message)
}

function grantedScopes(
  state: GoogleState,
  request: AuthorizationRequest,
  consent: { account: Account; ticked: string[] | undefined },
): string[] {
  const { ticked, account } = consent
  const optional = new Set(optionalScopes(request.scopes))
  const now = request.scopes.filter((scope) => !optional.has(scope) || !ticked || ticked.includes(scope))
  if (request.query.get('include_granted_scopes') !== 'true') return now
  return [...new Set([...now, ...liveGrants(state, request.client, account).flatMap((grant) => grant.scopes)])]
}

const liveGrants = (state: GoogleState, client: Client, account: Account) =>
  account.grants.filter((grant) => grant.client === client.clientId && isAlive(grant, state.now()))

/** Whether a refresh token is given: for offline access, at the first or a forced consent. */
function wantsRefreshToken(state: GoogleState, request: AuthorizationRequest, account: Account): boolean {
  if (request.query.get('access_type') !== 'offline') return false
  const forced = (request.query.get('prompt') ?? '').split(' ').includes('consent')
  const known = new Set(liveGrants(state, request.client, account).flatMap((grant) => grant.scopes))
  return forced || !request.scopes.every((scope) => known.has(scope))
}

function challengeOf(query: URLSearchParams): { challenge?: { value: string; method: 'S256' | 'plain' } } {
  const value = query.get('code_challenge')
  if (value === null) return {}
  return { challenge: { value, method: query.get('code_challenge_method') === 'S256' ? 'S256' : 'plain' } }
}

/** Answers the GET with the consent page. */
export function authorizeEndpoint(state: GoogleState, call: Call): Reply {
  return orErrorPage(() => {
    if (/; wv\)/.test(call.headers['user-agent'] ?? '')) {
      throw new PageError(403, 'disallowed_useragent', 'This browser is embedded in an app and can’t be used.')
    }
    return consentPage(state, checkRequest(state, call.query))
  })
}

/** Answers the POST of the consent page. */
export function decideEndpoint(state: GoogleState, call: Call): Reply {
  return orErrorPage(() => {
    const form = call.form()
    const request = checkRequest(state, new URLSearchParams(form.get('request') ?? ''))
    const outcome = decide(state, request, {
      account: form.get('account') ?? '',
      scopes: form.getAll('scope'),
      deny: form.get('decision') !== 'allow',
    })
    if ('origin' in outcome.target) return handBackPage(outcome.target.origin, outcome.params)
    return { status: 302, headers: { location: redirectTo(outcome.target.redirectUri, outcome.params) }, body: '' }
  })
}

function redirectTo(uri: string, params: URLSearchParams): string {
  const url = new URL(uri)
  for (const [name, value] of params) url.searchParams.set(name, value)
  return url.href
}

function orErrorPage(make: () => Reply): Reply {
  try {
    return make()
  } catch (error) {
    if (error instanceof PageError) return errorPage(error.status, error.code, error.message)
    throw error
  }
}

/** A sign-in without a browser. */
export interface SignIn extends Omit<Decision, 'scopes'> {
  /** The URL that the application sends the person to. */
  url: string
  /** The scopes that the person unticks. */
  untick?: string[]
}

/** What a person sees or sends in the end. */
export type SignInResult =
  | { redirect: string }
  | { popup: { origin: string; params: Record<string, string> } }
  | { page: { status: number; error: string; message: string } }

/** Plays a person who opens the URL of a sign-in and decides. */
export function signIn(state: GoogleState, { url, untick = [], ...decision }: SignIn): SignInResult {
  if (!URL.canParse(url)) throw new ControlError('"url" must be the address that the application sends people to')
  try {
    const request = checkRequest(state, new URL(url).searchParams)
    const scopes = request.scopes.filter((scope) => !untick.includes(scope))
    const { target, params } = decide(state, request, { ...decision, scopes })
    if ('redirectUri' in target) return { redirect: redirectTo(target.redirectUri, params) }
    return { popup: { origin: target.origin, params: Object.fromEntries(params) } }
  } catch (error) {
    if (error instanceof PageError) return { page: { status: error.status, error: error.code, message: error.message } }
    throw error
  }
}
