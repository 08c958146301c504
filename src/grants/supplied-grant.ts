/**
 * Adopts the refresh token that a user supplies in a Secret of their own, by GitOps or from a vault. That Secret is read and never
 * written. A token is adopted when it first appears and whenever it changes, which its hash on our own Secret shows.
 */
import { createHash } from 'node:crypto'
import { manualFixInterval } from '../controller/manual-fix-interval.ts'
import { stepFailure, type StepFailure } from '../failures/step-failure.ts'
import { readRefreshToken } from '../google/refresh-token.ts'
import type { KubernetesObject, Secret } from '../kubernetes/port.ts'
import type { MaybePromise } from '../platform/maybe-promise.ts'
import { isOurs } from '../resources/ownership.ts'
import type { Agent } from '../resources/types.ts'
import { HOUR_MS } from '../platform/time-units.ts'
import { withNewGrant, type GrantState } from './grant-state.ts'
import { consentedAt, suppliedGrant } from './grant.ts'
import type { LoadDeps, Loaded } from './own-grant.ts'
import { pastInstant } from './stored-grant.ts'

/**
 * Adopts the supplied token if it is new.
 * @param since when the agent was first seen, by the monotonic clock.
 * @throws ApiError
 */
export function loadSupplied(deps: LoadDeps, agent: Agent, state: GrantState, since: number): MaybePromise<Loaded> {
  const namespace = agent.metadata.namespace ?? ''
  const name = agent.spec.grantSecretRef?.name ?? ''
  const known = deps.cluster.secrets.get(`${namespace}/${name}`)
  if (!known) {
    const message = `There is no Secret ${name} in namespace ${namespace}, which spec.grantSecretRef names: create it with the key refresh_token.`
    return unusable(state, stepFailure('Authorized', 'GrantSecretNotFound', message, { kind: 'wait', for: HOUR_MS }))
  }
  if (isOurs(known)) {
    const what = `Secret ${name}, which spec.grantSecretRef names, is one of those that the operator makes`
    return unusable(
      state,
      invalid(deps, since, `${what}: name a Secret of your own, with a refresh token of the account.`),
    )
  }
  const asRead = stateAsRead(state, known)
  if (asRead) return { state: asRead }
  return deps.cluster
    .readSecret(namespace, name)
    .then((secret) => adoptFrom(deps, agent, state, { secret, name, since }))
}

function adoptFrom(
  deps: LoadDeps,
  agent: Agent,
  state: GrantState,
  { secret, name, since }: { secret: Secret | undefined; name: string; since: number },
): Loaded {
  const text = decodedValue(secret, 'refresh_token')
  if (text.trim() === '') {
    const message = `Secret ${name}, which spec.grantSecretRef names, has no key refresh_token: add it, with a refresh token of the account.`
    return unusable(state, stepFailure('Authorized', 'GrantSecretKeyMissing', message, { kind: 'wait', for: HOUR_MS }))
  }
  const found = readRefreshToken(text)
  if ('invalid' in found) {
    const what = `The value of refresh_token in Secret ${name}, which spec.grantSecretRef names, ${found.invalid}`
    return unusable(
      state,
      invalid(deps, since, `${what}: put a refresh token of the account there, as Google gave it (1//…).`),
    )
  }
  const stated = decodedValue(secret, 'granted_at').replace(/^[\s"']+|[\s"']+$/g, '')
  const now = deps.clock.now()
  const grantedAt = /^\d{4}-\d\d-\d\d/.test(stated) ? pastInstant(stated, now) : undefined
  const note = remarkOn(name, found.stripped, stated !== '' && grantedAt === undefined)
  const read = { ...state, suppliedVersion: secret?.metadata.resourceVersion, suppliedRemark: note }
  const adopted = noting(note ? undefined : secret, adoptSupplied(read, { token: found.token, grantedAt, now }))
  const isNew = adopted.generation !== state.generation
  if (isNew && note)
    deps.cluster.recordEvent({ regarding: agent, type: 'Normal', reason: 'Granted', action: 'Adopt', note })
  return { state: adopted }
}

/** The state if this version was read before, also by an earlier process, as the grant Secret notes. */
function stateAsRead(state: GrantState, known: KubernetesObject): GrantState | undefined {
  const { resourceVersion } = known.metadata
  if (!state.grant) return undefined
  if (state.suppliedVersion !== undefined) return state.suppliedVersion === resourceVersion ? state : undefined
  const isNoted = state.grant.suppliedVersion === versionOf(known)
  return isNoted ? { ...state, suppliedVersion: resourceVersion } : undefined
}

/** Notes which Secret was read. The next write of the grant stores that: it is not worth a write of its own. */
const noting = (secret: Secret | undefined, state: GrantState): GrantState => ({
  ...state,
  grant: state.grant && { ...state.grant, suppliedVersion: secret && versionOf(secret) },
})

const versionOf = ({ metadata: { uid = '', resourceVersion = '' } }: KubernetesObject): string =>
  `${uid}/${resourceVersion}`

const decodedValue = (secret: Secret | undefined, key: string): string =>
  Buffer.from(secret?.data?.[key] ?? '', 'base64').toString('utf8')

function remarkOn(name: string, stripped: readonly string[], isTimeless: boolean): string | undefined {
  const taken = stripped.length > 0 ? [`stripped from refresh_token: ${stripped.join('; ')}`] : []
  const timeless = isTimeless ? ['granted_at is not used, because it is not an RFC 3339 time in the past'] : []
  const remarks = [...taken, ...timeless]
  return remarks.length > 0 ? `In Secret ${name}: ${remarks.join('. In it, ')}.` : undefined
}

/** The Secret is read again at the next reconcile, even if its version is the same. */
const unusable = (state: GrantState, failure: StepFailure): Loaded => ({
  state: { ...state, suppliedVersion: undefined },
  failure,
})

function invalid({ clock }: LoadDeps, since: number, message: string): StepFailure {
  const now = clock.monotonic()
  return stepFailure('Authorized', 'GrantSecretInvalid', message, {
    kind: 'blocked',
    at: now + manualFixInterval(since, now),
  })
}

/** Uses the supplied token, unless the grant in force began with it. */
function adoptSupplied(
  state: GrantState,
  { token, grantedAt, now }: { token: string; grantedAt: number | undefined; now: number },
): GrantState {
  const suppliedHash = createHash('sha256').update(token).digest('hex')
  const { grant } = state
  if (grant?.suppliedHash !== suppliedHash) {
    return withNewGrant(state, suppliedGrant(token, suppliedHash, { grantedAt, now }))
  }
  const isCorrected = grantedAt !== undefined && (grant.grantedAtIsGuess || grant.grantedAt !== grantedAt)
  return isCorrected ? { ...state, grant: consentedAt(grant, grantedAt) } : state
}
