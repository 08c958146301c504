/** POST /token, POST /revoke, GET /tokeninfo (docs/google-behaviour.md#token-endpoint and docs/google-behaviour.md#revocation). */
import { json, oauthError, type Reply } from '../http/errors.ts'
import type { Call } from '../http/call.ts'
import type { GoogleState } from '../state/state.ts'
import { authenticateClient } from './clients.ts'
import { redeemCode } from './codes.ts'
import { endedAt, isAlive, isRestricted, endGrant, newAccessToken, newGrant, rotate } from './grants.ts'
import type { AccessToken, Client, Grant } from '../state/oauth-records.ts'

// How long Google calls an ended token expired or revoked. Later it says only "Bad Request".
const REMEMBERED_DEATH = 12 * 3_600_000

/** Answers an exchange of a code or a refresh. */
export function tokenEndpoint(state: GoogleState, call: Call): Reply {
  const form = call.form()
  const grantType = form.get('grant_type')
  if (grantType !== 'refresh_token' && grantType !== 'authorization_code') {
    throw oauthError(400, 'unsupported_grant_type', `Invalid grant_type: ${grantType ?? ''}`)
  }
  const client = authenticateClient(state, form.get('client_id'), form.get('client_secret'))
  return grantType === 'refresh_token' ? refresh(state, client, form) : exchange(state, client, form)
}

function refresh(state: GoogleState, client: Client, form: URLSearchParams): Reply {
  const value = form.get('refresh_token')
  if (!value) throw oauthError(400, 'invalid_request', 'Missing required parameter: refresh_token')
  const grant = state.refreshTokens.get(value)
  if (!grant) throw oauthError(400, 'invalid_grant', 'Bad Request')
  if (grant.client !== client.clientId) throw oauthError(401, 'unauthorized_client', 'Unauthorized')
  checkGrant(state, grant)
  const now = state.now()
  grant.lastUsedAt = now
  const token = newAccessToken(state, { client: grant.client, account: grant.account, scopes: grant.scopes, grant })
  const rotated = state.switches.rotateRefreshTokens ? { refresh_token: rotate(state, grant, value) } : {}
  return answer(state, token, rotated)
}

function checkGrant(state: GoogleState, grant: Grant): void {
  const account = state.accounts.get(grant.account)
  if (!account || account.deleted) throw oauthError(400, 'invalid_grant', 'Account has been deleted')
  const now = state.now()
  const ended = endedAt(grant, now)
  if (ended !== undefined) {
    const remembered = now - ended < REMEMBERED_DEATH
    throw oauthError(400, 'invalid_grant', remembered ? 'Token has been expired or revoked.' : 'Bad Request')
  }
  if (isRestricted(state, grant.client, account)) {
    throw oauthError(400, 'admin_policy_enforced', 'Access to the requested scopes is blocked by the administrator.')
  }
  if (grant.rapt) throw oauthError(400, 'invalid_grant', 'reauth related error (invalid_rapt)', grant.rapt)
}

function exchange(state: GoogleState, client: Client, form: URLSearchParams): Reply {
  if (!form.get('code')) throw oauthError(400, 'invalid_request', 'Missing required parameter: code')
  const code = redeemCode(state, client, form)
  const { account, scopes } = code
  const owner = { client: client.clientId, account, scopes }
  if (!code.offline) return answer(state, newAccessToken(state, owner), {})
  const grant = newGrant(state, owner)
  return answer(state, newAccessToken(state, { ...owner, grant }), { refresh_token: grant.refreshToken })
}

function answer(state: GoogleState, token: AccessToken, extra: Record<string, unknown>): Reply {
  const body: Record<string, unknown> = {
    access_token: token.value,
    expires_in: state.switches.accessTokenLifetime,
    ...extra,
    scope: token.scopes.join(' '),
    token_type: 'Bearer',
  }
  const end = token.grant?.expiresAt
  if (state.switches.reportRefreshExpiry && end !== undefined) {
    body.refresh_token_expires_in = Math.max(0, Math.floor((end - state.now() - 1) / 1000))
  }
  return json(body)
}

/** Revokes a refresh token, or an access token together with its refresh token. It needs no client. */
export function revokeEndpoint(state: GoogleState, call: Call): Reply {
  const value = call.query.get('token') ?? call.form().get('token')
  if (!value) throw oauthError(400, 'invalid_request', 'Missing required parameter: token')
  const grant = state.refreshTokens.get(value)
  const token = state.accessTokens.get(value)
  if (grant && isAlive(grant, state.now())) endGrant(state, grant)
  else if (token && token.expiresAt > state.now()) endAccess(state, token)
  else throw oauthError(400, 'invalid_token', 'Token expired or revoked')
  return json({})
}

function endAccess(state: GoogleState, token: AccessToken): void {
  state.accessTokens.delete(token.value)
  if (token.grant) endGrant(state, token.grant)
}

/** Answers what an access token is. */
export function tokenInfo(state: GoogleState, call: Call): Reply {
  const token = state.accessTokens.get(call.bearer() ?? call.form().get('access_token') ?? '')
  if (!token || token.expiresAt <= state.now()) throw oauthError(400, 'invalid_token', 'Invalid Value')
  const withEmail = token.scopes.some((scope) => scope === 'email' || scope.endsWith('/userinfo.email'))
  return json({
    azp: token.client,
    aud: token.client,
    scope: token.scopes.join(' '),
    exp: String(Math.floor(token.expiresAt / 1000)),
    expires_in: String(Math.floor((token.expiresAt - state.now()) / 1000)),
    access_type: token.grant ? 'offline' : 'online',
    ...(withEmail ? { email: token.account, email_verified: 'true' } : {}),
  })
}
