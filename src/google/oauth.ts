/**
 * The requests to the token endpoint (docs/google-behaviour.md#token-endpoint; RFC 6749, sections 4.1.3, 5 and 6), which exchange
 * codes, refresh tokens and verify clients, and to the revocation endpoint (RFC 7009). google-auth-library is not used, because its
 * client keeps state, refreshes by itself, and discards a rotated refresh token.
 */
import { timeOfDay, type Clock } from '../platform/clock.ts'
import { parseRecord } from '../platform/json.ts'
import { isClientId } from './client-id.ts'
import { classifyExchange, classifyOAuth, type ClassifiedError } from './classify.ts'
import { GoogleError, type CodeExchange, type OAuthClient, type TokenAnswer } from './port.ts'
import { retryAfterMs } from './retry-after.ts'
import { readTokenAnswer } from './token-answer.ts'
import type { Answer, Transport } from './transport.ts'

/** What requests to the token endpoint need. */
export interface OAuthDeps {
  transport: Transport
  clock: Clock
  /** The origin of the token endpoint. */
  oauthUrl: string
}

const DEADLINE_MS = 10_000
/** Not a token that Google issues: the answer `invalid_grant` shows that the client is valid. */
const VERIFICATION_TOKEN = 'calendar-operator-proves-its-client'

const IMPLIES_VALID_CLIENT: readonly string[] = ['InvalidGrant', 'SessionExpired']

/** Refreshes an access token. In the result, `refreshToken` is set only if Google rotated it. @throws GoogleError */
export async function refreshToken(deps: OAuthDeps, client: OAuthClient, token: string): Promise<TokenAnswer> {
  const answer = await tokens(deps, client, { refresh_token: token, grant_type: 'refresh_token' })
  return { ...answer, refreshToken: answer.refreshToken === token ? undefined : answer.refreshToken }
}

/** Exchanges a code for tokens. The code is sent once: Google treats it as used even if the answer was lost. @throws GoogleError */
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
    throw new GoogleError('InvalidRequest', 'the client id does not have the form of one, and was not sent')
  }
  const [askedAt, startedAt] = [deps.clock.now(), deps.clock.monotonic()]
  const identity = { client_id: client.clientId, client_secret: client.clientSecret }
  const answer = await post(deps, '/token', { ...identity, ...form })
  const body = parseRecord(answer.text)
  if (answer.status !== 200) throw googleErrorOf(deps, answer, classify(answer.status, body))
  // A truncated answer, or the page of a proxy.
  if (body === undefined) throw new GoogleError('Unreachable', '200 with an incomplete answer', { status: 200 })
  // If the time of day was set back meanwhile, `askedAt` is too late: the token would be published as valid for too long.
  return readTokenAnswer(body, Math.min(askedAt, timeOfDay(deps.clock, startedAt)))
}

/** Resolves if the client id and the client secret belong together. @throws GoogleError with Google's answer otherwise. */
export async function verifyClient(deps: OAuthDeps, client: OAuthClient): Promise<void> {
  try {
    await refreshToken(deps, client, VERIFICATION_TOKEN)
  } catch (error) {
    if (error instanceof GoogleError && IMPLIES_VALID_CLIENT.includes(error.failure)) return
    throw error
  }
}

/** Revokes a grant. A token that is no longer valid counts as revoked (docs/google-behaviour.md#revocation). @throws GoogleError */
export async function revokeToken(deps: OAuthDeps, token: string): Promise<void> {
  const answer = await post(deps, '/revoke', { token })
  if (answer.status === 200) return
  const body = parseRecord(answer.text)
  if (answer.status === 400 && body?.error === 'invalid_token') return
  throw googleErrorOf(deps, answer, classifyOAuth(answer.status, body))
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

function googleErrorOf({ clock }: OAuthDeps, answer: Answer, { failure, reason }: ClassifiedError): GoogleError {
  const details = { status: answer.status, retryAfterMs: retryAfterMs(answer, clock.now(), failure) }
  return new GoogleError(failure, `${answer.status} ${reason}`, details)
}
