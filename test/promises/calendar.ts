/** Promises of `src/calendar/`. */
import type { BrokenPromise } from './promise.ts'

export const CALENDAR_PROMISES: readonly BrokenPromise[] = [
  {
    promise: 'of a calendar that is only written nothing but Bookings is kept',
    file: 'src/calendar/snapshot-builder.ts',
    find: 'this.#options.onlyBookings !== true || (flags & BOOKED) !== 0',
    replace: 'this.#options.onlyBookings !== true || (flags & BOOKED) >= 0',
    test: 'test/calendars/written-events.test.ts',
  },
]
