/**
 * What is left to do when an Agent goes. Retain asks for nothing: what was published goes by garbage collection, and the
 * grant stays. Revoke ends the grant at Google and takes our Secret away, and it always comes to an end. It ends only what
 * this very Agent was authorized with, and never what another Agent lives on.
 */
import type { GoogleError } from '../google/port.ts'
import type { AuthorizedGrant } from '../grants/grant-secret.ts'
import type { GrantState } from '../grants/grant-state.ts'
import type { StoredGrant } from '../grants/grant-store.ts'
import { authorizedGrant } from '../grants/grant.ts'
import { revokeAll } from '../grants/revocation.ts'
import { done, retry, type Outcome } from '../controller/outcome.ts'
import { grantSecretName, REVOKE_FINALIZER } from '../resources/names.ts'
import { sameAccount } from '../resources/account.ts'
import type { Agent } from '../resources/types.ts'
import type { AgentState } from './state.ts'
import type { AgentDeps } from './port.ts'

/** How long Google may stay away before an Agent is let go all the same, in ms. */
const PATIENCE_MS = 60_000
const FIRST_PAUSE_MS = 1_000

/** Does what the Agent's deletion asks for, and lets it go. Fails with an `ApiError`. */
export async function remove(deps: AgentDeps, agent: Agent, state: AgentState): Promise<Outcome> {
  const finalizers = agent.metadata.finalizers ?? []
  if (!finalizers.includes(REVOKE_FINALIZER)) return done()
  state.leavingSince ??= deps.clock.monotonic()
  const kept = await readKept(deps, agent)
  const { failed, shared } = await revokeAll(deps, agent, grantsOf(agent, kept, deps.tokens.current(agent)))
  const waited = deps.clock.monotonic() - state.leavingSince
  if (failed && waited < PATIENCE_MS) return triedAgain(failed, waited)
  if (failed) tell(deps, agent, NOT_REVOKED)
  else if (kept) await deps.grants.delete(kept)
  if (shared) tell(deps, agent, SHARED)
  await deps.cluster.patch(agent, { metadata: { finalizers: finalizers.filter((one) => one !== REVOKE_FINALIZER) } })
  return done()
}

/** Soon, and ever more manualFixInterval within the minute: what this key failed with before does not count for its removal. */
function triedAgain(failed: GoogleError, waited: number): Outcome {
  const left = PATIENCE_MS - waited
  const notBefore = Math.min(failed.retryAfterMs ?? 0, left)
  return retry(failed, notBefore, Math.max(notBefore, Math.min(waited, left), FIRST_PAUSE_MS))
}

/** The Agent's own grant Secret, as it is now; never one that is somebody else's, nor one that a user supplied. */
async function readKept(deps: AgentDeps, agent: Agent): Promise<StoredGrant | undefined> {
  const kept = await deps.grants.read(agent)
  if (!kept || isOfAccount(agent, kept.authorized)) return kept
  // Left by one who had the name before: this Agent was never authorized with it, whoever else lives on it.
  tell(deps, agent, OF_ANOTHER_ACCOUNT)
  return undefined
}

/** What this Agent was authorized with: as it is kept, as it is in use, and as it was before its Secret went. */
function grantsOf(agent: Agent, kept: StoredGrant | undefined, known: GrantState): AuthorizedGrant[] {
  const all = [kept?.authorized, known.grant && authorizedGrant(known.grant), known.pendingRevocation]
  const grants = new Map(
    all.flatMap((grant) => (grant && isOfAccount(agent, grant) ? [[grant.token, grant] as const] : [])),
  )
  return [...grants.values()]
}

/** A grant whose account nobody could tell counts as the Agent's. */
const isOfAccount = ({ spec }: Agent, grant: AuthorizedGrant | undefined): boolean =>
  grant?.account === undefined || sameAccount(grant.account, spec.account)

interface Told {
  type: 'Normal' | 'Warning'
  reason: string
  note: (secret: string) => string
}

/** The Secret stays then: it is the only means left to revoke the grant. */
const NOT_REVOKED: Told = {
  type: 'Warning',
  reason: 'RevokeFailed',
  note: (secret) =>
    `Google could not be reached to revoke the grant, and the Agent is let go all the same. Secret ${secret} is kept if there is one: revoke the access at https://myaccount.google.com/connections, then delete it.`,
}

const OF_ANOTHER_ACCOUNT: Told = {
  type: 'Warning',
  reason: 'WrongAccount',
  note: (secret) =>
    `Secret ${secret} holds a grant of another account than spec.account, with which this Agent was never authorized: it is neither revoked nor deleted. Delete it if nobody needs it.`,
}

/** Who the other one is, is nobody's business: it may be in another namespace. */
const SHARED: Told = {
  type: 'Normal',
  reason: 'GrantShared',
  note: (secret) =>
    `The grant was not revoked at Google, because another Agent lives on a grant of the same account and OAuth client, which would end with it. Secret ${secret} is deleted.`,
}

function tell({ cluster }: AgentDeps, regarding: Agent, { type, reason, note }: Told): void {
  cluster.recordEvent({ regarding, type, reason, action: 'Revoke', note: note(grantSecretName(regarding)) })
}
