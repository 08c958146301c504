/** Interprets a grant Secret: which Agent it belongs to, and what that Agent was authorized with. Pure. */
import type { Secret } from '../kubernetes/port.ts'
import { sameAccount } from '../resources/account.ts'
import { decode } from '../resources/secret-encoding.ts'
import { SUPPLIED_TOKEN_HASH, grantSecretName, NOT_YET_CHECKED, SIGNED_IN_BY } from '../resources/names.ts'
import { ownershipOfGrant, type Ownership } from '../resources/ownership.ts'
import type { Agent } from '../resources/types.ts'

/** `namespace/name` of an Agent's own grant Secret. */
export const grantSecretKey = (agent: Agent): string => `${agent.metadata.namespace ?? ''}/${grantSecretName(agent)}`

/** Whether the Secret with the name of this Agent's grant belongs to this Agent. */
export function ownershipOf(secret: Secret, agent: Agent): Ownership {
  return ownershipOfGrant(secret, agent, () => {
    const { refresh_token: token, account } = decode(secret.data)
    const accountFits = account === undefined || sameAccount(account, agent.spec.account)
    return { refreshToken: token !== undefined, accountFits }
  })
}

/** The message for a Secret that has the name of a grant and belongs to somebody else. */
export function conflictMessage(agent: Agent, { whose, todo }: { whose: string; todo?: string }): string {
  const advice = todo ?? 'rename or delete that Secret, or rename the Agent'
  return `Secret ${grantSecretName(agent)}, under whose name the grant is to be kept, ${whose} and is left alone: ${advice}.`
}

/** Whether the grant was given on a sign-in page. The Secret says so, not the spec; a supplied grant was not. */
export function isSignedIn({ metadata: { annotations = {} } }: Secret): boolean {
  return annotations[SIGNED_IN_BY] !== undefined && annotations[SUPPLIED_TOKEN_HASH] === undefined
}

/** A grant that may be revoked at Google. */
export interface AuthorizedGrant {
  token: string
  /** Undefined if its scopes do not reveal it. */
  account: string | undefined
  clientId: string | undefined
}

/** What the Agent was authorized with by its grant Secret; undefined for a token that never passed its checks. */
export function authorizedBy(secret: Secret): AuthorizedGrant | undefined {
  const { refresh_token: token, account, client_id: clientId } = decode(secret.data)
  if (token === undefined || secret.metadata.annotations?.[NOT_YET_CHECKED] !== undefined) return undefined
  return { token, account, clientId }
}
