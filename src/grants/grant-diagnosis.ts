/**
 * Diagnoses why a grant is no longer valid. Google answers only `invalid_grant`; the likely cause is inferred from the age of the
 * consent, the declared publishing status, and the last time that the grant worked. Pure.
 */
import type { Grant } from './grant.ts'
import type { ReasonOf } from '../resources/reasons.ts'
import type { CalendarIntegration } from '../resources/types.ts'
import { timestamp } from '../resources/conditions.ts'
import { DAY_MS, HOUR_MS } from '../platform/time-units.ts'

/** How long a grant is valid while the app of an External integration is in Testing. */
const TESTING_LIFETIME_MS = 7 * DAY_MS
const UNUSED_LIFETIME_MS = 180 * DAY_MS

/** Why Google refuses a grant, in words for people. */
export interface Diagnosis {
  reason: ReasonOf<'Agent', 'Authorized'>
  message: string
  likelyCause: string
}

/** When the grant ends, if known: as Google said, otherwise seven days after consent in Testing. */
export function grantEnd(grant: Grant, integration: CalendarIntegration): number | undefined {
  const end = recordedEnd(grant, integration)
  return end !== undefined && isDisproved(grant, end) ? undefined : end
}

/**
 * Whether Google has accepted the grant after the end that follows from what is recorded: the consent was recorded by a wrong
 * clock, or the app has been published.
 */
export function isEndDisproved(grant: Grant, integration: CalendarIntegration): boolean {
  const end = recordedEnd(grant, integration)
  return end !== undefined && isDisproved(grant, end)
}

/** The end as it follows from what is recorded. */
function recordedEnd(grant: Grant, integration: CalendarIntegration): number | undefined {
  if (grant.grantExpiresAt !== undefined) return grant.grantExpiresAt
  return isTesting(integration) ? grant.grantedAt + TESTING_LIFETIME_MS : undefined
}

/** Google ends a grant some minutes late, and its clock may differ from ours. */
const isDisproved = ({ lastUsedAt = -Infinity }: Grant, end: number): boolean => lastUsedAt >= end + HOUR_MS

/** Whether the app is declared to be in Testing, where grants end after seven days. */
function isTesting(integration: CalendarIntegration): boolean {
  const { userType, publishingStatus } = integration.spec.google
  return userType === 'External' && publishingStatus !== 'InProduction'
}

/** Finds the likely cause of an `invalid_grant`. */
export function diagnoseInvalidGrant(
  grant: Grant,
  integration: CalendarIntegration,
  at: { failure: 'InvalidGrant' | 'SessionExpired'; now: number; advice: string },
): Diagnosis {
  // A disproved end counts: a grant that has a limited time ends sooner or later, and nothing better is known.
  const end = recordedEnd(grant, integration)
  // A clock that differs from Google's by some minutes must not turn an expiry into a revocation.
  const expired = at.failure === 'SessionExpired' || (end !== undefined && at.now >= end - HOUR_MS)
  const likelyCause = causeOf(grant, integration, { ...at, end })
  const fact = expired
    ? 'The grant has expired'
    : hasNeverWorked(grant)
      ? 'Google does not accept the supplied refresh token'
      : 'Google no longer accepts the grant'
  return {
    reason: expired ? 'GrantExpired' : 'GrantRevoked',
    message: `${fact}: ${at.advice}. Likely cause: ${likelyCause} What was published stays, and says until when it can be trusted.`,
    likelyCause,
  }
}

function causeOf(
  grant: Grant,
  integration: CalendarIntegration,
  at: { failure: string; now: number; end: number | undefined },
): string {
  if (at.failure === 'SessionExpired') return 'the organisation’s session policy asks people to sign in again.'
  if (at.end !== undefined && at.now >= at.end - HOUR_MS) return causeOfExpiry(grant, integration, at.end)
  if (hasNeverWorked(grant)) {
    return 'the supplied token has never worked: was it pasted whole, and was it made by this client? If so, the access was taken back before it was supplied.'
  }
  if (expiredInTesting(grant, integration, at.now)) {
    return `the grant (${consentOf(grant)}) died at seven days although spec.google.publishingStatus says InProduction: the app is probably still in Testing; publish it, or correct the manifest.`
  }
  if (at.now - (grant.lastUsedAt ?? at.now) >= UNUSED_LIFETIME_MS) return 'the grant was not used for six months.'
  return `the person took the access back, an administrator did, or the account has granted access to this client more than a hundred times (consent ${consentOf(grant)}).`
}

function causeOfExpiry(grant: Grant, integration: CalendarIntegration, end: number): string {
  const isWrong = isDisproved(grant, end)
  const recorded = isWrong ? 'recorded as ' : ''
  const doubt = isWrong ? `, though Google still accepted it ${timestamp(grant.lastUsedAt ?? end)}` : ''
  return isTesting(integration)
    ? `the app is in Testing, where a grant ends seven days after consent (${recorded}${consentOf(grant)}${doubt}); publish the app to end that.`
    : `the grant was given for a limited time, ${recorded}until ${timestamp(end)}${doubt}.`
}

const consentOf = ({ grantedAt, grantedAtIsGuess }: Grant): string =>
  `given ${timestamp(grantedAt)}${grantedAtIsGuess ? ' at the latest' : ''}`

/** A supplied token that Google has not accepted once. */
const hasNeverWorked = ({ suppliedHash, lastUsedAt, checked }: Grant): boolean =>
  suppliedHash !== undefined && lastUsedAt === undefined && !checked

/** The grant worked before the seventh day after consent, and was refused after it. */
function expiredInTesting(grant: Grant, integration: CalendarIntegration, now: number): boolean {
  if (integration.spec.google.userType !== 'External' || isTesting(integration)) return false
  const seventhDay = grant.grantedAt + TESTING_LIFETIME_MS
  const workedBefore = grant.lastUsedAt !== undefined && grant.lastUsedAt < seventhDay
  return now >= seventhDay - HOUR_MS && (workedBefore || now < seventhDay + DAY_MS)
}
