/**
 * The budget of one integration, or of one client: so many requests to the Calendar API in every minute, and so many of them for one
 * account. Pure except for the clock.
 */
import type { Clock } from '../platform/clock.ts'
import { SlidingBudget } from '../rate-limit/sliding-budget.ts'
import type { Quota } from '../resources/quota.ts'
import { limitFor, reservedBy, type ReplicaRole } from './replica-role.ts'

/** The budgets of all accounts, and the one that they share. */
export class QuotaBudget {
  readonly #clock: Pick<Clock, 'monotonic' | 'setTimer'>
  readonly #accounts = new Map<string, SlidingBudget>()
  readonly total: SlidingBudget
  /** It may change at any time, and is in force at once. */
  quota: Quota
  readonly #role: () => ReplicaRole
  /** Creates the budget of an account. The budgets share the functions that it is given, because there are many accounts. */
  readonly #create: () => SlidingBudget

  /** @param role the role of this replica, which decides about its share; by default there is no other. */
  constructor(clock: Pick<Clock, 'monotonic' | 'setTimer'>, quota: Quota, role: () => ReplicaRole = () => 'only') {
    this.#clock = clock
    this.quota = quota
    this.#role = role
    this.total = this.#budgets(() => this.quota.requestsPerMinute)()
    this.#create = this.#budgets(() => this.quota.requestsPerMinutePerAgent)
  }

  /** How many accounts it remembers: about as many as had a request in the last minute. */
  get accounts(): number {
    return this.#accounts.size
  }

  /** Whether nothing was sent in the last minute, and no request waits. */
  get isIdle(): boolean {
    return this.total.isIdle && [...this.#accounts.values()].every((budget) => budget.isIdle)
  }

  /** The budget of one account. */
  ofAccount(account: string): SlidingBudget {
    const known = this.#accounts.get(account)
    const budget = known ?? this.#create()
    this.#accounts.delete(account)
    this.#forgetIdle()
    this.#accounts.set(account, budget)
    return budget
  }

  #budgets(requestsPerMinute: () => number): () => SlidingBudget {
    const limit = (): number => limitFor(this.#role(), requestsPerMinute())
    const reserved = (): number => reservedBy(this.#role(), requestsPerMinute())
    return () => new SlidingBudget(this.#clock, limit, reserved)
  }

  /** Forgets the accounts that were used longest ago and hold nothing. Each use adds one account at the most. */
  #forgetIdle(): void {
    for (const [account, budget] of [...firstOf(this.#accounts, 2)]) {
      if (!budget.isIdle) return
      this.#accounts.delete(account)
    }
  }
}

function* firstOf<T>(items: Iterable<T>, count: number): Generator<T> {
  let left = count
  for (const item of items) {
    if (left-- <= 0) return
    yield item
  }
}
