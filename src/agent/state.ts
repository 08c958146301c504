/**
 * The state of one Agent between two reconciles, as a value. The token source holds the state of the grant, because others use
 * it, too. All of it can be found out again from the cluster and from Google, so a restart loses nothing.
 *
 * The reconcile, which may wait for Google, and the deadline, which does not, run at the same time. So a step returns only the
 * fields that it replaces, and each field is replaced by one kind of step.
 */
import { newCalendarsState, type CalendarsState } from '../calendars/state.ts'
import { consentIn, type GrantState } from '../grants/grant-state.ts'
import type { PublicationState } from '../publishing/state.ts'
import { consentedAgent } from '../resources/consent.ts'
import type { RequestState } from '../resources/reconcile-request.ts'
import type { Agent, AgentStatus } from '../resources/types.ts'
import type { GoogleBackoff } from './google-backoff.ts'
import type { AgentDeps } from './port.ts'
import type { AgentProgress } from './progress.ts'

/** What is remembered of one Agent. Instants are the monotonic clock's. */
export interface AgentState {
  readonly firstSeen: number
  /** Replaced by the steps that read. */
  readonly calendars: CalendarsState
  /** Somebody waits for calendars that were read at this time or later. */
  readonly readWanted?: number
  /** How many events were written to the calendars, and how many of these the published objects contain. */
  readonly written: number
  readonly publishedWritten: number
  /** The generation of the grant that `calendars` belongs to. */
  readonly grantGeneration?: number
  /** The backoff, while Google does not answer. */
  readonly googleBackoff?: GoogleBackoff
  /** The result of the last attempt to read the calendars. */
  readonly readProgress?: AgentProgress
  /** Replaced by the steps that write, one at a time. */
  readonly publication: PublicationState
  /** The status that the API server returned for our last write. */
  readonly writtenStatus?: AgentStatus
  /** Since when it fails for a reason that may pass. */
  readonly failingSince?: number
  readonly requests: RequestState
  /** When its deletion was first seen. */
  readonly deletingSince?: number
  /** Since when its writes conflict with those of others. */
  readonly conflictingSince?: number
}

/** One value for all Agents: few are ever requested. */
const NO_REQUESTS: RequestState = {}

/** The state of an Agent that was not reconciled yet. */
export const newAgentState = (now: number): AgentState => ({
  firstSeen: now,
  written: 0,
  publishedWritten: 0,
  calendars: newCalendarsState(),
  publication: {},
  requests: NO_REQUESTS,
})

/** What decisions and the status are based on: what is known about an Agent at one moment. */
export interface ObservedState {
  readonly grant: GrantState
  readonly calendars: CalendarsState
  readonly publication: PublicationState
}

/** What is known about the Agent now. */
export const observedState = (
  { tokens }: Pick<AgentDeps, 'tokens'>,
  agent: Agent,
  { calendars, publication }: AgentState,
): ObservedState => ({ grant: tokens.current(agent), calendars, publication })

/** The Agent, its spec cut to what the person has consented to; the same object if that is all of it. */
export const consentedPart = (agent: Agent, { grant }: Pick<ObservedState, 'grant'>): Agent =>
  consentedAgent(agent, consentIn(grant))
