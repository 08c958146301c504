/** Stores the grant of a sign-in in the Agent's own Secret, which the leader may write concurrently. */
import { ApiError, type Secret } from '../kubernetes/port.ts'
import {
  SUPPLIED_TOKEN_HASH,
  CONSENT_IS_GUESS,
  grantSecretName,
  NOT_YET_CHECKED,
  SIGNED_IN_BY,
  SUPPLIED_VERSION,
} from '../resources/names.ts'
import { marksOf } from '../resources/ownership.ts'
import type { Agent } from '../resources/types.ts'
import { grantData, present, type GrantContent } from './grant-data.ts'
import { conflictMessage, ownershipOf } from './grant-secret.ts'
import type { GrantCluster } from './port.ts'

const TRIES = 5

/** The grant of a sign-in. `consent` is what the page of that sign-in showed. */
export interface SignedInGrant extends GrantContent {
  /** Identifies the sign-in. */
  signedInBy: string
  /** The Secret as it was when the person returned from Google. */
  before: Secret | undefined
}

/**
 * Reads the Agent's current grant Secret.
 * @throws ApiError
 * @throws Error if the Secret of that name is not this Agent's; it is never written.
 */
export async function readOwnSecret(cluster: GrantCluster, agent: Agent): Promise<Secret | undefined> {
  const kept = await cluster.readSecret(agent.metadata.namespace ?? '', grantSecretName(agent))
  if (kept) assertOwn(kept, agent)
  return kept
}

function assertOwn(kept: Secret, agent: Agent): void {
  const ownership = ownershipOf(kept, agent)
  if (ownership.is === 'foreign') throw new Error(conflictMessage(agent, ownership))
}

/**
 * Overwrites the stored grant, and returns what it replaced. A conflict means that the leader has written it, too: then the
 * Secret is read again and replaced by the grant of the sign-in, which is newer.
 * @throws ApiError
 * @throws Error if the Secret of that name is not this Agent's; it is never written.
 */
export async function saveSignedIn(
  cluster: GrantCluster,
  agent: Agent,
  grant: SignedInGrant,
): Promise<Secret | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      const replaced = attempt === 1 ? grant.before : await readOwnSecret(cluster, agent)
      await write(cluster, agent, { ...grant, before: replaced })
      return replaced
    } catch (error) {
      const isConflict = error instanceof ApiError && ['AlreadyExists', 'Conflict', 'NotFound'].includes(error.failure)
      if (!isConflict || attempt === TRIES) throw error
    }
  }
}

/** Patches `before`, or creates the Secret if there was none. */
async function write(cluster: GrantCluster, agent: Agent, { before: known, ...grant }: SignedInGrant): Promise<void> {
  const data = grantData(grant)
  const { labels, annotations } = marksOf(agent, 'grant')
  const own = { ...annotations, [SIGNED_IN_BY]: grant.signedInBy }
  if (known) {
    assertOwn(known, agent)
    const stale = [SUPPLIED_TOKEN_HASH, SUPPLIED_VERSION, CONSENT_IS_GUESS, NOT_YET_CHECKED].map((name) => [name, null])
    const all = { ...own, ...(Object.fromEntries(stale) as Record<string, null>) }
    await cluster.patch(known, { metadata: { labels, annotations: all }, data })
    return
  }
  const metadata = { namespace: agent.metadata.namespace ?? '', name: grantSecretName(agent), labels, annotations: own }
  await cluster.create<Secret>({ apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', data: present(data) })
}
