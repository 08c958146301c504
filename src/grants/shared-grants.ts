/** Finds Agents that share a grant. Google ends all grants of an account to a client when one of them is revoked. */
import type { Cluster, Secret } from '../kubernetes/port.ts'
import { sameAccount } from '../resources/account.ts'
import { findCondition } from '../resources/conditions.ts'
import { decode } from '../resources/secret-encoding.ts'
import { grantSecretName } from '../resources/names.ts'
import type { Agent } from '../resources/types.ts'
import { ownershipOf } from './grant-secret.ts'

/**
 * Whether another Agent uses a grant of this account; true in case of doubt. Agents that are being deleted do not count.
 * @param isSameClient whether a grant of that OAuth client would end, too.
 * @throws ApiError
 */
export async function isUsedByOthers(
  cluster: Pick<Cluster, 'agents' | 'readSecret'>,
  agent: Agent,
  { account, isSameClient }: { account: string; isSameClient: (clientId: string) => boolean },
): Promise<boolean> {
  for (const other of cluster.agents.list()) {
    if (other.metadata.uid === agent.metadata.uid || other.metadata.deletionTimestamp) continue
    if (!sameAccount(other.spec.account, account)) continue
    const kept = await cluster.readSecret(other.metadata.namespace ?? '', grantSecretName(other))
    if (kept && ownershipOf(kept, other).is !== 'foreign' ? containsGrant(kept, isSameClient) : isAuthorized(other))
      return true
  }
  return false
}

function containsGrant(kept: Secret, isSameClient: (clientId: string) => boolean): boolean {
  const { refresh_token: token, client_id: clientId } = decode(kept.data)
  return token !== undefined && (clientId === undefined || isSameClient(clientId))
}

const isAuthorized = ({ status }: Agent): boolean => findCondition(status?.conditions, 'Authorized')?.status === 'True'
