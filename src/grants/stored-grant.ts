/** Parses a grant from its Secret. Pure, except for the clock. */
import { EARLIEST_CONSENT, type Grant } from './grant.ts'
import type { Secret } from '../kubernetes/port.ts'
import type { Clock } from '../platform/clock.ts'
import { parseConsent } from '../resources/consent.ts'
import { fromTimestamp } from '../resources/secret-encoding.ts'
import { SUPPLIED_TOKEN_HASH, SUPPLIED_VERSION, CONSENT_IS_GUESS, NOT_YET_CHECKED } from '../resources/names.ts'
import { DAY_MS, HOUR_MS } from '../platform/time-units.ts'

/** By how much the clocks of two machines may differ before one of them is considered wrong. */
const MAX_CLOCK_SKEW_MS = 5 * 60_000
/** Google's access tokens are valid for an hour. */
const MAX_TOKEN_LIFETIME_MS = HOUR_MS + MAX_CLOCK_SKEW_MS
const MAX_GRANT_LIFETIME_MS = 10 * 366 * DAY_MS

/** What parsing a Secret needs. */
interface ReadContext {
  clock: Clock
  /** The grant that was in use before. */
  known: Grant | undefined
}

/** Parses the grant in a Secret of ours. If the access token is the known one, its renewal time is kept. */
export function grantFrom(
  { metadata }: Secret,
  text: Record<string, string | undefined> & { refresh_token: string },
  at: ReadContext,
): Grant {
  const { annotations = {} } = metadata
  return {
    refreshToken: text.refresh_token,
    suppliedHash: annotations[SUPPLIED_TOKEN_HASH],
    suppliedVersion: annotations[SUPPLIED_VERSION],
    clientId: text.client_id,
    account: text.account,
    scopes: text.scope?.split(' ').filter(Boolean),
    ...consentTime(text.granted_at, metadata, at.clock.now()),
    grantExpiresAt: noLaterThan(at.clock.now() + MAX_GRANT_LIFETIME_MS, fromTimestamp(text.grant_expires_at)),
    ...accessFrom(text, at),
    credentialsHash: at.known?.credentialsHash,
    saved: true,
    checked: annotations[NOT_YET_CHECKED] === undefined,
    consent: text.consent === undefined ? undefined : parseConsent(text.consent),
  }
}

type ConsentTime = Pick<Grant, 'grantedAt' | 'grantedAtIsGuess' | 'doubtedGrantedAt'>

function consentTime(stated: string | undefined, metadata: Secret['metadata'], now: number): ConsentTime {
  const grantedAt = pastInstant(stated, now)
  if (grantedAt !== undefined) {
    return { grantedAt, grantedAtIsGuess: metadata.annotations?.[CONSENT_IS_GUESS] === 'true' }
  }
  // Our own clock may be wrong, so the stated time is preserved.
  const doubtedGrantedAt = fromTimestamp(stated)
  const created = doubtedGrantedAt === undefined ? pastInstant(metadata.creationTimestamp, now) : undefined
  return { grantedAt: created ?? now, grantedAtIsGuess: true, doubtedGrantedAt }
}

/** Parses a time of consent; undefined if it is not a time, lies in the future, or is too early. */
export function pastInstant(text: string | undefined, now: number): number | undefined {
  const at = past(fromTimestamp(text), now)
  return at !== undefined && at >= EARLIEST_CONSENT ? at : undefined
}

function accessFrom(
  { access_token: accessToken, expires_at: end }: Record<string, string | undefined>,
  { clock, known }: ReadContext,
): Pick<Grant, 'accessToken' | 'isTokenProven' | 'expiresAt' | 'obtainedAt' | 'renewAt' | 'lastUsedAt'> {
  const statedEnd = fromTimestamp(end) ?? 0
  if (known && known.accessToken === accessToken) {
    const { isTokenProven, expiresAt, obtainedAt, renewAt, lastUsedAt } = known
    return { accessToken, isTokenProven, expiresAt, obtainedAt, renewAt, lastUsedAt }
  }
  // An access token is valid for an hour, so its expiry shows when Google last accepted the grant.
  const lastUsedAt = statedEnd === 0 ? undefined : statedEnd - HOUR_MS
  // If it was written while the time of day was wrong, its real expiry is unknown, and it may have expired already.
  const isCredible = statedEnd - clock.now() <= MAX_TOKEN_LIFETIME_MS
  const expiresAt = isCredible ? statedEnd : clock.now()
  const renewAt = isCredible ? clock.monotonic() + ((expiresAt - clock.now()) * 2) / 3 : -Infinity
  // After a restart it is not known when the token was obtained, so the rest of its lifetime counts as the whole.
  return { accessToken, expiresAt, obtainedAt: clock.now(), renewAt, lastUsedAt: past(lastUsedAt, clock.now()) }
}

/** An instant in the past; undefined for a later one, which was written while the time of day was wrong. */
const past = (at: number | undefined, now: number): number | undefined => noLaterThan(now + MAX_CLOCK_SKEW_MS, at)

const noLaterThan = (latest: number, at: number | undefined): number | undefined =>
  at !== undefined && at > latest ? undefined : at
