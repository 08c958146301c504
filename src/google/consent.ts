/**
 * The URL of Google's consent page (docs/google-behaviour.md#authorization-endpoint; RFC 6749, section 4.1.1; RFC 7636). Pure.
 */
import type { ConsentRequest } from './port.ts'

const PATH = '/o/oauth2/v2/auth'

/** Builds the URL of the consent page. @param accountsUrl its origin. */
export function consentURL(accountsUrl: string, clientId: string, request: ConsentRequest): string {
  const url = new URL(PATH, accountsUrl)
  const parameters = {
    client_id: clientId,
    redirect_uri: request.redirectURI,
    response_type: 'code',
    scope: request.scopes.join(' '),
    access_type: 'offline',
    // Without this, Google returns a refresh token only for the first consent.
    prompt: 'consent',
    state: request.state,
    code_challenge: request.codeChallenge,
    code_challenge_method: 'S256',
    ...(request.loginHint === undefined ? {} : { login_hint: request.loginHint }),
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return url.href
}
