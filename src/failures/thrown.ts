/** Turns what a step throws into its failure. */
import { ApiError } from '../kubernetes/port.ts'
import { UnexpectedError } from '../controller/outcome.ts'
import { stepFailure, type StepFailure } from './step-failure.ts'

/** Whether another client has written the same object: what was decided on has changed. */
export const isConflict = (error: unknown): boolean => error instanceof ApiError && error.failure === 'Conflict'

/** The failure of a step that threw an `ApiError`, or anything that nobody expected. The step is tried again. */
export function failureOf(thrown: unknown): StepFailure {
  if (!(thrown instanceof ApiError)) return unexpected(thrown)
  const message = `The Kubernetes API refused (${thrown.message}); the operator keeps trying.`
  const requeue = { kind: 'retry', error: thrown, notBefore: thrown.retryAfterMs } as const
  return stepFailure('Synced', 'PublishFailed', message, requeue)
}

/** A bug of ours. The words of the error may hold anything: they stay out of the status. */
function unexpected(cause: unknown): StepFailure {
  const error = new UnexpectedError(cause)
  const message = `The operator failed over something that it does not understand (${error.kind}); it keeps trying, and its log says where.`
  return stepFailure('Synced', 'SyncFailed', message, { kind: 'retry', error })
}
