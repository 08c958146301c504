/**
 * The OAuth client of an integration: read from its Secret when that has changed, and proved at Google when the credentials
 * are new, when their proof is a day old, or when an agent met a refusal.
 */
import { createHash } from 'node:crypto'
import { parseClientSecret, type ClientFile } from '../google/client-file.ts'
import { GoogleError, type Bypass } from '../google/port.ts'
import { pauseAfter } from '../controller/backoff.ts'
import { manualFixInterval } from '../controller/manual-fix-interval.ts'
import { hasCome, type Clock } from '../platform/clock.ts'
import type { Finding } from '../resources/conditions.ts'
import type { ReasonOf } from '../resources/reasons.ts'
import type { SignIn } from '../google/sign-in.ts'
import type { CalendarIntegration } from '../resources/types.ts'
import type { IntegrationDeps } from './port.ts'

export type CredentialsFinding = Finding<ReasonOf<'CalendarIntegration', 'CredentialsValid'>>

/** What is remembered of one integration's credentials. */
export interface CredentialsMemory {
  secretVersion?: string
  file?: ClientFile
  hash?: string
  /** Why the Secret can't be used. */
  unusable?: CredentialsFinding
  verification?: {
    hash: string
    /** By the monotonic clock. */
    at: number
    finding: CredentialsFinding
    /** Since when Google has refused them, by the monotonic clock. */
    refusedSince?: number
    /** The last attempt failed for a reason that may pass. */
    error?: GoogleError
    /** How often in a row that was so. */
    failures: number
    /** Not to be proved again before, by the monotonic clock, unless somebody asks for it. */
    notBefore: number
  }
}

const DAY = 24 * 60 * 60_000
/** A proof that is younger than this answers a suspicion. */
const SUSPECTED_AGAIN_MS = 10_000

/** Reads the client's Secret, if it is another version than the one known. Fails with an `ApiError`. */
export async function readCredentials(
  deps: IntegrationDeps,
  integration: CalendarIntegration,
  memory: CredentialsMemory,
): Promise<void> {
  const { name, key } = integration.spec.google.clientSecretRef
  const namespace = integration.metadata.namespace ?? ''
  const known = deps.cluster.secrets.get(`${namespace}/${name}`)
  const version = known && `${known.metadata.resourceVersion ?? ''}/${name}/${key ?? ''}`
  if (known && version === memory.secretVersion) return
  Object.assign(memory, { secretVersion: undefined, file: undefined, hash: undefined, unusable: undefined })
  const secret = known && (await deps.cluster.readSecret(namespace, name))
  if (!secret) {
    const message = missingSecret(integration)
    memory.unusable = { status: 'False', reason: 'SecretNotFound', message }
    return
  }
  memory.secretVersion = version
  const parsed = parseClientSecret(textOf(secret.data), { secretName: name, key })
  if ('reason' in parsed) {
    memory.unusable = { status: 'False', reason: parsed.reason, message: parsed.message }
    return
  }
  memory.file = parsed
  memory.hash = hashOf(parsed)
}

function missingSecret({ metadata, spec }: CalendarIntegration): string {
  const { name, key = 'client_secret.json' } = spec.google.clientSecretRef
  return `There is no Secret ${name} in namespace ${metadata.namespace ?? ''}, which spec.google.clientSecretRef names: create it with the client file that the Google Cloud console offers for download, under the key ${key}.`
}

const textOf = (data: Record<string, string> = {}): Record<string, string> =>
  Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]))

/** Names the credentials without telling them: a client secret is random enough that its hash gives nothing away. */
const hashOf = ({ clientId, clientSecret }: ClientFile): string =>
  createHash('sha256').update(`${clientId}\n${clientSecret}`).digest('hex').slice(0, 16)

/** Whether the credentials have to prove themselves now, whatever it was that woke their integration. */
export function isVerificationDue(
  { verification, hash }: CredentialsMemory,
  now: { clock: Clock; asked: boolean; isSuspect: boolean },
): boolean {
  if (now.asked || !verification || verification.hash !== hash || hasCome(now.clock, verification.notBefore))
    return true
  // Agents that meet a refusal may be many: one proof answers all of them.
  return now.isSuspect && verification.failures === 0 && hasCome(now.clock, verification.at + SUSPECTED_AGAIN_MS)
}

