/**
 * The grant as the cluster holds it: which refresh token is the one to use.
 *
 * Two Secrets may speak: the agent's own (`<agent>-google-grant`), and the one that a user supplies. A supplied token is
 * adopted when it first appears and whenever it changes, which is known by its hash on our own Secret; from then on our own
 * Secret holds what is in force, because Google may rotate the token.
 */
import { type Grant, authorizedGrant } from '../grants/grant.ts'
import { conflictMessage, isSignedIn, ownershipOf } from '../grants/grant-secret.ts'
import type { Secret } from '../kubernetes/port.ts'
import type { Clock } from '../platform/clock.ts'
import { decode } from '../resources/encoding.ts'
import { grantSecretName } from '../resources/names.ts'
import { ownershipOfGrant } from '../resources/ownership.ts'
import type { Agent } from '../resources/types.ts'
import type { AccessRequest } from './access.ts'
import { consentOf010 } from './first-consent.ts'
import { useAnotherGrant, type AgentState } from './state.ts'
import type { AgentDeps } from './port.ts'
import { saveGrant } from './save-grant.ts'
import { stepFailure, type StepFailure } from '../failures/step-failure.ts'
import { firstAdvice } from './sign-in.ts'
import { grantFrom } from './stored-grant.ts'
import { readSupplied } from './supplied-grant.ts'

const AN_HOUR = 60 * 60_000
const FIVE_MINUTES = 5 * 60_000

/** Brings `memory.grant.grant` up to date with the Secrets; each is read only when its version has changed. */
export async function gatherGrant({ deps, agent, memory, gate }: AccessRequest): Promise<Grant | StepFailure> {
  const own = await readOwn(deps, agent, memory)
  if (own) return own
  const supplied = agent.spec.grantSecretRef ? await readSupplied(deps, agent, memory) : undefined
  if (supplied) return supplied
  if (memory.grant.grant) return memory.grant.grant
  const message = firstAdvice(deps, agent, gate.integration)
  return stepFailure('Authorized', 'AwaitingSignIn', message, { kind: 'wait', for: AN_HOUR })
}

async function readOwn(deps: AgentDeps, agent: Agent, memory: AgentState): Promise<StepFailure | undefined> {
  const known = deps.cluster.secrets.get(`${agent.metadata.namespace ?? ''}/${grantSecretName(agent)}`)
  if (!known) {
    // Deleted by hand: what was supplied will come again, anything else was withdrawn. What could never be written is kept.
    if (memory.grant.ownVersion !== undefined || !agent.spec.grantSecretRef) withdraw(memory)
    return undefined
  }
  const seen = ownershipOfGrant(known, agent)
  if (seen.is === 'foreign') return conflict(deps, agent, seen)
  const isAsRead = seen.is === 'mine' && known.metadata.resourceVersion === memory.grant.ownVersion
  return isAsRead ? undefined : readAgain(deps, agent, memory)
}

async function readAgain(deps: AgentDeps, agent: Agent, memory: AgentState): Promise<StepFailure | undefined> {
  const secret = await deps.cluster.readSecret(agent.metadata.namespace ?? '', grantSecretName(agent))
  const ownership = secret && ownershipOf(secret, agent)
  if (ownership?.is === 'foreign') return conflict(deps, agent, ownership)
  loadStored(memory, secret, deps.clock)
  if (secret) await makeGood(deps, agent, memory, { secret, marked: ownership?.is === 'mine' })
  return undefined
}

function conflict(deps: AgentDeps, agent: Agent, foreign: { whose: string; todo?: string }): StepFailure {
  const requeue = { kind: 'blocked', at: deps.clock.monotonic() + FIVE_MINUTES } as const
  return stepFailure('Authorized', 'GrantConflict', conflictMessage(agent, foreign), requeue)
}

/** Puts back marks that are missing, and writes the note of consent that version 0.1.0 did not keep. */
async function makeGood(
  deps: AgentDeps,
  agent: Agent,
  memory: AgentState,
  { secret, marked }: { secret: Secret; marked: boolean },
): Promise<void> {
  const { grant } = memory.grant
  if (!grant) return
  const noted = grant.consent !== undefined || !isSignedIn(secret)
  if (marked && noted) return
  if (!noted) grant.consent = await consentOf010(deps, agent)
  grant.saved = false
  await saveGrant(deps, agent, memory)
}

/** A namespace that is deleted loses its Secrets and its Agents in any order: what is to be revoked stays known. */
function withdraw(memory: AgentState): void {
  const { grant } = memory.grant
  if (grant) {
    memory.grant.pendingRevocation = authorizedGrant(grant) ?? memory.grant.pendingRevocation
    memory.grant.lastConsent = grant.consent
  }
  Object.assign(memory.grant, {
    ownVersion: undefined,
    suppliedVersion: undefined,
    grant: undefined,
    unsaved: undefined,
  })
}

/** Takes up what our own Secret says. */
function loadStored(memory: AgentState, secret: Secret | undefined, clock: Clock): void {
  memory.grant.ownVersion = secret?.metadata.resourceVersion
  const token = decode(secret?.data).refresh_token
  // Somebody edited the Secret while we held something newer than it: what we hold is not lost, it is written again.
  const newer = memory.grant.grant?.saved === false && token !== undefined && token === memory.grant.ownToken
  memory.grant.ownToken = token
  if (!newer)
    replaceGrant(memory, secret && token ? grantFrom(secret, token, { clock, inHand: memory.grant.grant }) : undefined)
}

function replaceGrant(memory: AgentState, grant: Grant | undefined): void {
  const another = memory.grant.grant?.refreshToken !== grant?.refreshToken
  memory.grant.lastConsent = memory.grant.grant ? memory.grant.grant.consent : memory.grant.lastConsent
  memory.grant.grant = grant
  if (another) useAnotherGrant(memory)
}
