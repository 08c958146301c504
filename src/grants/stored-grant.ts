/** Parses a grant from its Secret. Pure, except for the clock. */
import type { Grant } from './grant.ts'
import type { Secret } from '../kubernetes/port.ts'
import type { Clock } from '../platform/clock.ts'
import { parseConsent } from '../resources/consent.ts'
import { decode, fromTimestamp } from '../resources/secret-encoding.ts'
import { SUPPLIED_TOKEN_HASH, CONSENT_IS_GUESS, NOT_YET_CHECKED } from '../resources/names.ts'
import { DAY_MS, HOUR_MS } from '../platform/time-units.ts'

/** By how much two machines' clocks may differ without either being called wrong. */
const MAX_CLOCK_SKEW_MS = 5 * 60_000
/** Google's access tokens live for an hour. */
const MAX_TOKEN_LIFETIME_MS = HOUR_MS + MAX_CLOCK_SKEW_MS
const MAX_GRANT_LIFETIME_MS = 10 * 366 * DAY_MS
/** Google's OAuth 2.0 began in this year. */
const EARLIEST_CONSENT = Date.parse('2011-01-01T00:00:00Z')

/** What a Secret is read with. */
export interface ReadContext {
  clock: Clock
  /** The grant that was in use before. */
  known: Grant | undefined
}

/** The grant that a Secret of ours describes; a known access token that it agrees with keeps its renewal time. */
export function grantFrom(secret: Secret, refreshToken: string, at: ReadContext): Grant {
  const text = decode(secret.data)
  const { annotations = {} } = secret.metadata
  return {
    refreshToken,
    suppliedHash: annotations[SUPPLIED_TOKEN_HASH],
    clientId: text.client_id,
    account: text.account,
    scopes: text.scope?.split(' ').filter(Boolean),
    ...consentTime(secret, at.clock.now()),
    grantExpiresAt: noLaterThan(at.clock.now() + MAX_GRANT_LIFETIME_MS, fromTimestamp(text.grant_expires_at)),
    ...accessFrom(text, at),
    credentialsHash: at.known?.credentialsHash,
    saved: true,
    checked: annotations[NOT_YET_CHECKED] === undefined,
    consent: text.consent === undefined ? undefined : parseConsent(text.consent),
  }
}

type ConsentTime = Pick<Grant, 'grantedAt' | 'grantedAtIsGuess' | 'doubtedGrantedAt'>

function consentTime({ data, metadata }: Secret, now: number): ConsentTime {
  const stated = decode(data).granted_at
  const grantedAt = pastInstant(stated, now)
  if (grantedAt !== undefined) {
    return { grantedAt, grantedAtIsGuess: metadata.annotations?.[CONSENT_IS_GUESS] === 'true' }
  }
  // Our own clock may be the wrong one: what is stated is not lost.
  const doubtedGrantedAt = fromTimestamp(stated)
  const created = doubtedGrantedAt === undefined ? pastInstant(metadata.creationTimestamp, now) : undefined
  return { grantedAt: created ?? now, grantedAtIsGuess: true, doubtedGrantedAt }
}

/** A time of consent that can be true; undefined for what is no time, or one in the future. */
export function pastInstant(text: string | undefined, now: number): number | undefined {
  const at = past(fromTimestamp(text), now)
  return at !== undefined && at >= EARLIEST_CONSENT ? at : undefined
}

function accessFrom(
  { access_token: accessToken, expires_at: end }: Record<string, string | undefined>,
  { clock, known }: ReadContext,
): Pick<Grant, 'accessToken' | 'expiresAt' | 'obtainedAt' | 'renewAt' | 'lastUsedAt'> {
  const expiresAt = fromTimestamp(end) ?? 0
  if (known && known.accessToken === accessToken) {
    const { obtainedAt, renewAt, lastUsedAt } = known
    return { accessToken, expiresAt: known.expiresAt, obtainedAt, renewAt, lastUsedAt }
  }
  // An access token lives for an hour: when the last one ends tells when Google last accepted the grant.
  const lastUsedAt = expiresAt === 0 ? undefined : expiresAt - HOUR_MS
  const left = expiresAt - clock.now()
  // Written while the time of day was wrong: nobody knows when it really ends.
  const renewAt = left > MAX_TOKEN_LIFETIME_MS ? -Infinity : clock.monotonic() + (left * 2) / 3
  // When a token from before a restart was obtained is not known: what is left of it counts as its lifetime.
  return { accessToken, expiresAt, obtainedAt: clock.now(), renewAt, lastUsedAt: past(lastUsedAt, clock.now()) }
}

/** What is said to have happened after now was written while the time of day was wrong: it is not known then. */
const past = (at: number | undefined, now: number): number | undefined => noLaterThan(now + MAX_CLOCK_SKEW_MS, at)

const noLaterThan = (latest: number, at: number | undefined): number | undefined =>
  at !== undefined && at > latest ? undefined : at
