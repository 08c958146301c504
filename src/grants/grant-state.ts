/** What is known of an agent's grant between two reconciles, as a value, and the changes that it goes through. Pure. */
import type { StepFailure } from '../failures/step-failure.ts'
import type { Consent } from '../resources/consent.ts'
import type { AuthorizedGrant } from './grant-secret.ts'
import { authorizedGrant, type Grant } from './grant.ts'

/** Renewing an access token ahead of its time fails for a reason that may pass. */
export interface LateRenewal {
  readonly stepFailure: StepFailure
  /** How often in a row. */
  readonly attempts: number
  /** When it is tried again, by the monotonic clock. */
  readonly until: number
  /** The credentials that it was tried with: other credentials may fare better. */
  readonly credentialsHash: string
}

/** Google refuses the grant. */
export interface Refusal {
  readonly stepFailure: StepFailure
  /** By the monotonic clock. */
  readonly since: number
  readonly likelyCause: string
  /** The token and the credentials that were refused, and what the message advises. */
  readonly token: string
  readonly credentialsHash: string
  readonly advice: string
}

/** Google refuses to tell whose grant it is. Instants are the monotonic clock's. */
export interface AccountRefusal {
  readonly stepFailure: StepFailure
  readonly since: number
  readonly askAgainAt: number
  /** The grant that it was about. */
  readonly token: string
}

/** The grant of one agent, and what Google and the API server said about it. */
export interface GrantState {
  /** Counts the grants that were taken into use: another number means another grant, most likely just signed in. */
  readonly generation: number
  /** The versions of the two Secrets that `grant` was read from. */
  readonly ownVersion?: string
  readonly suppliedVersion?: string
  /** The refresh token that our own Secret holds. */
  readonly ownToken?: string
  readonly grant?: Grant
  /** Why the grant could not be written to our own Secret: it is used from memory. */
  readonly unsaved?: StepFailure
  /** What had to be corrected in the supplied Secret, as a sentence. */
  readonly suppliedRemark?: string
  /** The consent that belonged to a grant that is gone: what was read under it may not be published beyond that. */
  readonly lastConsent?: Consent
  /** A grant whose Secret is gone: nothing uses it, but an Agent that is deleted may have to revoke it. */
  readonly pendingRevocation?: AuthorizedGrant
  /** Google refuses the grant: it is not asked again before its time, unless what the refusal depends on has changed. */
  readonly refusal?: Refusal
  /** Why nobody knows the account of the grant: Google is not asked again before its time. */
  readonly accountRefusal?: AccountRefusal
  /** The access token is good, but should have been renewed by now. */
  readonly lateRenewal?: LateRenewal
  /** How far the time of day was ahead of the monotonic clock when this value was last brought in line with it. */
  readonly timeOfDayOffset?: number
}

/** The state of an agent of whose grant nothing is known. */
export const NO_GRANT: GrantState = { generation: 0 }

/** How far the person has consented; undefined where no page was shown. */
export const consentIn = ({ grant, lastConsent }: GrantState): Consent | undefined =>
  grant ? grant.consent : lastConsent

/** Another grant is taken into use: what was refused to the one before says nothing about it. */
export const withNewGrant = (state: GrantState, grant: Grant | undefined): GrantState => ({
  ...state,
  grant,
  generation: state.generation + 1,
  refusal: undefined,
  lateRenewal: undefined,
})

/** The grant that our own Secret holds now; undefined where it holds none. */
export function withStoredGrant(before: GrantState, grant: Grant | undefined): GrantState {
  const state = { ...before, lastConsent: before.grant ? before.grant.consent : before.lastConsent }
  const isAnother = before.grant?.refreshToken !== grant?.refreshToken
  return isAnother ? withNewGrant(state, grant) : { ...state, grant }
}

/**
 * Our own Secret is gone, and with it the grant. A namespace that is deleted loses its Secrets and its Agents in any order:
 * what is to be revoked stays known.
 */
export function withdrawn({ grant, ...state }: GrantState): GrantState {
  const kept = { ...state, ownVersion: undefined, suppliedVersion: undefined, unsaved: undefined }
  if (!grant) return kept
  const pendingRevocation = authorizedGrant(grant) ?? state.pendingRevocation
  return { ...kept, pendingRevocation, lastConsent: grant.consent }
}
