/**
 * What a reconcile answers: one union, so that a result and an error can never contradict each other.
 *
 * - `done`: nothing is left to do; look again after `checkAgainIn` ms, or only when something changes.
 * - `retry`: it failed for a reason that may pass; come back after this key's own exponential backoff, but not before
 *   `notBefore` ms where the other side said so, and after `atLatest` ms in any case, where something else falls due then.
 *   The backoff itself grows no longer than `longest` ms.
 * - `wait`: something else has to happen first (`reason`, for the log); look again after `for` ms. Resets the backoff.
 * - `blocked`: a person has to act (`reason`); look again slowly, after `checkAgainIn` ms, or when something changes.
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

export const done = (checkAgainIn?: number): Outcome => ({ kind: 'done', checkAgainIn })
export const retry = (error: unknown, notBefore?: number, atLatest?: number, longest?: number): Outcome => ({
  kind: 'retry',
  error,
  notBefore,
  atLatest,
  longest,
})
export const wait = (reason: string, forMs: number): Outcome => ({ kind: 'wait', reason, for: forMs })
export const blocked = (reason: string, checkAgainIn: number): Outcome => ({ kind: 'blocked', reason, checkAgainIn })

/**
 * A mistake of ours: something was thrown that nobody expected. What it says may hold what it stumbled over, an event's title
 * or a token, so that only the words of those errors are kept that speak of the program itself.
 */
export class UnexpectedError extends Error {
  override readonly name = 'UnexpectedError'
  /** The name of what was thrown, such as TypeError. */
  readonly kind: string

  constructor(thrown: unknown) {
    const kind = thrown instanceof Error ? thrown.constructor.name : typeof thrown
    super(thrown instanceof TypeError || thrown instanceof ReferenceError ? `${kind}: ${thrown.message}` : kind)
    this.kind = kind
    if (thrown instanceof Error) this.stack = thrown.stack
  }
}

/** The same, but looked at again after `ms` at the latest. */
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
