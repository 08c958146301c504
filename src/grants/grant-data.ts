/** Encodes the data of `<agent>-google-grant` (docs/formats.md), for all of its writers. Pure. */
import { timestamp } from '../resources/conditions.ts'
import { renderConsent, type Consent } from '../resources/consent.ts'
import { encode } from '../resources/secret-encoding.ts'

/** The content of a grant Secret. Instants are in ms since the epoch. */
export interface GrantContent {
  refreshToken: string
  accessToken?: string
  /** When the access token expires. */
  expiresAt: number
  scopes?: readonly string[]
  /** The account that granted it. */
  account?: string
  /** When consent was given. */
  grantedAt: number
  /** When the grant itself ends, if Google said so. */
  grantExpiresAt?: number
  /** The OAuth client that it was granted to. */
  clientId?: string
  /** What the sign-in page named; undefined if no page was shown. */
  consent?: Consent
}

/** Returns the Secret's `data`; null removes a key in a merge patch. */
export function grantData(grant: GrantContent): Record<string, string | null> {
  return encode({
    refresh_token: grant.refreshToken,
    access_token: grant.accessToken,
    expires_at: grant.accessToken ? timestamp(grant.expiresAt) : undefined,
    scope: grant.scopes?.join(' '),
    account: grant.account,
    granted_at: timestamp(grant.grantedAt),
    grant_expires_at: grant.grantExpiresAt === undefined ? undefined : timestamp(grant.grantExpiresAt),
    client_id: grant.clientId,
    consent: grant.consent && renderConsent(grant.consent),
  })
}

/** Leaves out the nulls, which remove keys in a patch and have no meaning in a new object. */
export const present = (values: Record<string, string | null>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== null))
