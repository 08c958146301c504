/** Scopes for signing in, and scopes that a person may untick. */

/** The scopes that only identify a person. */
export const SIGN_IN_SCOPES = new Set([
  'openid',
  'email',
  'profile',
  'https://www.googleapis.com/auth/userinfo.email',
  'https://www.googleapis.com/auth/userinfo.profile',
])

const isSignIn = (scope: string): boolean => SIGN_IN_SCOPES.has(scope)

/** The scopes that the consent page shows with a check box: all but those for signing in, if there is more than one. */
export function optionalScopes(scopes: string[]): string[] {
  const beyond = scopes.filter((scope) => !isSignIn(scope))
  return beyond.length > 1 ? beyond : []
}
