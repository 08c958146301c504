/** The place of one request in all budgets that it counts in: those of its account, its integration and its client. */
import type { Clock } from '../platform/clock.ts'
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
 * Takes a place in each budget, in that of the account first: who waits for the account holds nothing that others need.
 *
 * @throws OverBudgetError if there is no place in time.
 */
export async function acquirePlace(
  clock: Pick<Clock, 'monotonic'>,
  budgets: readonly QuotaBudget[],
  { priority, payer, maxWaitMs }: PlaceRequest,
): Promise<BudgetPlace> {
  const until = clock.monotonic() + maxWaitMs
  const account = payer ? budgets.map((one) => () => one.ofAccount(payer.account)) : []
  const ofAccount = await acquireAll(clock, account, { priority, maxWaitMs }).catch(overBudget('account'))
  const left = { priority, maxWaitMs: until - clock.monotonic() }
  try {
    const total = budgets.map((one) => () => one.total)
    const shared = await acquireAll(clock, total, left).catch(overBudget('client'))
    return new BudgetPlace(budgets, payer, { ofAccount, shared })
  } catch (error) {
    for (const slot of ofAccount) slot.cancel()
    throw error
  }
}

const overBudget =
  (budget: OverBudgetError['budget']) =>
  (error: unknown): never => {
    throw error instanceof RateLimitExceededError ? new OverBudgetError(budget, error.retryAfterMs) : error
  }
