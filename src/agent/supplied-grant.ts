/** The refresh token that a user supplies in a Secret of their own, by GitOps or from a vault: read, never written. */
import { createHash } from 'node:crypto'
import { manualFixInterval } from '../controller/manual-fix-interval.ts'
import { readRefreshToken } from '../google/refresh-token.ts'
import type { Secret } from '../kubernetes/port.ts'
import { isOurs } from '../resources/ownership.ts'
import type { ReasonOf } from '../resources/reasons.ts'
import type { Agent } from '../resources/types.ts'
import { useAnotherGrant, type AgentState } from './state.ts'
import type { AgentDeps } from './port.ts'
import { stepFailure, type StepFailure } from '../failures/step-failure.ts'
import { pastInstant } from './stored-grant.ts'

const AN_HOUR = 60 * 60_000

/** Adopts the supplied token where it is new; answers a setback where there is none that can be used. */
export async function readSupplied(
  deps: AgentDeps,
  agent: Agent,
  memory: AgentState,
): Promise<StepFailure | undefined> {
  const namespace = agent.metadata.namespace ?? ''
  const name = agent.spec.grantSecretRef?.name ?? ''
  const known = deps.cluster.secrets.get(`${namespace}/${name}`)
  if (!known) {
    const message = `There is no Secret ${name} in namespace ${namespace}, which spec.grantSecretRef names: create it with the key refresh_token.`
    return waiting(memory, 'GrantSecretNotFound', message)
  }
  if (isOurs(known)) {
    const what = `Secret ${name}, which spec.grantSecretRef names, is one of those that the operator makes`
    return invalid(deps, memory, `${what}: name a Secret of your own, with a refresh token of the account.`)
  }
  if (known.metadata.resourceVersion === memory.grant.suppliedVersion && memory.grant.grant) return undefined
  const secret = await deps.cluster.readSecret(namespace, name)
  return adoptFrom(deps, agent, memory, { secret, name })
}

function adoptFrom(
  deps: AgentDeps,
  agent: Agent,
  memory: AgentState,
  { secret, name }: { secret: Secret | undefined; name: string },
): StepFailure | undefined {
  const text = textOf(secret, 'refresh_token')
  if (text.trim() === '') {
    const message = `Secret ${name}, which spec.grantSecretRef names, has no key refresh_token: add it, with a refresh token of the account.`
    return waiting(memory, 'GrantSecretKeyMissing', message)
  }
  const found = readRefreshToken(text)
  if ('invalid' in found) {
    const what = `The value of refresh_token in Secret ${name}, which spec.grantSecretRef names, ${found.invalid}`
    return invalid(deps, memory, `${what}: put a refresh token of the account there, as Google gave it (1//…).`)
  }
  memory.grant.suppliedVersion = secret?.metadata.resourceVersion
  const stated = textOf(secret, 'granted_at').replace(/^[\s"']+|[\s"']+$/g, '')
  const now = deps.clock.now()
  const grantedAt = /^\d{4}-\d\d-\d\d/.test(stated) ? pastInstant(stated, now) : undefined
  memory.grant.suppliedRemark = remarkOn(name, found.stripped, stated !== '' && grantedAt === undefined)
  const isNew = adoptSupplied(memory, { token: found.token, grantedAt, now })
  if (isNew && memory.grant.suppliedRemark) {
    const note = memory.grant.suppliedRemark
    deps.cluster.recordEvent({ regarding: agent, type: 'Normal', reason: 'Granted', action: 'Adopt', note })
  }
  return undefined
}

const textOf = (secret: Secret | undefined, key: string): string =>
  Buffer.from(secret?.data?.[key] ?? '', 'base64').toString('utf8')

function remarkOn(name: string, stripped: readonly string[], isTimeless: boolean): string | undefined {
  const taken = stripped.length > 0 ? [`taken off refresh_token: ${stripped.join('; ')}`] : []
  const timeless = isTimeless ? ['granted_at is not used, because it is no RFC 3339 time that has passed'] : []
  const remarks = [...taken, ...timeless]
  return remarks.length > 0 ? `In Secret ${name}: ${remarks.join('. In it, ')}.` : undefined
}

function waiting(
  memory: AgentState,
  reason: Extract<ReasonOf<'Agent', 'Authorized'>, 'GrantSecretNotFound' | 'GrantSecretKeyMissing'>,
  message: string,
): StepFailure {
  memory.grant.suppliedVersion = undefined
  return stepFailure('Authorized', reason, message, { kind: 'wait', for: AN_HOUR })
}

function invalid(deps: AgentDeps, memory: AgentState, message: string): StepFailure {
  memory.grant.suppliedVersion = undefined
  const at = deps.clock.monotonic() + manualFixInterval(memory.firstSeen, deps.clock.monotonic())
  return stepFailure('Authorized', 'GrantSecretInvalid', message, { kind: 'blocked', at })
}

/** Takes a supplied token into use, unless it is the one that the grant in force began with. Answers whether it is new. */
function adoptSupplied(
  memory: AgentState,
  { token, grantedAt, now }: { token: string; grantedAt: number | undefined; now: number },
): boolean {
  const suppliedHash = createHash('sha256').update(token).digest('hex')
  const grant = memory.grant.grant
  if (grant?.suppliedHash === suppliedHash) {
    if (grantedAt !== undefined && (grant.grantedAtIsGuess || grant.grantedAt !== grantedAt)) {
      Object.assign(grant, { grantedAt, grantedAtIsGuess: false, doubtedGrantedAt: undefined, saved: false })
    }
    return false
  }
  useAnotherGrant(memory)
  memory.grant.grant = {
    refreshToken: token,
    suppliedHash,
    grantedAt: grantedAt ?? now,
    grantedAtIsGuess: grantedAt === undefined,
    obtainedAt: 0,
    expiresAt: 0,
    renewAt: -Infinity,
    saved: false,
    checked: false,
  }
  return true
}
