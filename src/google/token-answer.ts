/**
 * Parses a successful answer of the token endpoint. An answer that contains anything unusable is rejected as a whole and requested
 * again. Otherwise, an access token that cannot be sent in a header would be kept for its lifetime, and scopes that do not fit into
 * a status for as long as the grant. Pure. Sources: RFC 6749, section 5.1 and appendix A; docs/google-behaviour.md#token-endpoint.
 */
import { GoogleError, type TokenAnswer } from './port.ts'

/** The lifetime of an access token if Google does not say it. */
const DEFAULT_LIFETIME_S = 3600
/** Google's tokens expire earlier. A wrong number must not become an invalid date. */
const MAX_LIFETIME_S = 24 * 3600
const MAX_GRANT_LIFETIME_S = 10 * 365 * 24 * 3600
const MAX_TOKEN_LENGTH = 4_096
const MAX_SCOPES = 100
const MAX_SCOPE_LENGTH = 256

/** Whether a text can be sent in a header and is no longer than a token. */
export const isUsableToken = (text: string): boolean => text.length <= MAX_TOKEN_LENGTH && /^[\x21-\x7e]+$/.test(text)

/**
 * Parses the answer.
 *
 * @param body the parsed answer.
 * @param obtainedAt when it was requested, in ms since the epoch.
 * @throws GoogleError if the answer cannot be used; the message names the field, never the value.
 */
export function readTokenAnswer(body: Record<string, unknown>, obtainedAt: number): TokenAnswer {
  const accessToken = tokenIn(body, 'access_token')
  if (accessToken === undefined) throw unusable('has no access_token')
  const lifetime = lifetimeIn(body)
  // An invalid end of the grant is ignored, because the grant itself works.
  const grantLifetime = secondsOf(body.refresh_token_expires_in, MAX_GRANT_LIFETIME_S)
  return {
    accessToken,
    obtainedAt,
    expiresAt: obtainedAt + lifetime * 1000,
    refreshToken: tokenIn(body, 'refresh_token'),
    scopes: scopesIn(body),
    grantExpiresAt: grantLifetime === undefined ? undefined : obtainedAt + grantLifetime * 1000,
  }
}

const unusable = (what: string): GoogleError =>
  new GoogleError('Unknown', `the token endpoint's answer ${what}: it is not used`, { status: 200 })

/** The text of a field, trimmed; undefined if it is missing, null or empty. */
function textIn(body: Record<string, unknown>, name: string): string | undefined {
  const value = body[name] ?? undefined
  if (value !== undefined && typeof value !== 'string') throw unusable(`has a ${name} that is not a string`)
  return value?.trim() || undefined
}

function tokenIn(body: Record<string, unknown>, name: string): string | undefined {
  const token = textIn(body, name)
  if (token === undefined || isUsableToken(token)) return token
  throw unusable(
    token.length > MAX_TOKEN_LENGTH
      ? `has a ${name} of ${token.length} characters`
      : `has a ${name} with characters that no token holds`,
  )
}

/** The granted scopes; undefined if the answer does not list them. */
function scopesIn(body: Record<string, unknown>): string[] | undefined {
  const scopes = textIn(body, 'scope')?.split(/\s+/)
  if (scopes === undefined) return undefined
  if (scopes.length > MAX_SCOPES) throw unusable(`names ${scopes.length} scopes`)
  if (scopes.every((scope) => scope.length <= MAX_SCOPE_LENGTH && /^[\x21-\x7e]+$/.test(scope))) return scopes
  throw unusable('names something that is not a scope')
}

/** A missing lifetime means the default; any other value has to be a number of seconds. */
function lifetimeIn({ expires_in: value }: Record<string, unknown>): number {
  if (value === undefined || value === null) return DEFAULT_LIFETIME_S
  const lifetime = secondsOf(value, MAX_LIFETIME_S)
  if (lifetime === undefined) throw unusable('has an expires_in that is not a number of seconds')
  return lifetime
}

function secondsOf(value: unknown, max: number): number | undefined {
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value.trim()) ? Number(value) : value
  return typeof number === 'number' && number > 0 ? Math.min(number, max) : undefined
}
