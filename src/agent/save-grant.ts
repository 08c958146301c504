/** Keeping what Google adds to a grant in our own Secret. */
import type { Grant } from '../grants/grant.ts'
import { ApiError, type Secret } from '../kubernetes/port.ts'
import { grantData } from '../resources/grant-secret.ts'
import { SUPPLIED_TOKEN_HASH, CONSENT_IS_GUESS, grantSecretName, NOT_YET_CHECKED } from '../resources/names.ts'
import { marksOf } from '../resources/ownership.ts'
import type { Agent } from '../resources/types.ts'
import type { AgentState } from './state.ts'
import type { AgentDeps } from './port.ts'
import { stepFailure, type StepFailure } from '../failures/step-failure.ts'

/**
 * Writes the grant to our own Secret, if it holds anything newer, for the version that was read. What the API server refuses
 * stays in use from memory, is told by `memory.grant.unsaved`, and is written again with the next reconcile.
 * @throws ApiError of kind `Conflict` where somebody else was faster.
 */
export async function saveGrant(deps: AgentDeps, agent: Agent, memory: AgentState): Promise<void> {
  const { grant } = memory.grant
  if (!grant || grant.saved) return
  try {
    const written = await write(deps, agent, { grant, version: memory.grant.ownVersion })
    Object.assign(memory.grant, { ownVersion: written.metadata.resourceVersion, ownToken: grant.refreshToken })
    Object.assign(memory.grant, { unsaved: undefined })
    grant.saved = true
  } catch (error) {
    if (!(error instanceof ApiError) || error.failure === 'Conflict') throw error
    memory.grant.unsaved = notSaved(agent, error)
  }
}

async function write(
  { cluster }: AgentDeps,
  agent: Agent,
  { grant, version }: { grant: Grant; version: string | undefined },
): Promise<Secret> {
  const { labels, annotations } = marksOf(agent, 'grant')
  const metadata = { namespace: agent.metadata.namespace ?? '', name: grantSecretName(agent) }
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata } as const
  const data = grantData({ ...grant, grantedAt: grant.doubtedGrantedAt ?? grant.grantedAt })
  const facts = { ...annotations, ...factsOf(grant) }
  if (version !== undefined) {
    const read: Secret = { ...secret, metadata: { ...metadata, resourceVersion: version } }
    return cluster.patch(read, { metadata: { labels, annotations: facts }, data })
  }
  // What appeared under that name since we looked was never read: it is not written over.
  const made: Secret = { ...secret, metadata: { ...metadata, labels, annotations: present(facts) }, type: 'Opaque' }
  return cluster.create({ ...made, data: present(data) }).catch((error: unknown) => {
    if (!(error instanceof ApiError) || error.failure !== 'AlreadyExists') throw error
    throw new ApiError('Conflict', error.message, { status: error.status })
  })
}

const factsOf = (grant: Grant): Record<string, string | null> => ({
  [SUPPLIED_TOKEN_HASH]: grant.suppliedHash ?? null,
  [CONSENT_IS_GUESS]: grant.grantedAtIsGuess && grant.doubtedGrantedAt === undefined ? 'true' : null,
  [NOT_YET_CHECKED]: grant.checked ? null : 'true',
})

function notSaved(agent: Agent, error: ApiError): StepFailure {
  const message = `The grant could not be written into Secret ${grantSecretName(agent)} (${error.message}): it is used from memory, and a restart of the operator may lose it; the operator keeps trying.`
  return stepFailure('Synced', 'PublishFailed', message, { kind: 'retry', error, notBefore: error.retryAfterMs })
}

/** Without the nulls, which mean "remove" in a patch and nothing at all in a new object. */
const present = (values: Record<string, string | null>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== null))
