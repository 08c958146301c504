/**
 * The verification of a client at Google (docs/google-behaviour.md#token-endpoint): one request, when the credentials are new,
 * when the last verification is a day old, or when an Agent's request was refused because of the client. The result is a value.
 * Instants are those of the monotonic clock, in ms.
 */
import { pauseAfter } from '../controller/backoff.ts'
import { manualFixInterval } from '../controller/manual-fix-interval.ts'
import type { ClientFile } from '../google/client-file.ts'
import { GoogleError, type Bypass } from '../google/port.ts'
import { hasCome, type Clock } from '../platform/clock.ts'
import { refusedFinding, unreachableFinding, VERIFIED } from './credentials-finding.ts'
import type { CredentialsFinding } from './findings.ts'
import type { IntegrationDeps } from './port.ts'

/** The result of the last verification. */
export interface Verification {
  /** The hash of the credentials that were verified. */
  readonly hash: string
  readonly at: number
  readonly finding: CredentialsFinding
  /** Since when Google has refused them. */
  readonly refusedSince?: number
  /** Why the last attempt had no result, if it had none. */
  readonly error?: GoogleError
  /** How many attempts in a row had no result. */
  readonly failures: number
  /** The credentials are not verified again before this, unless somebody asks for it. */
  readonly notBefore: number
}

const DAY = 24 * 60 * 60_000
/** A verification that is younger than this also covers a client that is under suspicion. */
const SUSPECT_AGAIN_MS = 10_000

/**
 * Whether the credentials have to be verified now, whatever triggered the reconcile.
 *
 * @param known the last verification of these very credentials.
 */
export function isVerificationDue(
  known: Verification | undefined,
  { clock, isRequested, isSuspect }: { clock: Pick<Clock, 'monotonic'>; isRequested: boolean; isSuspect: boolean },
): boolean {
  if (isRequested || !known || hasCome(clock, known.notBefore)) return true
  // The requests of many Agents may be refused: one verification answers all of them.
  return isSuspect && known.failures === 0 && hasCome(clock, known.at + SUSPECT_AGAIN_MS)
}

/** The credentials to verify, and what was known about them. */
interface VerificationRequest {
  file: ClientFile
  hash: string
  known: Verification | undefined
  /** The status says that Google accepted these very credentials. */
  wasVerified: boolean
  /** The longest pause, in ms, after a failure. */
  longestMs: number
  bypass?: Bypass
}

/** Sends one request to find out whether id and secret are valid. A `GoogleError` is part of the result. */
export async function verifyClient(
  { clock, random, google }: Pick<IntegrationDeps, 'clock' | 'random' | 'google'>,
  request: VerificationRequest,
): Promise<Verification> {
  const { file, hash, known } = request
  const at = clock.monotonic()
  const found = { hash, at, failures: 0 }
  try {
    await google.client(file).verify(request.bypass)
    return { ...found, finding: VERIFIED, notBefore: at + DAY }
  } catch (error) {
    if (!(error instanceof GoogleError)) throw error
    const now = clock.monotonic()
    const finding = refusedFinding(error, file)
    if (!finding) return afterNoAnswer(request, { at, now, error, random })
    // A client that Google has refused is verified rarely, however often its integration is reconciled.
    const refusedSince = known?.refusedSince ?? now
    return { ...found, finding, refusedSince, notBefore: now + manualFixInterval(refusedSince, now) }
  }
}

/** While Google can't be reached, valid credentials stay valid and refused ones stay refused. */
function afterNoAnswer(
  { hash, known, wasVerified, longestMs }: VerificationRequest,
  { at, now, error, random }: { at: number; now: number; error: GoogleError } & Pick<IntegrationDeps, 'random'>,
): Verification {
  const failures = (known?.failures ?? 0) + 1
  // The verification has a backoff of its own: a reconcile for another reason (Agents are counted) sends no request.
  const notBefore = now + pauseAfter(failures, { random, longest: longestMs, notBefore: error.retryAfterMs })
  if (known) return { ...known, error, failures, notBefore }
  return { hash, at, finding: wasVerified ? VERIFIED : unreachableFinding(error), error, failures, notBefore }
}
