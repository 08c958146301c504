/**
 * The room of the failures: why a step of an agent's reconcile could not be completed, in the terms of the status, and when
 * the step is tried again. Steps return failures instead of throwing them, because they are the normal business of an
 * operator. The room is shared by every room that has such steps. It is pure.
 */
import type { ReasonOf } from '../resources/reasons.ts'

interface StepFailureOn<C extends 'Ready' | 'Authorized' | 'Synced'> {
  /** The condition that it belongs to. */
  condition: C
  reason: ReasonOf<'Agent', C>
  /** For people: what was found, and what to do. It may name objects, never a token or an event. */
  message: string
  requeue: RequeuePolicy
}

/** Why a step could not be completed. */
export type StepFailure = StepFailureOn<'Ready'> | StepFailureOn<'Authorized'> | StepFailureOn<'Synced'>

/** When a step that failed is tried again. */
export type RequeuePolicy =
  /** It may pass: after this key's backoff, which is `longest` ms at most, and not before `notBefore` ms. */
  | { kind: 'retry'; error: unknown; notBefore?: number; longest?: number }
  /** Something in the cluster has to change first, and a watch will report it: after `for` ms all the same. */
  | { kind: 'wait'; for: number; /** The calendars are read meanwhile. */ readsOn?: boolean }
  /** A person has to act: at this instant, by the monotonic clock. */
  | { kind: 'blocked'; at: number }

/** Makes a failure of a reason that the condition knows. */
export const stepFailure = <C extends StepFailure['condition']>(
  condition: C,
  reason: ReasonOf<'Agent', C>,
  message: string,
  requeue: RequeuePolicy,
): StepFailureOn<C> => ({ condition, reason, message, requeue })

/** Tells a failure from whatever else a step returns. */
export const isStepFailure = (value: unknown): value is StepFailure =>
  typeof value === 'object' && value !== null && 'condition' in value && 'requeue' in value
