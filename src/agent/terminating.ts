/**
 * The steps for an Agent that is being deleted, but that a finalizer of somebody else keeps. Its calendars are not read any more, so
 * what it has published grows stale: readers must be told, and a calendar with `whenStale: Block` is blocked. Nothing is created,
 * because Kubernetes may be removing the objects of this Agent.
 */
import { stepFailure, type StepFailure } from '../failures/step-failure.ts'
import { HOUR_MS } from '../platform/time-units.ts'
import type { Agent } from '../resources/types.ts'
import { withFailures } from './progress.ts'
import type { AgentRun, AgentStep } from './steps.ts'
import { isSuspended, suspendedSteps } from './suspended.ts'
import { WRITE_STEPS } from './write-steps.ts'

/** How many finalizers the message names. */
const MAX_NAMED = 3

/** What is left to do once the operator's own finalizer is gone. A suspended Agent stays as it is. */
export const terminatingSteps = (run: AgentRun): readonly AgentStep[] =>
  isSuspended(run) ? suspendedSteps(run) : [reportDeletion, ...WRITE_STEPS]

/** Until what is published can no longer be trusted, the Agent stays Ready, and its message says why that will end. */
const reportDeletion: AgentStep = ({ agent }, _, progress) => ({
  progress: withFailures(progress, [beingDeleted(agent)]),
})

function beingDeleted({ metadata: { finalizers = [] } }: Agent): StepFailure {
  const more = finalizers.length > MAX_NAMED ? ` and ${finalizers.length - MAX_NAMED} more` : ''
  const named = `${finalizers.slice(0, MAX_NAMED).join(', ')}${more}`
  const message = `The Agent is being deleted, and its calendars are not read any more. It still exists because of its finalizers (${named}): whoever set them has to remove them.`
  return stepFailure('Synced', 'SyncFailed', message, { kind: 'wait', for: HOUR_MS })
}
