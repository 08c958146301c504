/**
 * The result of a reconcile: one union, so that a result and an error cannot contradict each other.
 *
 * - `done`: nothing is left to do; reconcile again after `checkAgainIn` ms, or only when something changes.
 * - `retry`: it failed for a reason that may pass; reconcile again after the key's exponential backoff of at most `longest` ms,
 *   but not before `notBefore` ms (the server asked for that), and after `atLatest` ms in any case (something else is due).
 * - `wait`: something else has to happen first (`reason`, for the log); reconcile again after `for` ms. Resets the backoff.
 * - `blocked`: a person must act (`reason`); reconcile again after `checkAgainIn` ms, or when something changes.
 */
export type Outcome =
  | { readonly kind: 'done'; readonly checkAgainIn?: number }
  | {
      readonly kind: 'retry'
      readonly error: unknown
      readonly notBefore?: number
      readonly atLatest?: number
      readonly longest?: number
    }
  | { readonly kind: 'wait'; readonly reason: string; readonly for: number }
  | { readonly kind: 'blocked'; readonly reason: string; readonly checkAgainIn: number }

/** The reconcile succeeded. It runs again after `checkAgainIn` ms, if set. */
export const done = (checkAgainIn?: number): Outcome => ({ kind: 'done', checkAgainIn })
/** The reconcile failed and is retried with a backoff. */
export const retry = (error: unknown, notBefore?: number, atLatest?: number, longest?: number): Outcome => ({
  kind: 'retry',
  error,
  notBefore,
  atLatest,
  longest,
})
/** The reconcile waits for something else, and runs again after `forMs` at the latest. */
export const wait = (reason: string, forMs: number): Outcome => ({ kind: 'wait', reason, for: forMs })
/** Somebody has to fix something. The reconcile runs again after `checkAgainIn` ms. */
export const blocked = (reason: string, checkAgainIn: number): Outcome => ({ kind: 'blocked', reason, checkAgainIn })

/**
 * A programming error: an exception that nobody expected. Its message may contain data, such as an event's title or a token, so
 * the message is kept only for the classes of errors that describe the program itself.
 */
export class UnexpectedError extends Error {
  override readonly name = 'UnexpectedError'
  /** The class of the exception, such as TypeError. */
  readonly kind: string

  constructor(thrown: unknown) {
    const kind = thrown instanceof Error ? thrown.constructor.name : typeof thrown
    super(thrown instanceof TypeError || thrown instanceof ReferenceError ? `${kind}: ${thrown.message}` : kind)
    this.kind = kind
    if (thrown instanceof Error) this.stack = thrown.stack
  }
}

/** The same outcome, but with the next reconcile after `ms` at the latest. */
export function requeueWithin(outcome: Outcome, ms: number | undefined): Outcome {
  if (ms === undefined) return outcome
  const sooner = (pause = Infinity): number => Math.min(pause, ms)
  switch (outcome.kind) {
    case 'retry':
      return { ...outcome, atLatest: sooner(outcome.atLatest) }
    case 'wait':
      return { ...outcome, for: sooner(outcome.for) }
    default:
      return { ...outcome, checkAgainIn: sooner(outcome.checkAgainIn) }
  }
}
