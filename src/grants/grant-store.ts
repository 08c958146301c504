/**
 * The grants room: it stores what people have granted, and uses it to get valid access tokens. The store is the only reader and
 * writer of grant Secrets in the program, through the port of Kubernetes. The token source (`token-source.ts`) is the only part that
 * refreshes tokens, through the port of Google. The agent room uses both, the web room the store; this room imports neither of them.
 *
 * Two Secrets may contain an Agent's grant: its own (`<agent>-google-grant`), and one that a user supplies. A supplied token is
 * adopted once; from then on the Agent's own Secret contains the grant in force.
 */
import type { KubernetesObject, Secret } from '../kubernetes/port.ts'
import { whenKnown, type MaybePromise } from '../platform/maybe-promise.ts'
import { parseConsent, type Consent } from '../resources/consent.ts'
import { decode } from '../resources/secret-encoding.ts'
import { grantSecretName, SIGNED_IN_BY } from '../resources/names.ts'
import { ownershipOfGrant } from '../resources/ownership.ts'
import type { Agent } from '../resources/types.ts'
import { authorizedBy, grantSecretKey, ownershipOf, type AuthorizedGrant } from './grant-secret.ts'
import type { GrantState } from './grant-state.ts'
import { isUsedByOthers, type GrantsInQuestion } from './shared-grants.ts'
import { loadOwn, type LoadDeps, type Loaded } from './own-grant.ts'
import { saveGrant, type Saved } from './save-grant.ts'
import { saveSignedIn, readOwnSecret, type SignedInGrant } from './signed-in-grant.ts'
import { loadSupplied } from './supplied-grant.ts'

/** An Agent's grant Secret as it was read. */
export interface StoredGrant {
  /** For writing or deleting exactly this version. */
  secret: Secret
  /** Identifies the sign-in that it comes from; undefined for a supplied grant. */
  signedInBy: string | undefined
  /** What the Agent was authorized with; undefined for a token that never passed its checks. */
  authorized: AuthorizedGrant | undefined
}

/** Reads and writes grant Secrets. It has no state, so a process may have several. */
export class GrantStore {
  readonly #deps: LoadDeps

  constructor(deps: LoadDeps) {
    this.#deps = deps
  }

  /**
   * Brings the state up to date with the Agent's Secrets. Each is read only if its version has changed.
   * @param since when the Agent was first seen, by the monotonic clock.
   * @throws ApiError
   */
  load(agent: Agent, state: GrantState, since: number): MaybePromise<Loaded> {
    return whenKnown(loadOwn(this.#deps, agent, state), (own) =>
      own.failure || own.thrown || !agent.spec.grantSecretRef ? own : loadSupplied(this.#deps, agent, own.state, since),
    )
  }

  /** Writes the grant to the Agent's own Secret if the Secret is out of date. Never throws: see `Saved`. */
  save(agent: Agent, state: GrantState): MaybePromise<Saved> {
    return saveGrant(this.#deps.cluster, agent, state)
  }

  /** The cached metadata of the Agent's own grant Secret; undefined if there is none. Sends no request. */
  known(agent: Agent): KubernetesObject | undefined {
    const secret = this.#deps.cluster.secrets.get(grantSecretKey(agent))
    return secret && ownershipOfGrant(secret, agent).is !== 'foreign' ? secret : undefined
  }

  /**
   * The Agent's own grant Secret; undefined if there is none, or if it is not this Agent's.
   * @throws ApiError
   */
  async read(agent: Agent): Promise<StoredGrant | undefined> {
    const secret = await this.#deps.cluster.readSecret(agent.metadata.namespace ?? '', grantSecretName(agent))
    return secret && ownershipOf(secret, agent).is !== 'foreign' ? stored(secret) : undefined
  }

  /**
   * Reads the Agent's own grant Secret for a caller that is about to write it.
   * @throws ApiError
   * @throws Error if the Secret is not this Agent's; it is never written.
   */
  async readToReplace(agent: Agent): Promise<StoredGrant | undefined> {
    const secret = await readOwnSecret(this.#deps.cluster, agent)
    return secret && stored(secret)
  }

  /**
   * Stores the grant of a sign-in, and returns what it replaced.
   * @throws ApiError
   * @throws Error if the Secret is not this Agent's; it is never written.
   */
  async saveSignedIn(agent: Agent, grant: SignedInGrant): Promise<StoredGrant | undefined> {
    const replaced = await saveSignedIn(this.#deps.cluster, agent, grant)
    return replaced && stored(replaced)
  }

  /**
   * The consent that the Agent's own Secret records.
   * @throws ApiError
   */
  async readConsent(agent: Agent): Promise<Consent | undefined> {
    const { consent } = decode((await this.read(agent))?.secret.data)
    return consent === undefined ? undefined : parseConsent(consent)
  }

  /**
   * Deletes a grant Secret, in the version that was read.
   * @throws ApiError
   */
  delete({ secret }: StoredGrant): Promise<void> {
    return this.#deps.cluster.delete(secret)
  }

  /**
   * Whether another Agent uses a grant of this account, as the cluster says; true in case of doubt.
   * @throws ApiError
   */
  isShared(agent: Agent, about: GrantsInQuestion): Promise<boolean> {
    return isUsedByOthers(this.#deps.cluster, agent, about)
  }
}

const stored = (secret: Secret): StoredGrant => ({
  secret,
  signedInBy: secret.metadata.annotations?.[SIGNED_IN_BY],
  authorized: authorizedBy(secret),
})
