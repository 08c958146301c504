/** Converts an exception of a step into a failure, and a conflict into the outcome of a reconcile. */
import { ApiError } from '../kubernetes/port.ts'
import { UnexpectedError, wait, type Outcome } from '../controller/outcome.ts'
import { stepFailure, type StepFailure } from './step-failure.ts'

/** After a conflict, the object is reconciled again after this time, or when its watch reports what was written. */
const CONFLICT_PAUSE_MS = 1_000

/** The outcome of a reconcile that ended with a conflict. */
export const afterConflict = (): Outcome => wait('somebody else has just written the same object', CONFLICT_PAUSE_MS)

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
  const message = `The operator met an error that it does not understand (${error.kind}); it keeps trying, and its log says where.`
  return stepFailure('Synced', 'SyncFailed', message, { kind: 'retry', error })
}
