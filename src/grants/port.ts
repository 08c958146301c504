/** The token source as other rooms use it, and what this room needs from outside. */
import type { StepFailure } from '../failures/step-failure.ts'
import type { GoogleClient, GoogleError } from '../google/port.ts'
import type { Cluster, Key } from '../kubernetes/port.ts'
import type { Clock, Random } from '../platform/clock.ts'
import type { MaybePromise } from '../platform/maybe-promise.ts'
import type { Agent, CalendarIntegration } from '../resources/types.ts'
import type { GrantState } from './grant-state.ts'

/** Google refuses something that all agents of an integration share: the OAuth client, or the Calendar API of its project. */
export type IntegrationRefusal = { refused: 'OAuthClient'; error: GoogleError } | { refused: 'CalendarAPI' }

/** Why there is no valid access token. */
export type TokenRefusal = StepFailure | IntegrationRefusal

/** Requests a token for one Agent with one client. */
export interface TokenRequest {
  agent: Agent
  integration: CalendarIntegration
  client: GoogleClient
  /** Identifies the client's credentials. If it changes, every grant is checked again. */
  credentialsHash: string
  /** When the agent was first seen, by the monotonic clock. */
  since: number
  /** Somebody requested a reconcile: pauses after refusals are skipped. */
  force: boolean
}

/**
 * Gets valid access tokens for Agents. A caller takes three steps: it loads the grant, ensures a token, and verifies the grant.
 * Then `current(agent).grant` has a valid access token. Each step is idempotent. The steps for one Agent run one at a time,
 * so concurrent callers renew a token once. The result is no promise if nothing had to be waited for, as in most reads.
 */
export interface TokenSource {
  /** The current state of the Agent's grant. Sends no request. */
  current(agent: Agent): GrantState
  /**
   * Brings the grant up to date with its Secrets.
   * @returns why there is no grant, if there is none.
   * @throws ApiError
   */
  load(request: TokenRequest): MaybePromise<StepFailure | undefined>
  /**
   * Renews the access token if it is due. A rotated refresh token is saved before this resolves.
   * @throws ApiError `Conflict`
   */
  ensure(request: TokenRequest): MaybePromise<TokenRefusal | undefined>
  /**
   * Checks the account and the scopes of the grant.
   * @throws ApiError `Conflict`
   */
  verify(request: TokenRequest): MaybePromise<TokenRefusal | undefined>
  /**
   * Asks Google which account the grant belongs to, whatever its Secret says. If that is another account, the state says so from
   * then on.
   * @throws ApiError `Conflict`
   */
  confirm(request: TokenRequest): MaybePromise<TokenRefusal | undefined>
  /**
   * Renews the access token whatever its age, because Google has refused it.
   * @throws ApiError `Conflict`
   */
  renew(request: TokenRequest): MaybePromise<TokenRefusal | undefined>
  /** Discards the state of an Agent that was deleted. */
  forget(agentKey: Key): void
}

/** The part of the Kubernetes port that stores grants. */
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
