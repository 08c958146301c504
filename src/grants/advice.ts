/**
 * Advice on how to grant access, or to grant it again: on the sign-in page if there is one, or in the Secret if the grant is
 * supplied.
 */
import { findCondition } from '../resources/conditions.ts'
import type { Agent, CalendarIntegration } from '../resources/types.ts'
import { asksForNoWriteScope } from '../resources/write-scopes.ts'
import type { TokenDeps } from './port.ts'

type LinkDeps = Pick<TokenDeps, 'signInURL'>

/** The page on which this agent's person signs in. A supplied grant is not renewed there, nor one that could not be sufficient. */
export function signInURL(deps: LinkDeps, agent: Agent, integration: CalendarIntegration): string | undefined {
  const isSiteAccepted = findCondition(integration.status?.conditions, 'SiteAccepted')?.status !== 'False'
  return agent.spec.grantSecretRef || !isSiteAccepted || asksForNoWriteScope(agent, integration)
    ? undefined
    : deps.signInURL(agent, integration.spec.google.siteURI)
}

/** What to do about a grant that ends, has ended or is not sufficient, as the second half of a sentence. */
export function renewalAdvice(deps: LinkDeps, agent: Agent, integration: CalendarIntegration): string {
  const { grantSecretRef } = agent.spec
  if (grantSecretRef) {
    return `have the account grant access again and put the new refresh token into Secret ${grantSecretRef.name}, which spec.grantSecretRef names`
  }
  const url = signInURL(deps, agent, integration)
  if (url !== undefined) return `have the person open ${url} and sign in again`
  return 'have the account grant access again, put the new refresh token into a Secret under the key refresh_token, and name it in spec.grantSecretRef'
}

/** What to do if there is no grant yet. */
export function firstAdvice(deps: LinkDeps, agent: Agent, integration: CalendarIntegration): string {
  const url = signInURL(deps, agent, integration)
  if (url !== undefined) return `Nobody has signed in yet: have the person open ${url} and sign in with Google.`
  return 'Nobody has granted access yet: put a refresh token of the account into a Secret, under the key refresh_token, and name it in spec.grantSecretRef.'
}

/** What to do if the spec asks for more than the person consented to. */
export function consentAdvice(deps: LinkDeps, agent: Agent, integration: CalendarIntegration): string {
  const url = signInURL(deps, agent, integration)
  const narrow = 'take it out of the spec again'
  return url === undefined
    ? `${narrow}, because no sign-in page is served`
    : `have the person open ${url}, or ${narrow}`
}
