/**
 * What is remembered of one integration between two reconciles. The state is a value: a step takes it and returns the next. All of
 * it is found again after a restart.
 */
import type { StatusMemory } from '../kubernetes/status-report.ts'
import { findCondition } from '../resources/conditions.ts'
import type { RequestMemory } from '../resources/reconcile-request.ts'
import type { CalendarIntegration, CalendarIntegrationStatus } from '../resources/types.ts'
import type { ClientState } from './client-state.ts'
import type { Verification } from './verification.ts'

/** What is known of an integration's client. */
export interface IntegrationState {
  readonly client: ClientState
  /** The last verification, which may be of other credentials. */
  readonly verification?: Verification
}

/** Holds the state of one integration, and what was written and requested last. */
export interface Tracked extends StatusMemory<CalendarIntegrationStatus>, RequestMemory {
  readonly uid: string
  state: IntegrationState
  /** Ends when the report that is being written is; never fails. */
  writing?: Promise<unknown>
}

/** An integration that is seen for the first time. */
export const newTracked = (uid: string): Tracked => ({ uid, state: { client: { kind: 'unread' } } })

/** The last verification, if it was of the credentials that are in use. */
export const currentVerification = ({ client, verification }: IntegrationState): Verification | undefined =>
  client.kind === 'usable' && verification?.hash === client.hash ? verification : undefined

/** Whether the status says that Google accepted these very credentials. */
export const wasVerified = ({ status }: CalendarIntegration, { client }: IntegrationState): boolean =>
  client.kind === 'usable' &&
  status?.credentialsHash === client.hash &&
  findCondition(status.conditions, 'CredentialsValid')?.status === 'True'

/** Runs one report at a time for each integration: the next one sees what the one before has written. */
export function oneAtATime<T>(tracked: Tracked, run: () => Promise<T>): Promise<T> {
  const result = (tracked.writing ?? Promise.resolve()).then(run)
  tracked.writing = result.catch(() => undefined)
  return result
}
