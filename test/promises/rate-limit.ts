/** Promises of `src/rate-limit/`. */
import type { BrokenPromise } from './promise.ts'

export const RATE_LIMIT_PROMISES: readonly BrokenPromise[] = [
  {
    promise: 'no minute holds more requests than the budget, however long they are under way',
    file: 'src/rate-limit/sliding-budget.ts',
    find: 'return this.#underWay + this.#ended.count(',
    replace: 'return this.#ended.count(',
    test: 'test/rate-limit/sliding-budget.test.ts',
  },
  {
    promise: 'a tenth of the budget is kept for what is not routine',
    file: 'src/rate-limit/sliding-budget.ts',
    find: "priority === 'routine' ? Math.max(Math.floor(budget * ROUTINE_SHARE), 1) : budget",
    replace: 'budget',
    test: 'test/rate-limit/sliding-budget.test.ts',
  },
  {
    promise: 'after a limit one request finds out for all',
    file: 'src/rate-limit/circuit-breaker.ts',
    find: '    if (this.#open) this.#probe = attempt\n',
    replace: '',
    test: 'test/rate-limit/circuit-breaker.test.ts',
  },
  {
    promise: 'who looks before its time does not double a pause',
    file: 'src/rate-limit/circuit-breaker.ts',
    find: 'this.#probe === attempt && !attempt.isBypass ? undefined : this.#open',
    replace: 'this.#probe === attempt ? undefined : this.#open',
    test: 'test/google/client-rate-limiter.test.ts',
  },
]
