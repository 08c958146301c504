/** Revokes grants at Google, but never a grant that another Agent uses. */
import { GoogleError, type Google } from '../google/port.ts'
import type { Log } from '../platform/log.ts'
import type { Agent } from '../resources/types.ts'
import type { AuthorizedGrant } from './grant-secret.ts'
import type { GrantStore } from './grant-store.ts'

/** What a revocation needs. */
interface RevocationDeps {
  grants: Pick<GrantStore, 'isShared'>
  google: Pick<Google, 'revoke'>
}

/** The result of revoking grants. */
interface Revoked {
  /** Why one of them could not be revoked. */
  failed?: GoogleError
  /** Whether one of them was not revoked because another Agent uses it. */
  shared: boolean
}

/**
 * Revokes the grants of an Agent that is being deleted.
 * @throws ApiError
 */
export async function revokeAll(deps: RevocationDeps, agent: Agent, grants: AuthorizedGrant[]): Promise<Revoked> {
  const result: Revoked = { shared: false }
  for (const { token, account = agent.spec.account, clientId } of grants) {
    const isSameClient = (other: string): boolean => clientId === undefined || other === clientId
    if (await deps.grants.isShared(agent, { account, isSameClient })) {
      result.shared = true
      continue
    }
    try {
      await deps.google.revoke(token)
    } catch (error) {
      if (!(error instanceof GoogleError)) throw error
      result.failed = error
    }
  }
  return result
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
