/** The state of an agent's grant between two reconciles, as an immutable value with its transitions. Pure. */
import type { StepFailure } from '../failures/step-failure.ts'
import type { Consent } from '../resources/consent.ts'
import type { AuthorizedGrant } from './grant-secret.ts'
import { authorizedGrant, type Grant } from './grant.ts'

/** Renewing a token that is still valid fails for a reason that may pass. */
export interface LateRenewal {
  readonly stepFailure: StepFailure
  /** How many attempts have failed in a row. */
  readonly attempts: number
  /** When it is tried again, by the monotonic clock. */
  readonly until: number
  /** The credentials that the attempts were made with: others may work. */
  readonly credentialsHash: string
}

/** Google refuses the grant. */
export interface GrantRefusal {
  readonly stepFailure: StepFailure
  /** By the monotonic clock. */
  readonly since: number
  readonly likelyCause: string
  /** The token and the credentials that were refused, and the advice in the message. */
  readonly token: string
  readonly credentialsHash: string
  readonly advice: string
}

/** Google refuses to tell whose grant it is. Instants are the monotonic clock's. */
export interface AccountRefusal {
  readonly stepFailure: StepFailure
  readonly since: number
  readonly askAgainAt: number
  /** The refresh token of the grant. */
  readonly token: string
}

/** The grant of one agent, and what Google and the API server answered about it. */
export interface GrantState {
  /** Counts the grants that were used: another number means another grant. */
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
  /** The consent of a grant that is gone: what was read with it may not be published beyond that. */
  readonly lastConsent?: Consent
  /** A grant whose Secret is gone: it is not used, but has to be revoked if the Agent is deleted with `Revoke`. */
  readonly pendingRevocation?: AuthorizedGrant
  /** Google refuses the grant. It is tried again after a pause, or when something that the refusal depends on has changed. */
  readonly refusal?: GrantRefusal
  /** Why the account of the grant is not known. Google is asked again after a pause. */
  readonly accountRefusal?: AccountRefusal
  /** The access token is valid, but should have been renewed by now. */
  readonly lateRenewal?: LateRenewal
  /** How far the time of day was ahead of the monotonic clock when this value was last brought in line with it. */
  readonly timeOfDayOffset?: number
}

/** The state of an agent whose grant was not loaded yet. */
export const NO_GRANT: GrantState = { generation: 0 }

/** What the person has consented to; undefined if no sign-in page was shown. */
export const consentIn = ({ grant, lastConsent }: GrantState): Consent | undefined =>
  grant ? grant.consent : lastConsent

/** Another grant is used: refusals of the one before do not apply to it. */
export const withNewGrant = (state: GrantState, grant: Grant | undefined): GrantState => ({
  ...state,
  grant,
  generation: state.generation + 1,
  refusal: undefined,
  lateRenewal: undefined,
})

/** Our own Secret was read: it holds this grant, or none. */
export function withStoredGrant(before: GrantState, grant: Grant | undefined): GrantState {
  const state = { ...before, lastConsent: before.grant ? before.grant.consent : before.lastConsent }
  const isAnother = before.grant?.refreshToken !== grant?.refreshToken
  return isAnother ? withNewGrant(state, grant) : { ...state, grant }
}

/**
 * Our own Secret was deleted, so the grant is not used any more. When a namespace is deleted, its Secrets may be deleted before
 * its Agents: what has to be revoked is remembered.
 */
export function withPendingRevocation({ grant, ...state }: GrantState): GrantState {
  const kept = { ...state, ownVersion: undefined, suppliedVersion: undefined, unsaved: undefined }
  if (!grant) return kept
  const pendingRevocation = authorizedGrant(grant) ?? state.pendingRevocation
  return { ...kept, pendingRevocation, lastConsent: grant.consent }
}
