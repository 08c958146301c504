/** What is known of an agent's grant between two reconciles, as a value. */
import type { StepFailure } from '../failures/step-failure.ts'
import type { Consent } from '../resources/consent.ts'
import type { AuthorizedGrant } from './grant-secret.ts'
import type { Grant } from './grant.ts'

/** Renewing an access token ahead of its time fails for a reason that may pass. */
export interface LateRenewal {
  stepFailure: StepFailure
  /** How often in a row. */
  attempts: number
  /** When it is tried again, by the monotonic clock. */
  until: number
  /** What it was tried with: other credentials may fare better. */
  credentialsHash: string
}

export interface Refusal {
  stepFailure: StepFailure
  /** By the monotonic clock. */
  since: number
  likelyCause: string
  /** What it was about, and what its message advises. */
  token: string
  credentialsHash: string
  advice: string
}

/** Google refuses to tell whose grant it is. Instants by the monotonic clock. */
export interface AccountRefusal {
  stepFailure: StepFailure
  since: number
  askAgainAt: number
  /** The grant that it was about. */
  token: string
}

/** The grant of one agent, and what Google and the API server said about it. */
export interface GrantState {
  /** The versions of the two Secrets that `grant` was read from. */
  ownVersion?: string
  suppliedVersion?: string
  /** The refresh token that our own Secret holds. */
  ownToken?: string
  grant?: Grant
  /** Why the grant could not be written to our own Secret: it is used from memory. */
  unsaved?: StepFailure
  /** What had to be corrected in the supplied Secret, as a sentence. */
  suppliedRemark?: string
  /** What the person had consented to whose grant is gone: what was read under it may not be published beyond that. */
  lastConsent?: Consent
  /** A grant whose Secret is gone: nothing uses it, but an Agent that is deleted may have to revoke it. */
  pendingRevocation?: AuthorizedGrant
  /** A refusal that concerns the grant: not asked again before its time, unless what it depends on has changed. */
  refusal?: Refusal
  /** Why nobody knows the account of the grant: not asked again before its time. */
  accountRefusal?: AccountRefusal
  /** The access token is good, but should have been renewed by now. */
  lateRenewal?: LateRenewal
}

/** How far the person has consented; undefined where no page was shown. */
export const consentIn = ({ grant, lastConsent }: GrantState): Consent | undefined =>
  grant ? grant.consent : lastConsent
