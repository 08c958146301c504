/**
 * What is remembered about one integration between two reconciles, as a value. All of it can be found out again, so a restart
 * loses nothing.
 */
import { findCondition } from '../resources/conditions.ts'
import type { RequestState } from '../resources/reconcile-request.ts'
import type { CalendarIntegration, CalendarIntegrationStatus } from '../resources/types.ts'
import type { ClientState } from './client-state.ts'
import type { Verification } from './verification.ts'

/** What is known about an integration's client. */
export interface KnownClient {
  readonly client: ClientState
  /** The last verification, which may be of other credentials. */
  readonly verification?: Verification
}

/** What is remembered about one integration. */
export interface IntegrationState extends KnownClient {
  /** An Agent's request was refused because of the client: it has to be verified again. */
  readonly isSuspect: boolean
  /** The status that the API server returned for our last write. */
  readonly writtenStatus?: CalendarIntegrationStatus
  readonly requests: RequestState
}

/** The state of an integration that was not reconciled yet. */
export const newIntegrationState = (): IntegrationState => ({
  client: { kind: 'unread' },
  isSuspect: false,
  requests: {},
})

/** The last verification, if it was of the credentials that are in use. */
export const currentVerification = ({ client, verification }: KnownClient): Verification | undefined =>
  client.kind === 'usable' && verification?.hash === client.hash ? verification : undefined

/** Whether the status says that Google accepted these very credentials. */
export const wasVerified = ({ status }: CalendarIntegration, { client }: KnownClient): boolean =>
  client.kind === 'usable' &&
  status?.credentialsHash === client.hash &&
  findCondition(status.conditions, 'CredentialsValid')?.status === 'True'
