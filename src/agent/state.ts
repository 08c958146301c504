/**
 * What the operator remembers of one agent between two reconciles: one state value for each room that has one, and what the
 * reconcile itself keeps. All of it can be rebuilt from the cluster and from Google, so nothing is lost at a restart. (The
 * grant's state is kept by the token source, which others use, too.)
 */
import { newCalendarsState, type CalendarsState } from '../calendars/state.ts'
import type { StepFailure } from '../failures/step-failure.ts'
import { consentIn, type GrantState } from '../grants/grant-state.ts'
import type { Grant } from '../grants/grant.ts'
import type { StatusMemory } from '../kubernetes/status-report.ts'
import type { PublicationState } from '../publishing/state.ts'
import { consentedAgent } from '../resources/consent.ts'
import type { RequestMemory } from '../resources/run-now.ts'
import type { Agent, AgentStatus } from '../resources/types.ts'
import type { Absence } from './absence.ts'
import type { AgentDeps } from './port.ts'

/** What reading came to. */
export interface Read {
  readonly failures: readonly StepFailure[]
  /** The grant in use, once it has proved itself. */
  readonly grant: Grant | undefined
  /** All steps up to reading the calendars were taken. */
  readonly complete: boolean
}

/** Nothing was read, because of these failures. */
export const nothingRead = (failures: readonly StepFailure[]): Read => ({ failures, grant: undefined, complete: false })

/**
 * The holder of one agent's state. `reconcile`, which may wait for Google, and `attend`, which does not, work on it side by
 * side: each part is a value that is replaced as a whole, and only by the step that owns it.
 */
export interface AgentState {
  readonly uid: string
  /** By the monotonic clock. */
  readonly firstSeen: number
  /** Replaced while reading. */
  calendars: CalendarsState
  /** The generation of the grant that `calendars` belongs to. */
  grantGeneration?: number
  /** Replaced by whoever has the agent's turn to write. */
  publication: PublicationState
  readonly status: StatusMemory<AgentStatus>
  readonly requests: RequestMemory
  /** What Google fails with at present, and until when it is not asked again. */
  absence?: Absence
  /** Since when it has been found to be deleted, by the monotonic clock. */
  leavingSince?: number
  /** Since when it has been failing for a reason that may pass, by the monotonic clock. */
  failingSince?: number
  /** Since when its writes have conflicted with those of others, by the monotonic clock. */
  conflictingSince?: number
  /** The result of the last attempt to read the calendars. */
  found?: Read
  /** Ends when what is being published and reported is; never fails. */
  writing?: Promise<unknown>
}

/** The state of an agent that was not looked at yet. */
export const newAgentState = (uid: string, now: number): AgentState => ({
  uid,
  firstSeen: now,
  calendars: newCalendarsState(),
  publication: {},
  status: {},
  requests: {},
})

/** What is known of an agent at one moment, as values: what is judged and reported. */
export interface Known {
  readonly grant: GrantState
  readonly calendars: CalendarsState
  readonly publication: PublicationState
}

/** Takes the values as they are now. */
export const knownOf = ({ tokens }: Pick<AgentDeps, 'tokens'>, agent: Agent, state: AgentState): Known => ({
  grant: tokens.current(agent),
  calendars: state.calendars,
  publication: state.publication,
})

/** The Agent as far as its person has consented: the very same object where that is all of its spec. */
export const consentedPart = (agent: Agent, { grant }: Pick<Known, 'grant'>): Agent =>
  consentedAgent(agent, consentIn(grant))
