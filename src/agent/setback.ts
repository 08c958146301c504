/**
 * Why a step could not be completed, in the terms of the status, and how to come back. Steps return setbacks instead of
 * throwing: what goes wrong here is the normal business of an operator.
 */
import { manualFixInterval as pause } from '../controller/manual-fix-interval.ts'
import type { ReasonOf } from '../resources/reasons.ts'

interface SetbackOn<C extends 'Ready' | 'Authorized' | 'Synced'> {
  /** The condition that it belongs to. */
  condition: C
  reason: ReasonOf<'Agent', C>
  /** For people: what was found, and what to do. It may name objects, never a token or an event. */
  message: string
  again: Again
}

export type Setback = SetbackOn<'Ready'> | SetbackOn<'Authorized'> | SetbackOn<'Synced'>

export type Again =
  /** It may pass: this key's backoff, of at most `longest` ms, and not before `notBefore` ms. */
  | { kind: 'retry'; error: unknown; notBefore?: number; longest?: number }
  /** Something of ours has to change first, and its watch will tell: look again after `for` ms all the same. */
  | { kind: 'wait'; for: number; /** The calendars are read meanwhile. */ readsOn?: boolean }
  /** Somebody has to act: look again at this instant, by the monotonic clock. */
  | { kind: 'slow'; at: number }

/** The instant of the next look at something that a person has to repair; all are the monotonic clock's. */
export const slowly = (since: number, now: number): number => now + pause(since, now)

export const setback = <C extends Setback['condition']>(
  condition: C,
  reason: ReasonOf<'Agent', C>,
  message: string,
  again: Again,
): SetbackOn<C> => ({ condition, reason, message, again })

export const isSetback = (value: unknown): value is Setback =>
  typeof value === 'object' && value !== null && 'condition' in value && 'again' in value
