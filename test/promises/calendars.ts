/** Promises of `src/calendars/`. */
import type { BrokenPromise } from './promise.ts'

export const CALENDARS_PROMISES: readonly BrokenPromise[] = [
  {
    promise: 'a listing is anchored anew after 23 hours, whatever fullSyncInterval says',
    file: 'src/calendars/schedule.ts',
    find: 'const MAX_WINDOW_AGE_MS = 23 * HOUR_MS',
    replace: 'const MAX_WINDOW_AGE_MS = 168 * HOUR_MS',
    test: 'test/agent/promises.test.ts',
  },
  {
    promise: 'intervals have jitter',
    file: 'src/calendars/schedule.ts',
    find: 'chance * (interval / 5 - tick)',
    replace: '(interval / 10 + 0 * chance)',
    test: 'test/agent/promises.test.ts',
  },
  {
    promise: 'what was not understood of a delta drops its sync token',
    file: 'src/calendars/list-calendar.ts',
    find: 'doubtful && !full ? undefined : end.nextSyncToken',
    replace: 'end.nextSyncToken',
    test: 'test/agent/promises.test.ts',
  },
  {
    promise: 'time: after a leap forward what was read counts as older',
    file: 'src/calendars/state.ts',
    find: 'lastRead: earlier(calendar.lastRead)',
    replace: 'lastRead: calendar.lastRead',
    test: 'test/calendars/time-of-day.test.ts',
  },
  {
    promise: 'a listing that was requested before a write does not hide what was written',
    file: 'src/calendars/written-events.ts',
    find: 'at >= lastRead',
    replace: 'at > lastRead + Infinity',
    test: 'test/calendars/written-events.test.ts',
  },
  {
    promise: 'what a person changed after a write is not overwritten by it',
    file: 'src/calendars/written-events.ts',
    find: ' && isNewest(entry)',
    replace: ' && isNewest !== undefined',
    test: 'test/calendars/written-events.test.ts',
  },
]
