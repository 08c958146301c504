/** Revokes grants at Google, but never a grant that another Agent uses. */
import { GoogleError, type Google } from '../google/port.ts'
import type { Cluster } from '../kubernetes/port.ts'
import type { Log } from '../platform/log.ts'
import type { Agent } from '../resources/types.ts'
import type { AuthorizedGrant } from './grant-secret.ts'
import type { GrantStore } from './grant-store.ts'
import type { TokenSource } from './port.ts'
import { sharingOf, type AskedThrough, type Sharing } from './shared-grants.ts'

/** What a revocation needs. */
interface RevocationDeps {
  grants: Pick<GrantStore, 'isShared'>
  google: Pick<Google, 'revoke'>
}

/** The result of revoking grants. */
export interface Revoked {
  /** Why one of them could not be revoked. */
  failed?: GoogleError
  /** Whether one of them was not revoked because another Agent uses it. */
  shared: boolean
  /** Whether one of them was not revoked because it is not known whether another Agent uses it. */
  undecided: boolean
}

/** What the revocation of an Agent's grants needs. */
interface AgentRevocationDeps extends RevocationDeps {
  cluster: Pick<Cluster, 'agents' | 'secrets'>
  tokens: TokenSource
}

/**
 * Revokes the grants of an Agent that is being deleted.
 * @param through the Agent's client, if it can be used: Google is asked through it whether other Agents use the grants.
 * @throws ApiError
 */
export async function revokeAll(
  deps: AgentRevocationDeps,
  agent: Agent,
  { grants, through }: { grants: AuthorizedGrant[]; through: AskedThrough | undefined },
): Promise<Revoked> {
  const result: Revoked = { shared: false, undecided: false }
  for (const grant of grants) {
    const sharing = await sharingOfGrant(deps, agent, grant, through)
    result.shared ||= sharing === 'Shared'
    result.undecided ||= sharing === 'Undecided'
    if (sharing !== 'NotShared') continue
    try {
      await deps.google.revoke(grant.token)
    } catch (error) {
      if (!(error instanceof GoogleError)) throw error
      result.failed = error
    }
  }
  return result
}

async function sharingOfGrant(
  deps: AgentRevocationDeps,
  agent: Agent,
  { account = agent.spec.account, clientId }: AuthorizedGrant,
  through: AskedThrough | undefined,
): Promise<Sharing> {
  const isSameClient = (other: string): boolean => clientId === undefined || other === clientId
  const about = { account, isSameClient }
  // Another client cannot find out anything about the grants of this one.
  if (clientId !== undefined && through?.client.credentials.clientId === clientId)
    return sharingOf(deps, agent, { ...about, through })
  return (await deps.grants.isShared(agent, about)) ? 'Shared' : 'NotShared'
}

/** The number of the client's Google Cloud project, which is the part of a client id before the dash. */
const projectOf = (clientId: string): string => clientId.split('-')[0] ?? ''

/**
 * Revokes the grant that another one has replaced. Google ends all grants of an account to a project when one of their tokens is
 * revoked. So only a grant that this Agent was authorized with is revoked, and only if neither the new grant nor a grant of
 * another Agent would end with it. A failure is logged, and does not fail the sign-in.
 */
export function revokeReplaced(
  { grants, google, log }: RevocationDeps & { log: Log },
  agent: Agent,
  { replaced, by }: { replaced: AuthorizedGrant | undefined; /** The new grant's client. */ by: string },
): void {
  if (replaced?.clientId === undefined || replaced.account === undefined) return
  const project = projectOf(replaced.clientId)
  if (project === projectOf(by)) return
  const about = { account: replaced.account, isSameClient: (id: string) => projectOf(id) === project }
  const revoke = async (): Promise<void> => {
    if (!(await grants.isShared(agent, about))) await google.revoke(replaced.token)
  }
  revoke().catch((error: unknown) => log.info({ error }, 'a replaced grant could not be revoked'))
}
