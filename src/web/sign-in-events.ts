/**
 * What the cluster is told of a sign-in that came to nothing: an Event, so that whoever handed the link out learns why. It
 * names nobody and nothing but what happened. Whoever has a link can cause them, so each Agent has a few, and the Events of
 * its conditions are not counted with them.
 */
import type { Agent } from '../resources/types.ts'
import { SIGN_IN_FAILED } from '../resources/names.ts'
import type { Outcome } from './pages/pages.ts'
import type { WebDeps } from './port.ts'
import { KeyedRateLimiter, TOLD_FAILURES } from './rate-limits.ts'

const NOTHING_STORED = 'Nothing was stored, and the link stays good.'

/** A made-up or late code is nobody's sign-in, and has none. */
const MESSAGES: Partial<Record<Outcome, string>> = {
  denied: 'Access was not allowed on Google’s page.',
  'wrong-account': 'Somebody signed in with another Google account than spec.account names.',
  'scope-missing':
    'On Google’s page not every permission was ticked that spec.google.scopes of the integration asks for.',
  'no-refresh-token':
    'Google gave no refresh token: have the person remove the app’s access in their Google account first.',
  'settings-not-in-effect':
    'Google refused the OAuth client, what is registered for it, or its scopes: compare status.signIn of the integration with the client at Google; changes there take up to a few hours.',
  'blocked-by-admin':
    'An administrator of the account’s Google Workspace organisation blocks the app: they can allow status.clientID of the integration.',
  'not-a-member': 'The app is Internal, and the account that was chosen is not of its organisation.',
  'google-unreachable': 'Google could not be asked.',
}

export class SignInEvents {
  readonly #cluster: Pick<WebDeps['cluster'], 'recordEvent'>
  readonly #limiter: KeyedRateLimiter

  constructor({ cluster, clock }: Pick<WebDeps, 'cluster' | 'clock'>) {
    this.#cluster = cluster
    this.#limiter = new KeyedRateLimiter(clock, TOLD_FAILURES)
  }

  record(regarding: Agent, outcome: Outcome): void {
    const what = MESSAGES[outcome]
    if (what === undefined || !this.#limiter.tryAcquire(regarding.metadata.uid ?? '')) return
    const note = `${what} ${NOTHING_STORED}`
    this.#cluster.recordEvent({ regarding, type: 'Warning', reason: SIGN_IN_FAILED, action: 'SignIn', note })
  }
}
