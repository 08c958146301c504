/** What publishing needs, and what it returns. Other rooms import these types. */
import type { Zones } from '../calendar/zones.ts'
import type { CalendarsState } from '../calendars/state.ts'
import type { StepFailure } from '../failures/step-failure.ts'
import type { Cluster } from '../kubernetes/port.ts'
import type { Clock } from '../platform/clock.ts'
import type { Agent, CalendarIntegration } from '../resources/types.ts'
import type { PublicationState } from './state.ts'

/** What the room needs from outside. */
export interface PublishDeps {
  cluster: Cluster
  clock: Clock
  zones: Zones
}

/** The input for publishing the outputs of one Agent. */
export interface PublishInput {
  /** The Agent; its spec names only what the person has consented to. */
  agent: Agent
  /** Whether the spec that the user wrote names more than that. */
  isNarrowed: boolean
  calendars: CalendarsState
  /** The account of the grant, if known. */
  account: string | undefined
  /** Undefined if nothing new may be published: the integration is gone or suspended. */
  sync: CalendarIntegration['spec']['sync'] | undefined
  /** Whether the grant was found valid in this reconcile. */
  authorized: boolean
  /** The access token to publish. `expiresAt` is in ms since the epoch. */
  token: { accessToken: string; expiresAt: number } | undefined
  /** Whether conflicts have lasted so long that they are reported like other failures. */
  reportsConflicts: boolean
}

/** The published objects after a step. */
export interface PublishResult {
  state: PublicationState
  failures: StepFailure[]
  /** When it was decided what to publish, in ms since the epoch. */
  publishedAt: number
  /** Everything that the spec names is published, so objects under former names are no longer needed. */
  isComplete: boolean
  /** Set if another client has written the same object: the step ended there and has to be repeated. */
  conflict?: Error
}