/** One request: are id and secret right? The answer stands in `memory.proof`. `longest` bounds the backoff, in ms. */
export async function verifyClient(
  deps: IntegrationDeps,
  memory: CredentialsMemory,
  { knownGood, longest, bypass }: { knownGood: boolean; longest: number; bypass?: Bypass },
): Promise<void> {
  const { file, hash = '' } = memory
  if (!file) return
  const at = deps.clock.monotonic()
  const found = { hash, at, failures: 0 }
  try {
    await deps.google.client(file).verify(bypass)
    memory.verification = { ...found, finding: VERIFIED, notBefore: at + DAY }
  } catch (error) {
    if (!(error instanceof GoogleError)) throw error
    const finding = refusalOf(error, file)
    memory.verification = finding
      ? { ...found, finding, ...untilAskedAgain(deps, memory) }
      : inDoubt(deps, memory, { at, error, knownGood, longest })
  }
}

/** What Google has refused is looked at slowly, however often its integration is woken. */
function untilAskedAgain(
  { clock }: IntegrationDeps,
  { hash, verification }: CredentialsMemory,
): { refusedSince: number; notBefore: number } {
  const now = clock.monotonic()
  const refusedSince = (verification?.hash === hash ? verification?.refusedSince : undefined) ?? now
  return { refusedSince, notBefore: now + manualFixInterval(refusedSince, now) }
}

/** Good credentials do not become doubtful because Google is away, nor do bad ones become better. */
function inDoubt(
  { clock, random }: IntegrationDeps,
  { hash = '', verification }: CredentialsMemory,
  { at, error, knownGood, longest }: { at: number; error: GoogleError; knownGood: boolean; longest: number },
): CredentialsMemory['verification'] {
  const known = verification?.hash === hash ? verification : undefined
  const failures = (known?.failures ?? 0) + 1
  // Its own, because what wakes an integration meanwhile (its agents are counted) is not to send a request.
  const pause = pauseAfter(failures, { random, longest, notBefore: error.retryAfterMs })
  const notBefore = clock.monotonic() + pause
  if (known) return { ...known, error, failures, notBefore }
  return { hash, at, finding: knownGood ? VERIFIED : unreachable(error), error, failures, notBefore }
}

const VERIFIED: CredentialsFinding = {
  status: 'True',
  reason: 'Proved',
  message: 'Google accepts the client id and its secret.',
}

/** What is to be said of good credentials: what was taken off them, and what may still have to be registered at Google. */
export function verifiedFinding(file: ClientFile, signIn: SignIn): CredentialsFinding {
  const stripped = file.stripped.length > 0 ? ` (Taken off: ${file.stripped.join('; ')}.)` : ''
  return { ...VERIFIED, message: `${VERIFIED.message}${stripped}${registration(signIn)}` }
}

/** Advice and nothing more: the file is as old as its download, and Google alone knows what is registered now. */
function registration({ registered, redirectURI, javascriptOrigin }: SignIn): string {
  if (registered === 'yes') return ''
  const found =
    registered === 'no'
      ? `The client file registers neither ${redirectURI} nor ${javascriptOrigin}`
      : 'What is registered at Google is not known from an id and a secret alone'
  return ` ${found}: for people to sign in, add ${redirectURI} to the client's "Authorized redirect URIs" in the Google Cloud console, unless it is there already.`
}

const unreachable = (error: GoogleError): CredentialsFinding => ({
  status: 'Unknown',
  reason: 'GoogleUnreachable',
  message: `Google can't be reached to prove the credentials (${error.message}); the operator keeps trying.`,
})

const LATER = 'Changed settings take Google 5 minutes to a few hours; the operator looks again by itself.'

/** What a refusal says about the client; undefined where it says nothing about it. */
function refusalOf(error: GoogleError, { clientId }: ClientFile): CredentialsFinding | undefined {
  const failed = (reason: CredentialsFinding['reason'], message: string): CredentialsFinding => ({
    status: 'False',
    reason,
    message: `${message} ${LATER}`,
  })
  switch (error.failure) {
    case 'InvalidClient':
    case 'UnauthorizedClient':
      return failed(
        'InvalidClient',
        `Google refuses the client id ${clientId} with this secret: add a new secret on the client's page in the Google Cloud console, download the file that it offers then, and put it into the Secret that spec.google.clientSecretRef names.`,
      )
    case 'ClientDeleted':
      return failed(
        'ClientDeleted',
        `The OAuth client ${clientId} was deleted at Google: restore it there within 30 days, or create a new one.`,
      )
    case 'ClientDisabled':
      return failed(
        'ClientDisabled',
        `The OAuth client ${clientId}, or its secret, is disabled at Google: enable it in the Google Cloud console.`,
      )
    case 'InvalidRequest':
      return failed(
        'ClientFileInvalid',
        `Google can't make sense of the client id and secret (${error.message}): download the client's file from the Google Cloud console and put it, as it is, into the Secret that spec.google.clientSecretRef names.`,
      )
    default:
      return undefined
  }
}
