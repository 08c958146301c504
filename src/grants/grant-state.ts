/** The state of an agent's grant between two reconciles, as an immutable value with its transitions. Pure. */
import type { StepFailure } from '../failures/step-failure.ts'
import type { Consent } from '../resources/consent.ts'
import type { AuthorizedGrant } from './grant-secret.ts'
import { authorizedGrant, type Grant } from './grant.ts'

/** The renewal of a token that is still valid has failed for a reason that may pass. */
interface LateRenewal {
  readonly stepFailure: StepFailure
  /** How many attempts have failed in a row. */
  readonly attempts: number
  /** When it is retried, by the monotonic clock. */
  readonly until: number
  /** The credentials that the attempts were made with; other credentials may work. */
  readonly credentialsHash: string
}

/** Google refuses the grant. */
interface GrantRefusal {
  readonly stepFailure: StepFailure
  /** By the monotonic clock. */
  readonly since: number
  readonly likelyCause: string
  /** The credentials that were refused, and the advice in the message. */
  readonly credentialsHash: string
  readonly advice: string
}

/** Google does not say which account the grant belongs to. Instants are those of the monotonic clock. */
interface AccountRefusal {
  readonly stepFailure: StepFailure
  readonly since: number
  readonly askAgainAt: number
  /** The refresh token of the grant. */
  readonly token: string
}

/** The grant of one agent, and what Google and the API server answered about it. */
export interface GrantState {
  /** Increases with each new grant: another number means another grant. */
  readonly generation: number
  /** The versions of the two Secrets that `grant` was read from. */
  readonly ownVersion?: string
  readonly suppliedVersion?: string
  /** The refresh token that our own Secret holds. */
  readonly ownToken?: string
  readonly grant?: Grant
  /** Why the grant could not be written to our own Secret: it is used from memory. */
  readonly unsaved?: StepFailure
  /** What had to be corrected when the supplied Secret was read, as a sentence. */
  readonly suppliedRemark?: string
  /** The consent of a grant that is gone: what was read with that grant must not be published beyond it. */
  readonly lastConsent?: Consent
  /** A grant whose Secret is gone. It is not used, but must be revoked if the Agent is deleted with `Revoke`. */
  readonly pendingRevocation?: AuthorizedGrant
  /** Google refuses the grant. It is tried again after a pause, or when something that the refusal depends on has changed. */
  readonly refusal?: GrantRefusal
  /** Why the account of the grant is not known. Google is asked again after a pause. */
  readonly accountRefusal?: AccountRefusal
  /** The access token is valid, but should have been renewed by now. */
  readonly lateRenewal?: LateRenewal
  /** How far the time of day was ahead of the monotonic clock when this state was last aligned with it, in ms. */
  readonly timeOfDayOffset?: number
}

/**
 * The state of an agent whose grant has not been loaded yet. It has all fields, and each transition spreads the state before: if one
 * is added to a copy, or left out of it, V8 makes a hidden class for each single state, which needs twice as much memory as the state.
 */
export const NO_GRANT: GrantState = {
  generation: 0,
  ownVersion: undefined,
  suppliedVersion: undefined,
  ownToken: undefined,
  grant: undefined,
  unsaved: undefined,
  suppliedRemark: undefined,
  lastConsent: undefined,
  pendingRevocation: undefined,
  refusal: undefined,
  accountRefusal: undefined,
  lateRenewal: undefined,
  timeOfDayOffset: undefined,
}

/** What the person has consented to; undefined if no sign-in page was shown. */
export const consentIn = ({ grant, lastConsent }: GrantState): Consent | undefined =>
  grant ? grant.consent : lastConsent

/** Replaces the grant. Refusals of the previous grant do not apply to the new one. */
export const withNewGrant = (state: GrantState, grant: Grant | undefined): GrantState => ({
  ...state,
  grant,
  generation: state.generation + 1,
  refusal: undefined,
  lateRenewal: undefined,
})

/** The state after our own Secret was read, which contains this grant or none. */
export function withStoredGrant(before: GrantState, grant: Grant | undefined): GrantState {
  const state = { ...before, lastConsent: before.grant ? before.grant.consent : before.lastConsent }
  const isAnother = before.grant?.refreshToken !== grant?.refreshToken
  return isAnother ? withNewGrant(state, grant) : { ...state, grant }
}

/**
 * The state after our own Secret was deleted: the grant is no longer used. When a namespace is deleted, its Secrets may be deleted
 * before its Agents, so what has to be revoked is remembered.
 */
export function withPendingRevocation(state: GrantState): GrantState {
  const { grant } = state
  const kept = { ...state, grant: undefined, ownVersion: undefined, suppliedVersion: undefined, unsaved: undefined }
  if (!grant) return kept
  const pendingRevocation = authorizedGrant(grant) ?? state.pendingRevocation
  return { ...kept, pendingRevocation, lastConsent: grant.consent }
}
