/**
 * The failures room: why a step of an agent's reconcile could not be completed, in terms of the status, and when the step is
 * retried. Steps return failures instead of throwing them, because failures are normal for an operator. All rooms with such steps
 * share this room. It is pure.
 */
import { isRecord } from '../platform/json.ts'
import type { ReasonOf } from '../resources/reasons.ts'

interface StepFailureOn<C extends 'Ready' | 'Authorized' | 'Synced'> {
  /** The condition that reports it. */
  condition: C
  reason: ReasonOf<'Agent', C>
  /** For people: what was found, and what to do. It may name objects, but never contains a token or an event. */
  message: string
  requeue: RequeuePolicy
}

/** Why a step could not be completed. */
export type StepFailure = StepFailureOn<'Ready'> | StepFailureOn<'Authorized'> | StepFailureOn<'Synced'>

/** When a failed step is retried. */
type RequeuePolicy =
  /** The failure may pass: retry after the key's backoff of at most `longest` ms, but not before `notBefore` ms. */
  | { kind: 'retry'; error: unknown; notBefore?: number; longest?: number }
  /** Something in the cluster has to change first, which a watch will report: retry then, or after `for` ms. */
  | { kind: 'wait'; for: number; /** Whether the calendars are read in the meantime. */ readsOn?: boolean }
  /** A person has to act: retry at this instant of the monotonic clock. */
  | { kind: 'blocked'; at: number }

/** Creates a failure with one of the condition's reasons. */
export const stepFailure = <C extends StepFailure['condition']>(
  condition: C,
  reason: ReasonOf<'Agent', C>,
  message: string,
  requeue: RequeuePolicy,
): StepFailureOn<C> => ({ condition, reason, message, requeue })

/** Whether the result of a step is a failure. */
export const isStepFailure = (value: unknown): value is StepFailure =>
  isRecord(value) && 'condition' in value && 'requeue' in value
