/** Reads the Agent's own Secret, `<agent>-google-grant`. It contains the grant in force, because Google may rotate a supplied token. */
import { stepFailure, type StepFailure } from '../failures/step-failure.ts'
import type { Secret } from '../kubernetes/port.ts'
import type { Clock } from '../platform/clock.ts'
import type { MaybePromise } from '../platform/maybe-promise.ts'
import { decode } from '../resources/secret-encoding.ts'
import { grantSecretName } from '../resources/names.ts'
import { ownershipOfGrant } from '../resources/ownership.ts'
import { MINUTE_MS } from '../platform/time-units.ts'
import type { Agent } from '../resources/types.ts'
import { consentOf010 } from './first-consent.ts'
import { conflictMessage, grantSecretKey, isSignedIn, ownershipOf } from './grant-secret.ts'
import { withPendingRevocation, withStoredGrant, type GrantState } from './grant-state.ts'
import type { GrantCluster } from './port.ts'
import { saveGrant, type Saved } from './save-grant.ts'
import { grantFrom } from './stored-grant.ts'

const RECHECK_MS = 5 * MINUTE_MS

/** The state after a Secret was read, and why the Secret cannot be used, if so. */
export interface Loaded extends Saved {
  failure?: StepFailure
}

/** What loading a grant needs. */
export interface LoadDeps {
  cluster: GrantCluster
  clock: Clock
}

/**
 * Brings the state up to date with our own Secret, which is read only if its version has changed.
 * @throws ApiError
 */
export function loadOwn(deps: LoadDeps, agent: Agent, state: GrantState): MaybePromise<Loaded> {
  const known = deps.cluster.secrets.get(grantSecretKey(agent))
  if (!known) {
    // A user deleted it: a supplied token is adopted again, any other is no longer used. A grant that could never be written stays.
    const isGone = state.ownVersion !== undefined || !agent.spec.grantSecretRef
    return { state: isGone ? withPendingRevocation(state) : state }
  }
  const seen = ownershipOfGrant(known, agent)
  if (seen.is === 'foreign') return { state, failure: conflict(deps, agent, seen) }
  const isAsRead = seen.is === 'mine' && known.metadata.resourceVersion === state.ownVersion
  return isAsRead ? { state } : readAgain(deps, agent, state, known.metadata.resourceVersion)
}

async function readAgain(deps: LoadDeps, agent: Agent, before: GrantState, seen: string | undefined): Promise<Loaded> {
  const secret = await deps.cluster.readSecret(agent.metadata.namespace ?? '', grantSecretName(agent), seen)
  const ownership = secret && ownershipOf(secret, agent)
  if (ownership?.is === 'foreign') return { state: before, failure: conflict(deps, agent, ownership) }
  const state = loadStored(before, secret, deps.clock)
  return secret ? repair(deps, agent, state, { secret, marked: ownership?.is === 'mine' }) : { state }
}

function conflict({ clock }: LoadDeps, agent: Agent, foreign: { whose: string; todo?: string }): StepFailure {
  const requeue = { kind: 'blocked', at: clock.monotonic() + RECHECK_MS } as const
  return stepFailure('Authorized', 'GrantConflict', conflictMessage(agent, foreign), requeue)
}

/** Uses the grant in our own Secret. */
function loadStored(state: GrantState, secret: Secret | undefined, clock: Clock): GrantState {
  const { refresh_token: token, ...others } = decode(secret?.data)
  // Somebody edited the Secret while we had a newer grant. Ours stays in use and is written again.
  const newer = state.grant?.saved === false && token === state.ownToken
  const read = { ...state, ownVersion: secret?.metadata.resourceVersion, ownToken: token }
  if (newer) return read
  return withStoredGrant(
    read,
    secret && token ? grantFrom(secret, { ...others, refresh_token: token }, { clock, known: state.grant }) : undefined,
  )
}

/** Restores missing labels and annotations, and records the consent that version 0.1.0 did not record. */
async function repair(
  { cluster }: LoadDeps,
  agent: Agent,
  state: GrantState,
  { secret, marked }: { secret: Secret; marked: boolean },
): Promise<Loaded> {
  const { grant } = state
  if (!grant) return { state }
  const isConsentKnown = grant.consent !== undefined || !isSignedIn(secret)
  if (marked && isConsentKnown) return { state }
  const consent = isConsentKnown ? grant.consent : await consentOf010(cluster, agent)
  return saveGrant(cluster, agent, { ...state, grant: { ...grant, consent, saved: false } })
}
