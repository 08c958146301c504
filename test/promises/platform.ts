/** Promises of `src/platform/`. */
import type { BrokenPromise } from './promise.ts'

export const PLATFORM_PROMISES: readonly BrokenPromise[] = [
  {
    promise: 'time: what is due within a millisecond is due, since timers are that early',
    file: 'src/platform/clock.ts',
    find: 'at <= clock.monotonic() + TIMER_TOLERANCE_MS',
    replace: 'at <= clock.monotonic()',
    test: 'test/platform/clock-steps.test.ts',
  },
]
