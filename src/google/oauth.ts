/**
 * The token endpoint (OAuth 2.0 for web server applications): exchange, refresh, revoke, and the proof of a client. Requests and answers
 * are built and read here rather than by google-auth-library, whose client keeps state, refreshes by itself and forgets a
 * rotated refresh token.
 */
import { parseRecord } from '../platform/json.ts'
import type { Clock } from '../platform/clock.ts'
import { isClientId } from './client-id.ts'
import { classifyExchange, classifyOAuth, type Refusal } from './classify.ts'
import { GoogleError, type CodeExchange, type OAuthClient, type TokenAnswer } from './port.ts'
import { retryAfterMs } from './retry-after.ts'
import { readTokenAnswer } from './token-answer.ts'
import type { Answer, Transport } from './transport.ts'

export interface OAuthDeps {
  transport: Transport
  clock: Clock
  /** The origin of the token endpoint. */
  oauthUrl: string
}

const DEADLINE_MS = 10_000
/** No token ever looked like this: an answer of `invalid_grant` says that the client itself is right. */
const VERIFICATION_TOKEN = 'calendar-operator-proves-its-client'

const IMPLIES_VALID_CLIENT: readonly string[] = ['InvalidGrant', 'SessionExpired']

export async function refreshToken(deps: OAuthDeps, client: OAuthClient, token: string): Promise<TokenAnswer> {
  const answer = await tokens(deps, client, { refresh_token: token, grant_type: 'refresh_token' })
  return { ...answer, refreshToken: answer.refreshToken === token ? undefined : answer.refreshToken }
}

/** A code for tokens. Sent once: Google counts a code as used even where its answer got lost. */
export async function exchangeCode(deps: OAuthDeps, client: OAuthClient, exchange: CodeExchange): Promise<TokenAnswer> {
  const { code, redirectURI, codeVerifier } = exchange
  const form: Record<string, string> = { code, redirect_uri: redirectURI, grant_type: 'authorization_code' }
  if (codeVerifier !== undefined) form.code_verifier = codeVerifier
  return tokens(deps, client, form, classifyExchange)
}

async function tokens(
  deps: OAuthDeps,
  client: OAuthClient,
  form: Record<string, string>,
  classify = classifyOAuth,
): Promise<TokenAnswer> {
  if (!isClientId(client.clientId)) {
    throw new GoogleError('InvalidRequest', 'the client id has not the form of one, and was not sent')
  }
  const obtainedAt = deps.clock.now()
  const identity = { client_id: client.clientId, client_secret: client.clientSecret }
  const answer = await post(deps, '/token', { ...identity, ...form })
  const body = parseRecord(answer.text)
  if (answer.status !== 200) throw refusal(deps, answer, classify(answer.status, body))
  // Half an answer, or a page of somebody in between.
  if (body === undefined) throw new GoogleError('Unreachable', '200 without a whole answer', { status: 200 })
  return readTokenAnswer(body, obtainedAt)
}

/** Resolves when id and secret are right; fails with what Google says of them otherwise. */
export async function verifyClient(deps: OAuthDeps, client: OAuthClient): Promise<void> {
  try {
    await refreshToken(deps, client, VERIFICATION_TOKEN)
  } catch (error) {
    if (error instanceof GoogleError && IMPLIES_VALID_CLIENT.includes(error.failure)) return
    throw error
  }
}

/** Ends a grant; one that is dead already counts as done. */
export async function revokeToken(deps: OAuthDeps, token: string): Promise<void> {
  const answer = await post(deps, '/revoke', { token })
  if (answer.status === 200) return
  const body = parseRecord(answer.text)
  if (answer.status === 400 && body?.error === 'invalid_token') return
  throw refusal(deps, answer, classifyOAuth(answer.status, body))
}

function post({ transport, oauthUrl }: OAuthDeps, path: string, form: Record<string, string>): Promise<Answer> {
  return transport.send({
    url: new URL(path, oauthUrl),
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: new URLSearchParams(form).toString(),
    deadlineMs: DEADLINE_MS,
  })
}

function refusal({ clock }: OAuthDeps, answer: Answer, { failure, reason }: Refusal): GoogleError {
  const details = { status: answer.status, retryAfterMs: retryAfterMs(answer, clock.now(), failure) }
  return new GoogleError(failure, `${answer.status} ${reason}`, details)
}
