/**
 * Finds out whether other Agents use a grant of the same account. Google ends all grants of an account to a client when one of them
 * is revoked, so a shared grant is not revoked.
 *
 * Anybody may create Agents that name this account, with Secrets that say anything. Such a claim must not prevent a revocation, so
 * Google is asked whose grant it is. Only if nobody can be asked does a claim count.
 */
import type { GoogleClient } from '../google/port.ts'
import type { Cluster, Secret } from '../kubernetes/port.ts'
import { isStepFailure } from '../failures/step-failure.ts'
import { sameAccount } from '../resources/account.ts'
import { findCondition } from '../resources/conditions.ts'
import { meaningOf } from '../resources/reasons.ts'
import { decode } from '../resources/secret-encoding.ts'
import { grantSecretName } from '../resources/names.ts'
import type { Agent, CalendarIntegration } from '../resources/types.ts'
import { grantSecretKey, ownershipOf } from './grant-secret.ts'
import type { GrantState } from './grant-state.ts'
import type { TokenRefusal, TokenRequest, TokenSource } from './port.ts'

/** Which grants would end together. */
export interface GrantsInQuestion {
  account: string
  /** Whether a grant of that OAuth client would end, too. */
  isSameClient: (clientId: string) => boolean
}

/** The client that the grant was made by, through which Google is asked about other Agents. */
export interface AskedThrough {
  client: GoogleClient
  credentialsHash: string
  integration: CalendarIntegration
}

/** Whether another Agent uses the grant. `Undecided`: Google has not answered, or there are too many Agents to ask about at once. */
export type Sharing = 'Shared' | 'NotShared' | 'Undecided'

/** About how many Agents Google is asked, or how many Secrets are read, at once. */
const MAX_CHECKS = 20

type SharingCluster = Pick<Cluster, 'agents' | 'secrets' | 'readSecret'>

/**
 * Whether another Agent uses a grant of this account, as the cluster says; true in case of doubt.
 * @throws ApiError
 */
export async function isUsedByOthers(cluster: SharingCluster, agent: Agent, about: GrantsInQuestion): Promise<boolean> {
  let checks = 0
  for (const other of othersOf(cluster, agent, about.account)) {
    if (!cluster.secrets.get(grantSecretKey(other))) {
      if (isAuthorized(other)) return true
      continue
    }
    if (++checks > MAX_CHECKS) return true
    const kept = await cluster.readSecret(other.metadata.namespace ?? '', grantSecretName(other))
    if (kept && ownershipOf(kept, other).is !== 'foreign' ? containsGrant(kept, about) : isAuthorized(other))
      return true
  }
  return false
}

/**
 * Whether another Agent uses a grant of this account, as Google says. What is known in memory costs no request, so a later call
 * continues where an undecided one has ended.
 * @throws ApiError
 */
export async function sharingOf(
  { cluster, tokens }: { cluster: Pick<Cluster, 'agents' | 'secrets'>; tokens: TokenSource },
  agent: Agent,
  about: GrantsInQuestion & { through: AskedThrough },
): Promise<Sharing> {
  const claims = othersOf(cluster, agent, about.account).filter((other) =>
    isClaim(cluster, other, tokens.current(other)),
  )
  const foreign = new Set(claims.flatMap((other) => foreignToken(tokens.current(other), about) ?? []))
  let checks = 0
  for (const other of claims) {
    const known = tokens.current(other)
    if (isRuledOut(known, about) || (known.grant && foreign.has(known.grant.refreshToken))) continue
    if (++checks > MAX_CHECKS) return 'Undecided'
    const request = { ...about.through, agent: other, since: 0, force: false }
    const sharing = await askGoogle(tokens, request, about)
    if (sharing !== 'NotShared') return sharing
    const token = foreignToken(tokens.current(other), about)
    if (token !== undefined) foreign.add(token)
  }
  return 'NotShared'
}

/** The other Agents of the account. Those that are being deleted do not count. */
const othersOf = ({ agents }: Pick<Cluster, 'agents'>, { metadata: { uid } }: Agent, account: string): Agent[] =>
  [...agents.list()].filter(
    ({ metadata, spec }) =>
      metadata.uid !== uid && metadata.deletionTimestamp === undefined && sameAccount(spec.account, account),
  )

function containsGrant(kept: Secret, { isSameClient }: GrantsInQuestion): boolean {
  const { refresh_token: token, client_id: clientId } = decode(kept.data)
  return token !== undefined && (clientId === undefined || isSameClient(clientId))
}

const isAuthorized = ({ status }: Agent): boolean => findCondition(status?.conditions, 'Authorized')?.status === 'True'

/** Whether the Agent has anything that may be a grant. */
const isClaim = ({ secrets }: Pick<Cluster, 'secrets'>, other: Agent, { grant }: GrantState): boolean =>
  grant !== undefined || secrets.get(grantSecretKey(other)) !== undefined || isAuthorized(other)

/** Whether the last answers of Google are enough to know that the grant is not in question. */
const isRuledOut = ({ grant, refusal }: GrantState, about: GrantsInQuestion): boolean =>
  isEnded(refusal?.stepFailure) ||
  (grant?.account !== undefined && !sameAccount(grant.account, about.account)) ||
  (grant?.clientId !== undefined && !about.isSameClient(grant.clientId))

/** The refresh token, if it is known to belong to another account. Any number of Agents may have the same. */
const foreignToken = ({ grant }: GrantState, { account }: GrantsInQuestion): string | undefined =>
  grant?.account !== undefined && !sameAccount(grant.account, account) ? grant.refreshToken : undefined

/** Whether Google no longer accepts the grant, or it was made by another client. */
const isEnded = (refusal: TokenRefusal | undefined): boolean =>
  isStepFailure(refusal) && ['GrantRevoked', 'GrantExpired', 'ClientChanged'].includes(refusal.reason)

/** Asks Google whether the Agent has a valid grant of this account. */
async function askGoogle(tokens: TokenSource, request: TokenRequest, about: GrantsInQuestion): Promise<Sharing> {
  await tokens.load(request)
  const loaded = tokens.current(request.agent)
  if (!loaded.grant || isRuledOut(loaded, about)) return 'NotShared'
  const refusal = (await tokens.ensure(request)) ?? (await tokens.confirm(request))
  if (refusal) return sharingAfter(refusal)
  return isRuledOut(tokens.current(request.agent), about) ? 'NotShared' : 'Shared'
}

function sharingAfter(refusal: TokenRefusal): Sharing {
  if (isEnded(refusal)) return 'NotShared'
  const isPassing = isStepFailure(refusal) && meaningOf('Agent', refusal.reason) === 'passing'
  return isPassing ? 'Undecided' : 'Shared'
}
