/**
 * What the operator remembers of one agent between two reconciles: one state value for each room that has one, and what the
 * reconcile itself keeps. All of it can be rebuilt from the cluster and from Google, so nothing is lost at a restart.
 */
import { newCalendarsState, withAnotherGrant, type CalendarsState } from '../calendars/state.ts'
import type { StepFailure } from '../failures/step-failure.ts'
import type { GrantState } from '../grants/grant-state.ts'
import type { Grant } from '../grants/grant.ts'
import type { StatusMemory } from '../kubernetes/status-report.ts'
import type { PublicationState } from '../publishing/state.ts'
import type { RequestMemory } from '../resources/run-now.ts'
import type { AgentStatus } from '../resources/types.ts'

/** Google fails for a reason that may pass. */
export interface Absence {
  failures: StepFailure[]
  /** The grant was good when that began. */
  authorized: boolean
  /** How often in a row. */
  attempts: number
  /** By the monotonic clock. */
  failedAt: number
  /** By the monotonic clock. */
  until: number
  /** How often somebody else's answer has shortened the pause. */
  hurries: number
  /** It was a limit of the whole client, which may be lifted before. */
  limited: boolean
  /** What it was about: another grant, or other credentials, may fare better. */
  token: string
  credentialsHash: string
}

/** The holder of one agent's state. Each part is replaced as a whole, and only by the step that owns it. */
export interface AgentState extends StatusMemory<AgentStatus>, RequestMemory {
  uid: string
  /** By the monotonic clock. */
  firstSeen: number
  grant: GrantState
  calendars: CalendarsState
  /** Belongs to whoever has the agent's turn to write. */
  publication: PublicationState
  /** What Google fails with at present, and until when it is not asked again. */
  absence?: Absence
  /** Since when it has been found to be deleted, by the monotonic clock. */
  leavingSince?: number
  /** Since when it has been failing for a reason that may pass, by the monotonic clock. */
  failingSince?: number
  /** Since when its writes have conflicted with those of others, by the monotonic clock. */
  conflictingSince?: number
  /** How far the time of day was ahead of the monotonic clock when everything here was last brought in line with it. */
  timeOfDayOffset?: number
  /** The result of the last attempt to read the calendars. */
  found?: { failures: StepFailure[]; grant: Grant | undefined; complete: boolean }
  /** Ends when what is being published and reported is; never fails. */
  writing?: Promise<unknown>
}

export const newAgentState = (uid: string, now: number): AgentState => ({
  uid,
  firstSeen: now,
  grant: {},
  calendars: newCalendarsState(),
  publication: {},
})

/** Another grant, most likely just signed in: what was refused to the one before says nothing about it. */
export function useAnotherGrant(state: AgentState): void {
  Object.assign(state.grant, { refusal: undefined, lateRenewal: undefined })
  state.calendars = withAnotherGrant(state.calendars)
}
