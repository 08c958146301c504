/** Promises of `src/booking/`. */
import type { BrokenPromise } from './promise.ts'

export const BOOKING_PROMISES: readonly BrokenPromise[] = [
  {
    promise: 'nothing is refused for good while an event of the Booking may stand at Google',
    file: 'src/booking/accept.ts',
    find: "progress.atGoogle.kind === 'unknown' && mayHaveBeenWritten(run, state)",
    replace: "progress.atGoogle.kind === 'gone' && mayHaveBeenWritten(run, state)",
    test: 'test/booking/exactly-once.test.ts',
  },
  {
    promise: 'a time goes to nobody else while an event whose write was not answered may stand there',
    file: 'src/booking/unanswered-writes.ts',
    find: 'mayBe = true',
    replace: 'mayBe = false',
    test: 'test/booking/leftovers.test.ts',
  },
  {
    promise: 'a slot may begin when an event ends, and end when one begins',
    file: 'src/booking/slot.ts',
    find: 'start < slot.end && end > slot.start',
    replace: 'start <= slot.end && end >= slot.start',
    test: 'test/booking/accepting.test.ts',
  },
]
