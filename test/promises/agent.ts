/** Promises of `src/agent/`. */
import type { BrokenPromise } from './promise.ts'

export const AGENT_PROMISES: readonly BrokenPromise[] = [
  {
    promise: 'time: what has fallen due by the time that everything is decided means now',
    file: 'src/agent/decide.ts',
    find: 'isRead ? due.map((instant) => instant - at.monotonic)',
    replace: 'isRead ? due.map((instant) => instant - at.monotonic).filter((left) => left > 0)',
    test: 'test/agent/decide.test.ts',
  },
  {
    promise: 'time: what has fallen due shortens no backoff',
    file: 'src/agent/decide.ts',
    find: 'timesLeft(facts).filter((left) => left > 0)',
    replace: 'timesLeft(facts)',
    test: 'test/agent/decide.test.ts',
  },
  {
    promise: 'time: whatever wakes an agent while Google is away sends no request',
    file: 'src/agent/google-backoff.ts',
    find: 'if (!backoff || hasCome(clock, backoff.until)) return false',
    replace: 'if (backoff || hasCome(clock, 0)) return false',
    test: 'test/agent/google-backoff.test.ts',
  },
  {
    promise: 'time: the backoff for Google does not outgrow the interval',
    file: 'src/agent/google-backoff.ts',
    find: '{ random, longest, ',
    replace: '{ random, ',
    test: 'test/agent/google-backoff.test.ts',
  },
  {
    promise: 'time: the first success after an outage wakes the others',
    file: 'src/agent/recovery.ts',
    find: 'const own = [...(this.#waiting.get(integration) ?? [])]',
    replace: 'const own: string[] = []',
    test: 'test/agent/recovery.test.ts',
  },
  {
    promise: 'a scope that is missing for writing is reported before the consent, and the calendars are still read',
    file: 'src/agent/read-steps.ts',
    find: '  addMissingWriteScope,\n  addMissingConsent,\n',
    replace: '  addMissingConsent,\n',
    test: 'test/agent/read-and-publish.test.ts',
  },
]
