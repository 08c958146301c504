/** What other rooms may ask of the grants, and what this room needs from outside. */
import type { StepFailure } from '../failures/step-failure.ts'
import type { GoogleClient, GoogleError } from '../google/port.ts'
import type { Cluster, Key } from '../kubernetes/port.ts'
import type { Clock, Random } from '../platform/clock.ts'
import type { Agent, CalendarIntegration } from '../resources/types.ts'
import type { GrantState } from './grant-state.ts'

/** Google refuses what all agents of an integration share: the OAuth client, or the Calendar API of its project. */
export type IntegrationRefusal = { refused: 'OAuthClient'; error: GoogleError } | { refused: 'CalendarAPI' }

/** Why there is no valid access token. */
export type TokenRefusal = StepFailure | IntegrationRefusal

/** For which Agent a token is requested, and with which client. */
export interface TokenRequest {
  agent: Agent
  integration: CalendarIntegration
  client: GoogleClient
  /** Identifies the client's credentials; with another value, every grant is checked again. */
  credentialsHash: string
  /** Since when the agent is known, by the monotonic clock. */
  since: number
  /** Somebody asked for a reconcile now: pauses after refusals are skipped. */
  force: boolean
}

/**
 * Gets valid access tokens for Agents. A caller takes three steps: it loads the grant, ensures a token, and verifies the grant.
 * Then `current(agent).grant` has a valid access token. Each step is idempotent. The steps for one Agent run one at a time,
 * whoever calls them, so concurrent callers renew a token once.
 */
export interface TokenSource {
  /** What is known about the Agent's grant now. Costs no request. */
  current(agent: Agent): GrantState
  /**
   * Brings the grant up to date with its Secrets.
   * @returns why there is no grant, if there is none.
   * @throws ApiError
   */
  load(request: TokenRequest): Promise<StepFailure | undefined>
  /**
   * Renews the access token if that is due. A rotated refresh token is saved before this resolves.
   * @throws ApiError of kind `Conflict`.
   */
  ensure(request: TokenRequest): Promise<TokenRefusal | undefined>
  /**
   * Checks that the grant is of the right account and has the right scopes.
   * @throws ApiError of kind `Conflict`.
   */
  verify(request: TokenRequest): Promise<TokenRefusal | undefined>
  /**
   * Renews the access token whatever its age: Google has refused it.
   * @throws ApiError of kind `Conflict`.
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
  /** The page on which this Agent's person signs in; undefined if there is none. */
  signInURL(agent: Agent, siteURI: string): string | undefined
}
