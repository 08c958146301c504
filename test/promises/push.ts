/** Promises of `src/push/`. */
import type { BrokenPromise } from './promise.ts'

export const PUSH_PROMISES: readonly BrokenPromise[] = [
  {
    promise: 'a notification with a wrong token is refused',
    file: 'src/push/channel-token.ts',
    find: 'timingSafeEqual(given, Buffer.from(channelToken(key, id, tag)))',
    replace: 'given.equals(given) || timingSafeEqual(given, Buffer.from(channelToken(key, id, tag)))',
    test: 'test/push/channel-token.test.ts',
  },
  {
    promise: 'a replica writes its annotation again after a conflict',
    file: 'src/push/notifications.ts',
    find: 'if (attempt === MAX_ATTEMPTS || !isConflict(error))',
    replace: 'if (attempt === MAX_ATTEMPTS || isConflict(error))',
    test: 'test/push/notifications.test.ts',
  },
  {
    promise: 'an Agent is notified at most once a second',
    file: 'src/push/coalescer.ts',
    find: 'Math.max(now + delayMs, entry.deliveredAt + this.#options.intervalMs)',
    replace: 'now + delayMs',
    test: 'test/push/notifications.test.ts',
  },
  {
    promise: 'an old annotation is ignored',
    file: 'src/push/notifications.ts',
    find: 'Math.abs(this.#deps.clock.now() - notified.at) > LIFETIME_MS',
    replace: 'LIFETIME_MS < 0',
    test: 'test/push/notifications.test.ts',
  },
]
