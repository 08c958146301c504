/** What other rooms may ask of the grants, and what this room needs from outside. */
import type { StepFailure } from '../failures/step-failure.ts'
import type { GoogleClient, GoogleError } from '../google/port.ts'
import type { Cluster, Key } from '../kubernetes/port.ts'
import type { Clock, Random } from '../platform/clock.ts'
import type { Agent, CalendarIntegration } from '../resources/types.ts'
import type { GrantState } from './grant-state.ts'

/** Google refuses what all agents of an integration share: its OAuth client, or its project's Calendar API. */
export type IntegrationRefusal = { refused: 'OAuthClient'; error: GoogleError } | { refused: 'CalendarAPI' }

/** Why there is no valid access token. */
export type TokenRefusal = StepFailure | IntegrationRefusal

/** For whom a token is wanted, and the integration's client that it is asked for with. */
export interface TokenRequest {
  agent: Agent
  integration: CalendarIntegration
  client: GoogleClient
  /** Names the client's credentials; another value means that every grant has to prove itself again. */
  credentialsHash: string
  /** Since when the agent is known, by the monotonic clock. */
  since: number
  /** Somebody asked for a look now: what was put off is done. */
  force: boolean
}

/**
 * Valid access tokens for Agents. A caller loads the grant, then makes sure of a token, then has the grant verified; each
 * step is idempotent. The steps of one Agent run one after the other, whoever asks for them, so a token is renewed once.
 */
export interface TokenSource {
  /** What is known of the Agent's grant now. Costs no request. */
  current(agent: Agent): GrantState
  /**
   * Brings the grant up to date with its Secrets.
   * @returns why there is none, if so.
   * @throws {ApiError}
   */
  load(request: TokenRequest): Promise<StepFailure | undefined>
  /**
   * Renews the access token if that is due. A rotated refresh token is saved before this resolves.
   * @throws {ApiError} of kind `Conflict`.
   */
  ensure(request: TokenRequest): Promise<TokenRefusal | undefined>
  /**
   * Makes sure that the grant is of the right account, with the right scopes.
   * @throws {ApiError} of kind `Conflict`.
   */
  verify(request: TokenRequest): Promise<TokenRefusal | undefined>
  /**
   * Renews the access token whatever its age: Google has refused it.
   * @throws {ApiError} of kind `Conflict`.
   */
  renew(request: TokenRequest): Promise<TokenRefusal | undefined>
  /** The Agent is gone. */
  forget(agentKey: Key): void
}

/** The part of Kubernetes that grants are kept in. */
export type GrantCluster = Pick<
  Cluster,
  'agents' | 'secrets' | 'readSecret' | 'create' | 'patch' | 'delete' | 'recordEvent'
>

/** What the token source needs from outside. */
export interface TokenDeps {
  clock: Clock
  random: Random
  /** The page on which this Agent's person signs in; undefined where there is none. */
  signInURL(agent: Agent, siteURI: string): string | undefined
}
