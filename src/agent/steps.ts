/** What a step of an Agent's reconcile is given, and what it returns. */
import type { IntegrationFindings } from '../clients/port.ts'
import type { AgentClient } from '../clients/agent-client.ts'
import type { Resolution, ResolvedIntegration } from '../clients/resolve-integration.ts'
import type { TokenRequest } from '../grants/port.ts'
import type { DueRequest } from '../resources/reconcile-request.ts'
import type { Agent } from '../resources/types.ts'
import type { AgentDeps } from './port.ts'
import type { AgentProgress } from './progress.ts'
import type { AgentState } from './state.ts'

/** What one reconcile is about. Nothing in it changes. */
export interface AgentRun {
  readonly deps: AgentDeps
  readonly agent: Agent
  readonly resolution: Resolution
  /** The request that this reconcile serves, or how long one has to wait. */
  readonly due?: DueRequest
}

/** A reconcile whose integration can be used. */
export interface ReadRun extends AgentRun {
  readonly resolution: ResolvedIntegration
  readonly client: AgentClient
  readonly request: TokenRequest
  /** Stores what was read so far, so that the deadline can publish it while the step goes on. */
  readonly keep: (change: Pick<AgentState, 'calendars'>) => void
}

/** What a step returns. */
export interface StepResult {
  /** The fields of the state that it replaces. */
  readonly state?: Partial<AgentState>
  readonly progress: AgentProgress
  /** What it found out for every Agent of the integration. */
  readonly findings?: IntegrationFindings
  /** Another client has written the same object. It is thrown after the state was kept. */
  readonly conflict?: Error
}

/** One step. It changes nothing that it is given. */
export type AgentStep<R extends AgentRun = AgentRun> = (
  run: R,
  state: AgentState,
  progress: AgentProgress,
) => StepResult | Promise<StepResult>
