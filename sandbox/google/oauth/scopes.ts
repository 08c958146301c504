/** Which scopes a person may leave out. */

export const SIGN_IN_SCOPES = new Set([
  'openid',
  'email',
  'profile',
  'https://www.googleapis.com/auth/userinfo.email',
  'https://www.googleapis.com/auth/userinfo.profile',
])

const isSignIn = (scope: string): boolean => SIGN_IN_SCOPES.has(scope)

/** Scopes that the page shows with a check box: with more than one beyond signing in, each can be left out. */
export function optionalScopes(scopes: string[]): string[] {
  const beyond = scopes.filter((scope) => !isSignIn(scope))
  return beyond.length > 1 ? beyond : []
}
