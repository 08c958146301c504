/** What the steps of an Agent's reconcile have found so far: a value that each step is given and returns. */
import type { Outcome } from '../controller/outcome.ts'
import type { StepFailure } from '../failures/step-failure.ts'
import type { Grant } from '../grants/grant.ts'

/** The findings of the steps so far. */
export interface AgentProgress {
  /** The failures, in the order of the steps. */
  readonly failures: readonly StepFailure[]
  /** The grant, if it was found valid. */
  readonly grant?: Grant
  /** The steps before reading the calendars have all succeeded. */
  readonly isAuthorized: boolean
  /** How far the steps that read have come. */
  readonly reached: 'nothing' | 'grant' | 'Google'
  /** The steps that follow in the same list are skipped. */
  readonly isEnded: boolean
  /** When it was decided what to publish, by the time of day. */
  readonly publishedAt: number
  /** Set by the last step. */
  readonly outcome?: Outcome
}

/** One list for all Agents, which keep the result of their last reading. */
const NO_FAILURES: readonly StepFailure[] = []

/** The progress before the first step; with failures, if the steps that read cannot be taken because of them. */
export const progressBefore = (
  failures: readonly StepFailure[] = NO_FAILURES,
  reached: AgentProgress['reached'] = 'nothing',
): AgentProgress => ({
  failures,
  isAuthorized: false,
  reached,
  isEnded: false,
  publishedAt: -Infinity,
})

/** The steps that follow in the same list are skipped. */
export const ended = (progress: AgentProgress): AgentProgress => ({ ...progress, isEnded: true })

/** The progress with further failures. */
export const withFailures = (progress: AgentProgress, failures: readonly StepFailure[]): AgentProgress =>
  failures.length === 0 ? progress : { ...progress, failures: [...progress.failures, ...failures] }
