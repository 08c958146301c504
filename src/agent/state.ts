/**
 * The state of one agent between two reconciles: a value for each room that has one, and what the reconcile itself needs. The
 * token source holds the state of the grant, because others use it, too. All of it can be found out again from the cluster and
 * from Google, so a restart loses nothing.
 */
import { newCalendarsState, type CalendarsState } from '../calendars/state.ts'
import type { StepFailure } from '../failures/step-failure.ts'
import { consentIn, type GrantState } from '../grants/grant-state.ts'
import type { Grant } from '../grants/grant.ts'
import type { StatusMemory } from '../kubernetes/status-report.ts'
import type { PublicationState } from '../publishing/state.ts'
import { consentedAgent } from '../resources/consent.ts'
import type { RequestMemory } from '../resources/reconcile-request.ts'
import type { Agent, AgentStatus } from '../resources/types.ts'
import { resolveIntegration, type Resolution } from '../clients/resolve-integration.ts'
import type { GoogleBackoff } from './google-backoff.ts'
import type { AgentDeps } from './port.ts'

/** The result of reading. */
export interface Read {
  readonly failures: readonly StepFailure[]
  /** The grant, if it was found valid. */
  readonly grant: Grant | undefined
  /** The steps before reading the calendars have all succeeded. */
  readonly complete: boolean
}

/** The result if nothing was read, because of these failures. */
export const nothingRead = (failures: readonly StepFailure[]): Read => ({ failures, grant: undefined, complete: false })

/**
 * The holder of one agent's state. `reconcile`, which may wait for Google, and `attend`, which does not, use it at the same time.
 * So each part is a value that is replaced as a whole, and only by the step that owns it.
 */
export interface AgentState {
  readonly uid: string
  /** By the monotonic clock. */
  readonly firstSeen: number
  /** Replaced while reading. */
  calendars: CalendarsState
  /** The generation of the grant that `calendars` belongs to. */
  grantGeneration?: number
  /** Replaced only within `alone` (`conclude.ts`). */
  publication: PublicationState
  readonly status: StatusMemory<AgentStatus>
  readonly requests: RequestMemory
  /** The backoff, while Google does not answer. */
  googleBackoff?: GoogleBackoff
  /** When its deletion was first seen, by the monotonic clock. */
  deletingSince?: number
  /** Since when it fails for a reason that may pass, by the monotonic clock. */
  failingSince?: number
  /** Since when its writes conflict with those of others, by the monotonic clock. */
  conflictingSince?: number
  /** The result of the last attempt to read the calendars. */
  found?: Read
  /** Resolves when the present turn to write ends; never rejects. */
  writing?: Promise<unknown>
}

/** What every step of a reconcile is given. */
export interface Context {
  readonly agent: Agent
  readonly state: AgentState
  readonly resolution: Resolution
}

/** What a reconcile is about: the Agent, its state and its integration. */
export const contextOf = (deps: AgentDeps, agent: Agent, state: AgentState): Context => {
  const { handledRequest } = state.requests
  return { agent, state, resolution: resolveIntegration(deps, agent, { firstSeen: state.firstSeen, handledRequest }) }
}

/** The state of an agent that was not reconciled yet. */
export const newAgentState = (uid: string, now: number): AgentState => ({
  uid,
  firstSeen: now,
  calendars: newCalendarsState(),
  publication: {},
  status: {},
  requests: {},
})

/** What is known about an agent at one moment, as values: what is decided on and reported. */
export interface Known {
  readonly grant: GrantState
  readonly calendars: CalendarsState
  readonly publication: PublicationState
}

/** The values as they are now. */
export const knownOf = ({ tokens }: Pick<AgentDeps, 'tokens'>, agent: Agent, state: AgentState): Known => ({
  grant: tokens.current(agent),
  calendars: state.calendars,
  publication: state.publication,
})

/** The Agent, its spec cut to what the person has consented to; the same object if that is all of it. */
export const consentedPart = (agent: Agent, { grant }: Pick<Known, 'grant'>): Agent =>
  consentedAgent(agent, consentIn(grant))
