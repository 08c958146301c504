/** A grant in use, as a value, and the changes that it goes through. Pure. */
import type { TokenAnswer } from '../google/port.ts'
import type { Consent } from '../resources/consent.ts'
import type { AuthorizedGrant } from './grant-secret.ts'

/** A grant in use. Instants are in ms since the epoch, except for `renewAt`. */
export interface Grant {
  readonly refreshToken: string
  /** SHA-256 of the supplied refresh token that this grant began with, if it was supplied. */
  readonly suppliedHash?: string
  /** The OAuth client that it is known to work with. */
  readonly clientId?: string
  readonly account?: string
  /** The granted scopes don't reach the calendar list, so nobody can tell whose grant it is. */
  readonly accountHidden?: boolean
  readonly scopes?: readonly string[]
  readonly grantedAt: number
  /** Nobody said when consent was given: it was at `grantedAt` at the latest. */
  readonly grantedAtIsGuess: boolean
  readonly grantExpiresAt?: number
  readonly accessToken?: string
  /** When the access token was obtained: its lifetime is counted from here. */
  readonly obtainedAt: number
  readonly expiresAt: number
  /** When to renew the access token, ahead of its expiry, by the monotonic clock. */
  readonly renewAt: number
  /** The credentials that the access token was last refreshed with. */
  readonly credentialsHash?: string
  /** When Google last accepted the refresh token, where known. */
  readonly lastUsedAt?: number
  /** False if the Secret holds something older than this. */
  readonly saved: boolean
  /** Whether it was found to be of the right account, with the right scopes: only then is it this Agent's to revoke. */
  readonly checked: boolean
  /** The time of consent that the Secret states, if it cannot be right by this machine's time of day: it is kept. */
  readonly doubtedGrantedAt?: number
  /** What the sign-in page named; undefined if no page was shown. */
  readonly consent?: Consent
}

/** A grant that begins with a supplied refresh token. */
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

/** The client that a token was refreshed with, and when it is to be renewed, by the monotonic clock. */
export interface Renewal {
  clientId: string
  credentialsHash: string
  renewAt: number
}

/** The grant with the tokens of an answer of Google's. */
export const renewed = (grant: Grant, answer: TokenAnswer, by: Renewal): Grant => ({
  ...grant,
  ...by,
  refreshToken: answer.refreshToken ?? grant.refreshToken,
  accessToken: answer.accessToken,
  obtainedAt: answer.obtainedAt,
  expiresAt: answer.expiresAt,
  scopes: answer.scopes ?? grant.scopes,
  grantExpiresAt: answer.grantExpiresAt ?? grant.grantExpiresAt,
  lastUsedAt: answer.obtainedAt,
  saved: false,
})

/** The grant, found to be of the right account with the right scopes. */
export const verified = (grant: Grant): Grant => (grant.checked ? grant : { ...grant, checked: true, saved: false })

/** The grant of an account that Google has named. */
export const ofAccount = (grant: Grant, account: string): Grant => ({ ...grant, account, saved: false })

/** The grant with the time of consent that its supplied Secret states. */
export const consentedAt = (grant: Grant, grantedAt: number): Grant => ({
  ...grant,
  grantedAt,
  grantedAtIsGuess: false,
  doubtedGrantedAt: undefined,
  saved: false,
})

/** What an Agent was authorized with, as far as revoking it needs that; undefined for a grant that was never checked. */
export const authorizedGrant = ({ checked, refreshToken, account, clientId }: Grant): AuthorizedGrant | undefined =>
  checked ? { token: refreshToken, account, clientId } : undefined
