/**
 * The address of Google's page of consent (OAuth 2.0 for web server applications, "Redirect to Google's OAuth 2.0 server").
 * Pure.
 */
import type { ConsentRequest } from './port.ts'

const PATH = '/o/oauth2/v2/auth'

/** @param accountsUrl the origin at which Google asks people. */
export function consentURL(accountsUrl: string, clientId: string, request: ConsentRequest): string {
  const url = new URL(PATH, accountsUrl)
  const parameters = {
    client_id: clientId,
    redirect_uri: request.redirectURI,
    response_type: 'code',
    scope: request.scopes.join(' '),
    access_type: 'offline',
    // Without it, Google gives a refresh token at the first consent only.
    prompt: 'consent',
    state: request.state,
    code_challenge: request.codeChallenge,
    code_challenge_method: 'S256',
    ...(request.loginHint === undefined ? {} : { login_hint: request.loginHint }),
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return url.href
}
