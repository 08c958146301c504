/** Promises about appointments: the consent to writing them, the slot, the write, and the answers, in the form of `promises.ts`. */
import type { BrokenPromise } from './promises.ts'

export const WRITING_PROMISES: readonly BrokenPromise[] = [
  {
    promise: 'a slot may begin when an event ends, and end when one begins',
    file: 'src/booking/slot.ts',
    find: 'start < slot.end && end > slot.start',
    replace: 'start <= slot.end && end >= slot.start',
    test: 'test/booking/sentences.test.ts',
  },
  {
    promise: 'an event is patched only in the version that was read',
    file: 'src/google/events.ts',
    find: "'if-match': etag",
    replace: "'if-match': etag && '*'",
    test: 'test/google/event-writes.test.ts',
  },
  {
    promise: 'of a calendar that is only written nothing but Bookings is kept',
    file: 'src/calendar/snapshot-builder.ts',
    find: 'this.#options.onlyBookings !== true || (flags & BOOKED) !== 0',
    replace: 'this.#options.onlyBookings !== true || (flags & BOOKED) >= 0',
    test: 'test/calendars/written-events.test.ts',
  },
  {
    promise: 'no link is offered where signing in cannot help',
    file: 'src/grants/advice.ts',
    find: ' || asksForNoWriteScope(agent, integration)',
    replace: '',
    test: 'test/grants/advice.test.ts',
  },
  {
    promise: 'a scope that is missing for writing is reported before the consent, and the calendars are still read',
    file: 'src/agent/read-steps.ts',
    find: '  addMissingWriteScope,\n  addMissingConsent,\n',
    replace: '  addMissingConsent,\n',
    test: 'test/agent/read-and-publish.test.ts',
  },
  {
    promise: 'a Booking whose slot is taken wakes nobody',
    file: 'src/resources/reasons.ts',
    find: "kind === 'Booking' && ANSWERS.includes(reason)",
    replace: "false && (kind === 'Booking' || ANSWERS.includes(reason))",
    test: 'test/cli/status.test.ts',
  },
  {
    promise: 'fields that hold times are timestamps to the rules',
    file: 'src/resources/rules.ts',
    find: "schema.format === 'date-time' && typeof value === 'string' ? new Date(value) : value",
    replace: 'value',
    test: 'test/resources/refusals.test.ts',
  },
]
