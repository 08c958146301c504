/** Promises of `src/controller/`. */
import type { BrokenPromise } from './promise.ts'

export const CONTROLLER_PROMISES: readonly BrokenPromise[] = [
  {
    promise: 'what failed together does not come back together',
    file: 'src/controller/backoff.ts',
    find: 'grown * (0.75 + random() / 2)',
    replace: 'grown',
    test: 'test/controller/backoff.test.ts',
  },
  {
    promise: 'time: nobody who sets the time of day delays a key',
    file: 'src/controller/queue.ts',
    find: 'const at = this.#options.clock.monotonic()',
    replace: 'const at = this.#options.clock.now()',
    test: 'test/controller/queue.test.ts',
  },
  {
    promise: 'time: a long reconcile that comes on is alive',
    file: 'src/controller/controller.ts',
    find: 'if (this.#lastProgress.has(key)) this.#lastProgress.set(key, this.#movedAt)',
    replace: 'void key',
    test: 'test/controller/progress.test.ts',
  },
]
