/** Converts an exception of a step into a failure. */
import { ApiError } from '../kubernetes/port.ts'
import { UnexpectedError } from '../controller/outcome.ts'
import { stepFailure, type StepFailure } from './step-failure.ts'

/** Whether another client has written the same object, so that the decision was based on an old version. */
export const isConflict = (error: unknown): boolean => error instanceof ApiError && error.failure === 'Conflict'

/** The failure of a step that threw an `ApiError` or an unexpected exception. The step is retried. */
export function failureOf(thrown: unknown): StepFailure {
  if (!(thrown instanceof ApiError)) return unexpected(thrown)
  const message = `The Kubernetes API refused (${thrown.message}); the operator keeps trying.`
  const requeue = { kind: 'retry', error: thrown, notBefore: thrown.retryAfterMs } as const
  return stepFailure('Synced', 'PublishFailed', message, requeue)
}

/** A bug of the operator. The error's message may contain anything, so it is left out of the status. */
function unexpected(cause: unknown): StepFailure {
  const error = new UnexpectedError(cause)
  const message = `The operator failed over something that it does not understand (${error.kind}); it keeps trying, and its log says where.`
  return stepFailure('Synced', 'SyncFailed', message, { kind: 'retry', error })
}
