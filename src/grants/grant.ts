/** A grant in use, as an immutable value, and its transitions. Pure. */
import type { TokenAnswer } from '../google/port.ts'
import type { Consent } from '../resources/consent.ts'
import type { AuthorizedGrant } from './grant-secret.ts'

/** Google introduced OAuth 2.0 in this year. */
export const EARLIEST_CONSENT = Date.parse('2011-01-01T00:00:00Z')

/** A grant in use. Instants are in ms since the epoch, except for `renewAt`. */
export interface Grant {
  readonly refreshToken: string
  /** The SHA-256 hash of the supplied refresh token that this grant began with; undefined if it was not supplied. */
  readonly suppliedHash?: string
  /** The supplied Secret that was read last, as `uid/resourceVersion`, if nothing in it had to be corrected. */
  readonly suppliedVersion?: string
  /** The OAuth client that it is known to work with. */
  readonly clientId?: string
  readonly account?: string
  /** Whether the granted scopes don't include the calendar list, so that the account cannot be determined. */
  readonly accountHidden?: boolean
  readonly scopes?: readonly string[]
  readonly grantedAt: number
  /** The time of consent is not known: it was `grantedAt` at the latest. */
  readonly grantedAtIsGuess: boolean
  readonly grantExpiresAt?: number
  readonly accessToken?: string
  /** Whether this process has obtained the access token from Google. One in a Secret may belong to any client. */
  readonly isTokenProven?: boolean
  /** When the access token was obtained, which is when its lifetime begins. */
  readonly obtainedAt: number
  readonly expiresAt: number
  /** When to renew the access token, ahead of its expiry, by the monotonic clock. */
  readonly renewAt: number
  /** The credentials that the access token was last refreshed with. */
  readonly credentialsHash?: string
  /** When Google last accepted the refresh token, if known. */
  readonly lastUsedAt?: number
  /** False if the Secret contains something older. */
  readonly saved: boolean
  /** Whether its account and scopes were found to be right. Only then may it be revoked for this Agent. */
  readonly checked: boolean
  /** The time of consent in the Secret, if this machine's time of day contradicts it; it is preserved. */
  readonly doubtedGrantedAt?: number
  /** What the sign-in page named; undefined if no page was shown. */
  readonly consent?: Consent
}

/** Creates a grant that begins with a supplied refresh token. */
export const suppliedGrant = (
  refreshToken: string,
  suppliedHash: string,
  { grantedAt, now }: { grantedAt: number | undefined; now: number },
): Grant => ({
  refreshToken,
  suppliedHash,
  grantedAt: grantedAt ?? now,
  grantedAtIsGuess: grantedAt === undefined,
  obtainedAt: 0,
  expiresAt: 0,
  renewAt: -Infinity,
  saved: false,
  checked: false,
})

/** The client that a token was refreshed with, and when it is due for renewal, by the monotonic clock. */
interface Renewal {
  clientId: string
  credentialsHash: string
  renewAt: number
}

/** The grant with the tokens of an answer from Google. */
export const renewed = (grant: Grant, answer: TokenAnswer, by: Renewal): Grant => ({
  ...grant,
  ...by,
  refreshToken: answer.refreshToken ?? grant.refreshToken,
  accessToken: answer.accessToken,
  isTokenProven: true,
  obtainedAt: answer.obtainedAt,
  expiresAt: answer.expiresAt,
  scopes: answer.scopes ?? grant.scopes,
  grantExpiresAt: answer.grantExpiresAt ?? grant.grantExpiresAt,
  lastUsedAt: answer.obtainedAt,
  saved: false,
})

/** The grant after its account and scopes were found to be right. */
export const verified = (grant: Grant): Grant => ({ ...grant, checked: true, saved: false })

/** The grant with the account that Google has named. */
export const ofAccount = (grant: Grant, account: string): Grant => ({ ...grant, account, saved: false })

/** The grant with the time of consent from its supplied Secret. */
export const consentedAt = (grant: Grant, grantedAt: number): Grant => ({
  ...grant,
  grantedAt,
  grantedAtIsGuess: false,
  doubtedGrantedAt: undefined,
  saved: false,
})

/** What a revocation needs of a grant; undefined for a grant that was never checked. */
export const authorizedGrant = ({ checked, refreshToken, account, clientId }: Grant): AuthorizedGrant | undefined =>
  checked ? { token: refreshToken, account, clientId } : undefined
