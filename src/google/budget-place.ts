/** The place of one request in all budgets that it counts in: those of its account, its integration and its client. */
import type { Clock } from '../platform/clock.ts'
import { whenKnown, type MaybePromise } from '../platform/maybe-promise.ts'
import { acquireAll, type Priority, type Slot } from '../rate-limit/sliding-budget.ts'
import { RateLimitExceededError } from '../rate-limit/token-bucket.ts'
import { OverBudgetError, type Payer } from './port.ts'
import type { QuotaBudget } from './quota-budget.ts'

/** What a request counts as. */
interface PlaceRequest {
  priority: Priority
  payer: Payer | undefined
  maxWaitMs: number
}

/** A place that was taken. `release` must be called, once. */
class BudgetPlace {
  readonly #budgets: readonly QuotaBudget[]
  readonly #payer: Payer | undefined
  readonly #ofAccount: readonly Slot[]
  readonly #shared: readonly Slot[]
  #isSent = false

  constructor(
    budgets: readonly QuotaBudget[],
    payer: Payer | undefined,
    slots: { ofAccount: readonly Slot[]; shared: readonly Slot[] },
  ) {
    this.#budgets = budgets
    this.#payer = payer
    this.#ofAccount = slots.ofAccount
    this.#shared = slots.shared
  }

  /** The request is sent now. Otherwise, its place is free again at the release. */
  onSend(): void {
    this.#isSent = true
  }

  /**
   * The request has ended.
   *
   * @param account whose it was, which only the answer may tell; undefined if that is not known.
   */
  release(account: string | undefined): void {
    if (!this.#isSent) {
      for (const slot of [...this.#ofAccount, ...this.#shared]) slot.cancel()
      return
    }
    for (const slot of this.#shared) slot.end()
    if (account === this.#payer?.account) {
      for (const slot of this.#ofAccount) slot.end()
      return
    }
    for (const slot of this.#ofAccount) slot.cancel()
    if (account !== undefined) for (const budget of this.#budgets) budget.ofAccount(account).record()
  }
}

/**
 * Takes a place in each budget, in that of the account first: who waits for the account holds nothing that others need. If all have
 * a place, the result is no promise.
 *
 * @throws OverBudgetError if there is no place in time.
 */
export function acquirePlace(
  clock: Pick<Clock, 'monotonic'>,
  budgets: readonly QuotaBudget[],
  { priority, payer, maxWaitMs }: PlaceRequest,
): MaybePromise<BudgetPlace> {
  const until = clock.monotonic() + maxWaitMs
  const account = payer ? budgets.map((one) => () => one.ofAccount(payer.account)) : []
  const first = orOverBudget('account', acquireAll(clock, account, { priority, maxWaitMs }))
  return whenKnown(first, (ofAccount) => {
    const total = budgets.map((one) => () => one.total)
    const rest = acquireAll(clock, total, { priority, maxWaitMs: until - clock.monotonic() })
    const inAll = (shared: readonly Slot[]): BudgetPlace => new BudgetPlace(budgets, payer, { ofAccount, shared })
    return whenKnown(orOverBudget('client', rest, ofAccount), inAll)
  })
}

/** @param held the slots that are free again without those that are waited for. */
function orOverBudget(
  budget: OverBudgetError['budget'],
  slots: MaybePromise<Slot[]>,
  held: readonly Slot[] = [],
): MaybePromise<Slot[]> {
  if (!(slots instanceof Promise)) return slots
  return slots.catch((error: unknown) => {
    for (const slot of held) slot.cancel()
    throw error instanceof RateLimitExceededError ? new OverBudgetError(budget, error.retryAfterMs) : error
  })
}
