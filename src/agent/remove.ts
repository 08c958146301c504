/**
 * The deletion of an Agent. `Retain` needs no step: published objects are garbage-collected, and the grant stays. `Revoke`
 * revokes the grant at Google and deletes the Agent's own grant Secret, and always ends. Only what this Agent was authorized
 * with is revoked, and never a grant that another Agent uses.
 */
import type { Resolution } from '../clients/resolve-integration.ts'
import { GoogleError } from '../google/port.ts'
import type { AuthorizedGrant } from '../grants/grant-secret.ts'
import type { GrantState } from '../grants/grant-state.ts'
import type { StoredGrant } from '../grants/grant-store.ts'
import { authorizedGrant } from '../grants/grant.ts'
import { revokeAll, type Revoked } from '../grants/revocation.ts'
import { done, retry, type Outcome } from '../controller/outcome.ts'
import { grantSecretName, REVOKE_FINALIZER } from '../resources/names.ts'
import { sameAccount } from '../resources/account.ts'
import type { Agent } from '../resources/types.ts'
import type { AskedThrough } from '../grants/shared-grants.ts'
import type { AgentDeps } from './port.ts'
import type { AgentRun } from './steps.ts'

/** How long Google may be unreachable before the finalizer is removed nevertheless, in ms. */
const PATIENCE_MS = 60_000
const FIRST_PAUSE_MS = 1_000

/**
 * Revokes what the Agent was authorized with, and removes the finalizer.
 * @param since when the deletion was first seen, by the monotonic clock.
 * @throws ApiError
 */
export async function remove({ deps, agent, resolution }: AgentRun, since: number): Promise<Outcome> {
  const finalizers = agent.metadata.finalizers ?? []
  if (!finalizers.includes(REVOKE_FINALIZER)) return done()
  // While its token is still valid.
  await deps.push.stop(agent)
  const kept = await readKept(deps, agent)
  const grants = grantsOf(agent, kept, deps.tokens.current(agent))
  const result = await revokeAll(deps, agent, { grants, through: clientOf(resolution) })
  const failed = failureOf(result)
  const waited = deps.clock.monotonic() - since
  if (failed && waited < PATIENCE_MS) return retried(failed, waited)
  if (failed) record(deps, agent, result.failed ? NOT_REVOKED : UNDECIDED)
  else if (kept) await deps.grants.delete(kept)
  if (result.shared) record(deps, agent, SHARED)
  await deps.cluster.patch(agent, { metadata: { finalizers: finalizers.filter((one) => one !== REVOKE_FINALIZER) } })
  return done()
}

/** Why not everything could be revoked that may be. */
function failureOf({ failed, undecided }: Revoked): GoogleError | undefined {
  const notYetKnown = 'it is not known yet whether another Agent uses the grant'
  return failed ?? (undecided ? new GoogleError('Unreachable', notYetKnown) : undefined)
}

/** The client of the Agent's integration, if it can be used. */
const clientOf = (resolution: Resolution): AskedThrough | undefined =>
  resolution.kind === 'resolved' ? { ...resolution.entry, integration: resolution.integration } : undefined

/** Retries soon, and less and less often within the minute. Earlier failures of this key do not count. */
function retried(failed: GoogleError, waited: number): Outcome {
  const left = PATIENCE_MS - waited
  const notBefore = Math.min(failed.retryAfterMs ?? 0, left)
  return retry(failed, notBefore, Math.max(notBefore, Math.min(waited, left), FIRST_PAUSE_MS))
}

/** The Agent's own grant Secret as it is now; never a supplied one, nor one that is not the Agent's. */
async function readKept(deps: AgentDeps, agent: Agent): Promise<StoredGrant | undefined> {
  const kept = await deps.grants.read(agent)
  if (!kept || isOfAccount(agent, kept.authorized)) return kept
  // An earlier Agent of the same name left it: this Agent was never authorized with it.
  record(deps, agent, OF_ANOTHER_ACCOUNT)
  return undefined
}

/** What this Agent was authorized with: in its Secret, in memory, and in a Secret that is gone. */
function grantsOf(agent: Agent, kept: StoredGrant | undefined, known: GrantState): AuthorizedGrant[] {
  const all = [kept?.authorized, known.grant && authorizedGrant(known.grant), known.pendingRevocation]
  const grants = new Map(
    all.flatMap((grant) => (grant && isOfAccount(agent, grant) ? [[grant.token, grant] as const] : [])),
  )
  return [...grants.values()]
}

/** A grant whose account is not known counts as the Agent's. */
const isOfAccount = ({ spec }: Agent, grant: AuthorizedGrant | undefined): boolean =>
  grant?.account === undefined || sameAccount(grant.account, spec.account)

interface RemovalEvent {
  type: 'Normal' | 'Warning'
  reason: string
  note: (secret: string) => string
}

/** The Secret stays in this case: the grant can be revoked only with it. */
const NOT_REVOKED: RemovalEvent = {
  type: 'Warning',
  reason: 'RevokeFailed',
  note: (secret) =>
    `Google could not be reached to revoke the grant, and the Agent was deleted anyway. Secret ${secret} is kept if there is one: revoke the access at https://myaccount.google.com/connections, then delete it.`,
}

const UNDECIDED: RemovalEvent = {
  type: 'Warning',
  reason: 'RevokeFailed',
  note: (secret) =>
    `The grant was not revoked at Google, because the operator could not find out within a minute whether another Agent uses it, too; the Agent was deleted anyway. Secret ${secret} is kept if there is one: let the owner of the account remove the access at https://myaccount.google.com/connections, which ends all grants of the account to this client; then delete the Secret.`,
}

const OF_ANOTHER_ACCOUNT: RemovalEvent = {
  type: 'Warning',
  reason: 'WrongAccount',
  note: (secret) =>
    `Secret ${secret} holds a grant of another account than spec.account, with which this Agent was never authorized: it is neither revoked nor deleted. Delete it if nobody needs it.`,
}

/** The message does not name the other Agent, which may be in another namespace. */
const SHARED: RemovalEvent = {
  type: 'Normal',
  reason: 'GrantShared',
  note: (secret) =>
    `The grant was not revoked at Google, because another Agent uses a grant of the same account and OAuth client, or one whose scopes hide whose it is, which might end with it. Secret ${secret} is deleted. If the access must end all the same, let its owner remove it at https://myaccount.google.com/connections: that ends all grants of the account to this client.`,
}

function record({ cluster }: AgentDeps, regarding: Agent, { type, reason, note }: RemovalEvent): void {
  cluster.recordEvent({ regarding, type, reason, action: 'Revoke', note: note(grantSecretName(regarding)) })
}
