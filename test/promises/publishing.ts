/** Promises of `src/publishing/`. */
import type { BrokenPromise } from './promise.ts'

export const PUBLISHING_PROMISES: readonly BrokenPromise[] = [
  {
    promise: 'only once the new name holds everything does the old one go',
    file: 'src/publishing/publish-outputs.ts',
    find: 'const isComplete = failures.length === 0 && input.authorized',
    replace: 'const isComplete = input.authorized',
    test: 'test/agent/promises.test.ts',
  },
]
