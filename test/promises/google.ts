/** Promises of `src/google/`. */
import type { BrokenPromise } from './promise.ts'

export const GOOGLE_PROMISES: readonly BrokenPromise[] = [
  {
    promise: 'the quota of an unverified secret counts for nobody else',
    file: 'src/google/client-registry.ts',
    find: 'const sharing = (entry.isAccepted ? this.#projects.get(entry.clientId)?.secrets : undefined) ?? new Set([secret])',
    replace: 'const sharing = new Set(this.#entries.keys())',
    test: 'test/google/quota.test.ts',
  },
  {
    promise: 'after a limit there is no burst',
    file: 'src/google/client-rate-limiter.ts',
    find: 'calendar: breaker(() => this.budget.total.drain())',
    replace: 'calendar: breaker(() => undefined)',
    test: 'test/google/client-request-rate.test.ts',
  },
  {
    promise: 'one refresh is under way for a token, however many ask',
    file: 'src/google/google.ts',
    find: '    if (flight) return flight\n',
    replace: '    void flight\n',
    test: 'test/google/oauth.test.ts',
  },
  {
    promise: 'a limit is shared only among secrets that Google has accepted',
    file: 'src/google/client-registry.ts',
    find: 'limiter: () => this.#limiterOf(entry),',
    replace: 'limiter: () => this.#projectOf(entry).limiter,',
    test: 'test/google/google.test.ts',
  },
  {
    promise: 'a secret that Google refuses no longer shares limits',
    file: 'src/google/google.ts',
    find: '      if (IMPLIES_INVALID_CLIENT.includes(failure)) membership.onRefused()\n',
    replace: '      void IMPLIES_INVALID_CLIENT\n',
    test: 'test/google/google.test.ts',
  },
  {
    promise: 'a client lets one request in ten seconds over a pause',
    file: 'src/google/client-rate-limiter.ts',
    find: 'const BYPASS_LIMIT: RateLimit = { burst: 1, intervalMs: 10_000 }',
    replace: 'const BYPASS_LIMIT: RateLimit = { burst: 100, intervalMs: 10_000 }',
    test: 'test/google/client-rate-limiter.test.ts',
  },
  {
    promise: 'a bypass is good for one request',
    file: 'src/google/bypass.ts',
    find: '    if (this.#isUsed) return false\n',
    replace: '',
    test: 'test/google/client-rate-limiter.test.ts',
  },
  {
    promise: 'an event is patched only in the version that was read',
    file: 'src/google/events.ts',
    find: "'if-match': etag",
    replace: "'if-match': etag && '*'",
    test: 'test/google/event-writes.test.ts',
  },
]
