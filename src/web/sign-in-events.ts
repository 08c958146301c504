/**
 * Records a failed sign-in as an Event on the Agent, so that whoever handed out the link learns why it failed. The Event names
 * no person. Anybody with a link can cause these Events, so they are limited per Agent, separately from the Events of its
 * conditions.
 */
import type { Agent } from '../resources/types.ts'
import { SIGN_IN_FAILED } from '../resources/names.ts'
import type { Outcome } from './pages/pages.ts'
import type { WebDeps } from './port.ts'
import { KeyedRateLimiter } from '../rate-limit/keyed-rate-limiter.ts'
import { FAILURE_REPORTS } from './rate-limits.ts'

const NOTHING_STORED = 'Nothing was stored, and the link stays valid.'

/** Outcomes without a message get no Event: an invented or expired code is not a sign-in. */
const MESSAGES: Partial<Record<Outcome, string>> = {
  denied: 'Access was not allowed on Google’s page.',
  'wrong-account': 'Somebody signed in with another Google account, not with spec.account.',
  'scope-missing':
    'On Google’s page, not every permission that spec.google.scopes of the integration asks for was ticked.',
  'no-refresh-token':
    'Google gave no refresh token: have the person remove the app’s access in their Google account first.',
  'settings-not-in-effect':
    'Google refused the OAuth client, what is registered for it, or its scopes: compare status.signIn of the integration with the client at Google; changes there take up to a few hours.',
  'blocked-by-admin':
    'An administrator of the account’s Google Workspace organisation blocks the app: they can allow status.clientID of the integration.',
  'not-a-member': 'The app is Internal, and the chosen account does not belong to its organisation.',
  'google-unreachable': 'Google could not be reached.',
}

/** Records failed sign-ins as Events. */
export class SignInEvents {
  readonly #cluster: Pick<WebDeps['cluster'], 'recordEvent'>
  readonly #limiter: KeyedRateLimiter

  constructor({ cluster, clock }: Pick<WebDeps, 'cluster' | 'clock'>) {
    this.#cluster = cluster
    this.#limiter = new KeyedRateLimiter(clock, FAILURE_REPORTS)
  }

  /** Records the outcome, if it is a failure and the Agent has had few Events lately. */
  record(regarding: Agent, outcome: Outcome): void {
    const what = MESSAGES[outcome]
    if (what === undefined || !this.#limiter.tryAcquire(regarding.metadata.uid ?? '')) return
    const note = `${what} ${NOTHING_STORED}`
    this.#cluster.recordEvent({ regarding, type: 'Warning', reason: SIGN_IN_FAILED, action: 'SignIn', note })
  }
}
