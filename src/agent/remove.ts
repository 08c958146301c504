/**
 * What is left to do when an Agent goes. Retain asks for nothing: what was published goes by garbage collection, and the
 * grant stays. Revoke ends the grant at Google and takes our Secret away, and it always comes to an end.
 */
import { GoogleError } from '../google/port.ts'
import { done, retry, type Outcome } from '../loop/outcome.ts'
import { grantSecretName, isManaged, REVOKE_FINALIZER } from '../resources/names.ts'
import type { Agent } from '../resources/types.ts'
import { decode } from '../resources/encoding.ts'
import type { AgentMemory } from './memory.ts'
import type { AgentDeps } from './port.ts'

/** How long Google may stay away before an Agent is let go all the same, in ms. */
const PATIENCE_MS = 60_000

export async function remove(deps: AgentDeps, agent: Agent, memory: AgentMemory): Promise<Outcome> {
  const finalizers = agent.metadata.finalizers ?? []
  if (!finalizers.includes(REVOKE_FINALIZER)) return done()
  const failed = await revokeAll(deps, await tokensOf(deps, agent, memory))
  const waited = deps.clock.now() - Date.parse(agent.metadata.deletionTimestamp ?? '')
  if (failed && waited < PATIENCE_MS) return retry(failed, Math.min(failed.retryAfterMs ?? 0, PATIENCE_MS - waited))
  if (failed) notRevoked(deps, agent)
  else await deleteGrantSecret(deps, agent)
  await deps.cluster.patch(agent, { metadata: { finalizers: finalizers.filter((one) => one !== REVOKE_FINALIZER) } })
  return done()
}

/** The refresh tokens of this agent: the one in force, the one that was brought, and one whose Secret is gone already. */
async function tokensOf(deps: AgentDeps, agent: Agent, memory: AgentMemory): Promise<Set<string>> {
  const namespace = agent.metadata.namespace ?? ''
  const own = deps.cluster.secrets.get(`${namespace}/${grantSecretName(agent)}`)
  const names = [own && isManaged(own) ? grantSecretName(agent) : undefined, agent.spec.grantSecretRef?.name]
  const given = names.filter((name) => name !== undefined)
  const secrets = await Promise.all(given.map((name) => deps.cluster.readSecret(namespace, name)))
  const tokens = secrets.map((secret) => decode(secret?.data).refresh_token)
  const known = [...tokens, memory.grant?.refreshToken, memory.withdrawn]
  return new Set(known.filter((token) => token !== undefined))
}

async function revokeAll(deps: AgentDeps, tokens: Set<string>): Promise<GoogleError | undefined> {
  let failed: GoogleError | undefined
  for (const token of tokens) {
    try {
      await deps.google.revoke(token)
    } catch (error) {
      if (!(error instanceof GoogleError)) throw error
      failed = error
    }
  }
  return failed
}

/** The Secret stays then: it is the only means left to revoke the grant. */
function notRevoked(deps: AgentDeps, agent: Agent): void {
  deps.cluster.note({
    regarding: agent,
    type: 'Warning',
    reason: 'RevokeFailed',
    action: 'Revoke',
    note: `Google could not be reached to revoke the grant, and the Agent is let go all the same. Secret ${grantSecretName(agent)} is kept if there is one: revoke the access at https://myaccount.google.com/connections, then delete it.`,
  })
}

async function deleteGrantSecret(deps: AgentDeps, agent: Agent): Promise<void> {
  const own = deps.cluster.secrets.get(`${agent.metadata.namespace ?? ''}/${grantSecretName(agent)}`)
  if (own && isManaged(own)) await deps.cluster.delete(own)
}
