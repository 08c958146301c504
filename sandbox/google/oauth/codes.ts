/** Authorization codes: valid for ten minutes and one use, bound to client, redirect URI and PKCE challenge (docs/google-behaviour.md#authorization-endpoint). */
import { createHash } from 'node:crypto'
import { oauthError } from '../http/errors.ts'
import { freshName, type GoogleState } from '../state/state.ts'
import type { AuthorizationCode, Client } from '../state/oauth-records.ts'

const CODE_LIFE = 600_000

/** Makes an authorization code. */
export function newCode(state: GoogleState, code: Omit<AuthorizationCode, 'value' | 'expiresAt'>): AuthorizationCode {
  const made = { ...code, value: freshName(state, '4/0A', 50), expiresAt: state.now() + CODE_LIFE }
  state.codes.set(made.value, made)
  return made
}

/** Redeems a code. The code is used up even if the exchange fails. @throws Refusal */
export function redeemCode(state: GoogleState, client: Client, form: URLSearchParams): AuthorizationCode {
  const value = form.get('code') ?? ''
  if (!value.startsWith('4/')) throw oauthError(400, 'invalid_grant', 'Malformed auth code.')
  const code = state.codes.get(value)
  state.codes.delete(value)
  if (code?.client !== client.clientId) throw oauthError(400, 'invalid_grant', 'Bad Request')
  if (code.expiresAt <= state.now()) throw oauthError(400, 'invalid_grant', 'Bad Request')
  if (form.get('redirect_uri') !== code.redirectUri) throw oauthError(400, 'redirect_uri_mismatch', 'Bad Request')
  checkVerifier(code, form.get('code_verifier'))
  return code
}

function checkVerifier(code: AuthorizationCode, verifier: string | null): void {
  if (!code.challenge) return
  if (!verifier) throw oauthError(400, 'invalid_grant', 'Missing code verifier.')
  const { method, value } = code.challenge
  const answer = method === 'S256' ? createHash('sha256').update(verifier).digest('base64url') : verifier
  if (answer !== value) throw oauthError(400, 'invalid_grant', 'Invalid code verifier.')
}
