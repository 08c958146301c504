/** Keeping a grant in the Agent's Secret, whoever else writes it meanwhile, and ending the one that it replaces. */
import { sameAccount } from '../google/account.ts'
import { ApiError, type Secret } from '../kubernetes/port.ts'
import { decode } from '../resources/encoding.ts'
import { grantData, type KeptGrant } from '../resources/grant-secret.ts'
import {
  BROUGHT_TOKEN_HASH,
  CONSENT_IS_GUESS,
  grantSecretName,
  isManaged,
  MANAGED_BY,
  SIGNED_IN_BY,
} from '../resources/names.ts'
import type { Agent } from '../resources/types.ts'
import type { WebDeps } from './port.ts'
import { hashed, type State } from './state.ts'

const TRIES = 5

/** What is kept for an Agent as of now. */
export const readKept = ({ cluster }: WebDeps, agent: Agent): Promise<Secret | undefined> =>
  cluster.readSecret(agent.metadata.namespace ?? '', grantSecretName(agent))

/** Whether it came of this very attempt, whichever replica that came back to. */
export const isOf = (kept: Secret | undefined, { id }: Pick<State, 'id'>): boolean =>
  kept?.metadata.annotations?.[SIGNED_IN_BY] === hashed(id)

export interface NewGrant extends KeptGrant {
  /** That it comes of. */
  attempt: Pick<State, 'id'>
  /** What was kept when the attempt came back. */
  before: Secret | undefined
}

/**
 * A conflict means that the leader has written, too: read again, and write ours over it, which is the newer one.
 * @throws ApiError, or Error where the Secret of that name isn't ours: it is never touched.
 */
export async function keepGrant(deps: WebDeps, agent: Agent, grant: NewGrant): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      const replaced = attempt === 1 ? grant.before : await readKept(deps, agent)
      await write(deps, agent, { ...grant, before: replaced })
      if (replaced) endReplaced(deps, replaced, grant)
      return
    } catch (error) {
      const beaten = error instanceof ApiError && ['AlreadyExists', 'Conflict', 'NotFound'].includes(error.failure)
      if (!beaten || attempt === TRIES) throw error
    }
  }
}

/** Over `before`, or as a new Secret where there was none. */
async function write({ cluster }: WebDeps, agent: Agent, { before: known, ...grant }: NewGrant): Promise<void> {
  const namespace = agent.metadata.namespace ?? ''
  const name = grantSecretName(agent)
  const data = grantData(grant)
  const signedIn = { [SIGNED_IN_BY]: hashed(grant.attempt.id) }
  if (known && !isManaged(known)) throw new Error(`Secret ${namespace}/${name} exists and is not ours`)
  if (known) {
    const annotations = { ...signedIn, [BROUGHT_TOKEN_HASH]: null, [CONSENT_IS_GUESS]: null }
    await cluster.patch(known, { metadata: { annotations }, data })
    return
  }
  const present = Object.fromEntries(Object.entries(data).filter((one): one is [string, string] => one[1] !== null))
  const metadata = { namespace, name, labels: MANAGED_BY, annotations: signedIn }
  await cluster.create<Secret>({ apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', data: present })
}

/** The digits before the dash of a client id are its Google Cloud project's number. */
const projectOf = (clientId: string): string => clientId.split('-')[0] ?? ''

/**
 * Revoking a token ends all that its account has granted to the project, the new grant too if it is of the same one; and
 * another Agent may live on another grant of that account. Only where neither can be is it done. It may fail: a courtesy.
 */
function endReplaced({ cluster, google, log }: WebDeps, { data }: Secret, grant: KeptGrant): void {
  const { refresh_token: token, account, client_id: clientId } = decode(data)
  if (!token || !account || !clientId || projectOf(clientId) === projectOf(grant.clientId ?? '')) return
  const holders = [...cluster.agents.list()].filter(({ spec }) => sameAccount(spec.account, account))
  if (holders.length > 1) return
  google.revoke(token).catch((error: unknown) => log.info({ error }, 'a replaced grant could not be revoked'))
}
