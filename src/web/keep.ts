/** Keeping a grant in the Agent's Secret, whoever else writes it meanwhile, and ending the one that it replaces. */
import { authorizedBy, conflictMessage, ownershipOf } from '../grants/grant-secret.ts'
import { othersLiveOn } from '../grants/others.ts'
import { ApiError, type Secret } from '../kubernetes/port.ts'
import { grantData, type KeptGrant } from '../resources/grant-secret.ts'
import {
  SUPPLIED_TOKEN_HASH,
  CONSENT_IS_GUESS,
  grantSecretName,
  NOT_YET_CHECKED,
  SIGNED_IN_BY,
} from '../resources/names.ts'
import { marksOf } from '../resources/ownership.ts'
import type { Agent } from '../resources/types.ts'
import type { WebDeps } from './port.ts'
import { sha256, type OAuthState } from './oauth-state.ts'

const TRIES = 5

/**
 * What is kept for an Agent as of now.
 * @throws ApiError, or Error where the Secret of that name isn't this Agent's: it is never touched.
 */
export async function readKept({ cluster }: WebDeps, agent: Agent): Promise<Secret | undefined> {
  const kept = await cluster.readSecret(agent.metadata.namespace ?? '', grantSecretName(agent))
  if (kept) assertOwn(kept, agent)
  return kept
}

function assertOwn(kept: Secret, agent: Agent): void {
  const ownership = ownershipOf(kept, agent)
  if (ownership.is === 'foreign') throw new Error(conflictMessage(agent, ownership))
}

/** Whether it came of this very attempt, whichever replica that came back to. */
export const isOf = (kept: Secret | undefined, { id }: Pick<OAuthState, 'id'>): boolean =>
  kept?.metadata.annotations?.[SIGNED_IN_BY] === sha256(id)

/** A grant that a sign-in has brought; its `consent` is what the page of that attempt showed. */
export interface NewGrant extends KeptGrant {
  /** That it comes of. */
  attempt: Pick<OAuthState, 'id'>
  /** What was kept when the attempt came back. */
  before: Secret | undefined
}

/**
 * A conflict means that the leader has written, too: read again, and write ours over it, which is the newer one.
 * @throws ApiError, or Error where the Secret of that name isn't this Agent's: it is never touched.
 */
export async function keepGrant(deps: WebDeps, agent: Agent, grant: NewGrant): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      const replaced = attempt === 1 ? grant.before : await readKept(deps, agent)
      await write(deps, agent, { ...grant, before: replaced })
      if (replaced) endReplaced(deps, agent, { replaced, grant })
      return
    } catch (error) {
      const beaten = error instanceof ApiError && ['AlreadyExists', 'Conflict', 'NotFound'].includes(error.failure)
      if (!beaten || attempt === TRIES) throw error
    }
  }
}

/** Over `before`, or as a new Secret where there was none. */
async function write({ cluster }: WebDeps, agent: Agent, { before: known, ...grant }: NewGrant): Promise<void> {
  const data = grantData(grant)
  const { labels, annotations } = marksOf(agent, 'grant')
  const own = { ...annotations, [SIGNED_IN_BY]: sha256(grant.attempt.id) }
  if (known) {
    assertOwn(known, agent)
    const stale = { [SUPPLIED_TOKEN_HASH]: null, [CONSENT_IS_GUESS]: null, [NOT_YET_CHECKED]: null }
    await cluster.patch(known, { metadata: { labels, annotations: { ...own, ...stale } }, data })
    return
  }
  const present = Object.fromEntries(Object.entries(data).filter((one): one is [string, string] => one[1] !== null))
  const metadata = { namespace: agent.metadata.namespace ?? '', name: grantSecretName(agent), labels, annotations: own }
  await cluster.create<Secret>({ apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', data: present })
}

/** The digits before the dash of a client id are its Google Cloud project's number. */
const projectOf = (clientId: string): string => clientId.split('-')[0] ?? ''

/**
 * Revoking a token ends all that its account has granted to the project, the new grant too if it is of the same one; and
 * another Agent may live on another grant of that account. Only a grant that this Agent was authorized with is ended, and
 * only where neither can be. It may fail: a courtesy.
 */
function endReplaced(
  { cluster, google, log }: WebDeps,
  agent: Agent,
  { replaced, grant }: { replaced: Secret; grant: KeptGrant },
): void {
  const old = authorizedBy(replaced)
  if (old?.clientId === undefined || old.account === undefined) return
  const project = projectOf(old.clientId)
  if (project === projectOf(grant.clientId ?? '')) return
  const about = { account: old.account, isSameClient: (id: string) => projectOf(id) === project }
  const end = async (): Promise<void> => {
    if (!(await othersLiveOn(cluster, agent, about))) await google.revoke(old.token)
  }
  end().catch((error: unknown) => log.info({ error }, 'a replaced grant could not be revoked'))
}
