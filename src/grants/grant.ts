/** A grant in use, as a value. */
import type { Consent } from '../resources/consent.ts'
import type { AuthorizedGrant } from './grant-secret.ts'

/** A grant in use. Instants in ms since the epoch, but for `renewAt`. */
export interface Grant {
  refreshToken: string
  /** SHA-256 of the brought refresh token that this grant began with, where it was brought. */
  suppliedHash?: string
  /** The OAuth client that it is known to work with. */
  clientId?: string
  account?: string
  /** The granted scopes don't reach the calendar list, so nobody can tell whose grant it is. */
  accountHidden?: boolean
  scopes?: string[]
  grantedAt: number
  /** Where nobody said when consent was given: it was then at the latest. */
  grantedAtIsGuess: boolean
  grantExpiresAt?: number
  accessToken?: string
  /** When the access token in hand came: its lifetime is counted from here. */
  obtainedAt: number
  expiresAt: number
  /** When to renew, ahead of expiry, by the monotonic clock. */
  renewAt: number
  /** The credentials that it was last refreshed with. */
  credentialsHash?: string
  /** When Google last accepted the refresh token, where known. */
  lastUsedAt?: number
  /** False where what is in the Secret is older than this. */
  saved: boolean
  /** Whether it was found to be of the right account, with the right scopes: only then is it this Agent's to revoke. */
  checked: boolean
  /** What the Secret says of the consent's time, where that cannot be right by this machine's time of day: it is kept. */
  doubtedGrantedAt?: number
  /** What the sign-in page named; undefined where no page was shown. */
  consent?: Consent
}

/** What an Agent was authorized with, as far as ending it needs it. */
export const authorizedGrant = ({ checked, refreshToken, account, clientId }: Grant): AuthorizedGrant | undefined =>
  checked ? { token: refreshToken, account, clientId } : undefined
