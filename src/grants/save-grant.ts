/** Saves a grant in the Agent's own Secret, with what Google has added to it. */
import { UnexpectedError } from '../controller/outcome.ts'
import { stepFailure, type StepFailure } from '../failures/step-failure.ts'
import { ApiError, isConflict, type Secret } from '../kubernetes/port.ts'
import {
  CONSENT_IS_GUESS,
  grantSecretName,
  NOT_YET_CHECKED,
  SUPPLIED_TOKEN_HASH,
  SUPPLIED_VERSION,
} from '../resources/names.ts'
import type { MaybePromise } from '../platform/maybe-promise.ts'
import { decode } from '../resources/secret-encoding.ts'
import { marksOf } from '../resources/ownership.ts'
import type { Agent } from '../resources/types.ts'
import { grantData, present } from './grant-data.ts'
import type { GrantState } from './grant-state.ts'
import type { Grant } from './grant.ts'
import type { GrantCluster } from './port.ts'

/** The state after a write. It must be kept even if `thrown` is set, because it may contain the only copy of a rotated token. */
export interface Saved {
  state: GrantState
  /** A conflict or a bug of the operator. */
  thrown?: Error
}

/**
 * Writes the grant to our own Secret if it has changed, with the version that was read as a precondition. If the API server refuses
 * that, the grant is used from memory, `unsaved` says why, and the next reconcile writes it again.
 */
export function saveGrant(cluster: GrantCluster, agent: Agent, state: GrantState): MaybePromise<Saved> {
  const { grant } = state
  return !grant || grant.saved ? { state } : saveChanged(cluster, agent, { state, grant })
}

async function saveChanged(
  cluster: GrantCluster,
  agent: Agent,
  { state, grant }: { state: GrantState; grant: Grant },
): Promise<Saved> {
  try {
    const secret = await write(cluster, agent, { grant, version: state.ownVersion })
    const ownVersion = secret.metadata.resourceVersion
    if (holds(secret, grant)) {
      const saved = { ...grant, saved: true }
      return { state: { ...state, ownVersion, ownToken: grant.refreshToken, unsaved: undefined, grant: saved } }
    }
    const ownToken = decode(secret.data).refresh_token
    return { state: { ...state, ownVersion, ownToken, unsaved: changedOnTheWay(agent) } }
  } catch (error) {
    if (!(error instanceof ApiError)) return { state, thrown: new UnexpectedError(error) }
    if (isConflict(error)) return { state, thrown: error }
    return { state: { ...state, unsaved: notSaved(agent, error) } }
  }
}

async function write(
  cluster: GrantCluster,
  agent: Agent,
  { grant, version }: { grant: Grant; version: string | undefined },
): Promise<Secret> {
  const { labels, annotations } = marksOf(agent, 'grant')
  const metadata = { namespace: agent.metadata.namespace ?? '', name: grantSecretName(agent) }
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata } as const
  const data = dataOf(grant)
  const all = { ...annotations, ...annotationsOf(grant) }
  if (version !== undefined) {
    const read: Secret = { ...secret, metadata: { ...metadata, resourceVersion: version } }
    return cluster.patch(read, { metadata: { labels, annotations: all }, data })
  }
  // A Secret that was created in the meantime has not been read, so it is not overwritten.
  const made: Secret = { ...secret, metadata: { ...metadata, labels, annotations: present(all) }, type: 'Opaque' }
  return cluster.create({ ...made, data: present(data) }).catch((error: unknown) => {
    if (!(error instanceof ApiError) || error.failure !== 'AlreadyExists') throw error
    throw new ApiError('Conflict', error.message, { status: error.status })
  })
}

const dataOf = (grant: Grant): Record<string, string | null> =>
  grantData({ ...grant, grantedAt: grant.doubtedGrantedAt ?? grant.grantedAt })

/** Whether the Secret holds the grant: a mutating admission webhook or policy may have changed it on the way. */
const holds = ({ data = {} }: Secret, grant: Grant): boolean =>
  Object.entries(dataOf(grant)).every(([key, value]) => (data[key] ?? null) === value)

const annotationsOf = (grant: Grant): Record<string, string | null> => ({
  [SUPPLIED_TOKEN_HASH]: grant.suppliedHash ?? null,
  [SUPPLIED_VERSION]: grant.suppliedVersion ?? null,
  [CONSENT_IS_GUESS]: grant.grantedAtIsGuess && grant.doubtedGrantedAt === undefined ? 'true' : null,
  [NOT_YET_CHECKED]: grant.checked ? null : 'true',
})

function changedOnTheWay(agent: Agent): StepFailure {
  const message = `Secret ${grantSecretName(agent)} does not contain the grant that the operator writes: a mutating admission webhook or policy changes it on the way. Exempt it there: the grant is used from memory, and a restart of the operator loses it; the operator keeps trying.`
  return stepFailure('Synced', 'PublishFailed', message, { kind: 'retry', error: new Error(message) })
}

function notSaved(agent: Agent, error: ApiError): StepFailure {
  const message = `The grant could not be written into Secret ${grantSecretName(agent)} (${error.message}): it is used from memory, and a restart of the operator may lose it; the operator keeps trying.`
  return stepFailure('Synced', 'PublishFailed', message, { kind: 'retry', error, notBefore: error.retryAfterMs })
}
