/** The rate limits of the sign-in pages. */
import type { Clock } from '../platform/clock.ts'
import { MINUTE_MS } from '../platform/time-units.ts'
import type { RateLimit } from '../rate-limit/rate-limit.ts'
import { SlidingWindowLimiter } from '../rate-limit/sliding-window-limiter.ts'

/** Invalid requests from one address. Valid requests are not counted, because many people may share an address. */
export const INVALID_REQUESTS: RateLimit = { burst: 60, intervalMs: 1_000 }
/** Log lines and Events about failed sign-ins of one Agent, which everybody who has its link can cause. */
export const FAILURE_REPORTS: RateLimit = { burst: 5, intervalMs: 60_000 }
/** Reads of one Secret (a client's or a grant's) for pages. Each change of the Secret costs one read. */
export const SECRET_READS: RateLimit = { burst: 10, intervalMs: 1_000 }

/** Limits the callbacks that are processed. A person needs one or two, but anybody with a link can send any number of them. */
export class CallbackLimiter {
  readonly #byAddress: SlidingWindowLimiter
  readonly #byLink: SlidingWindowLimiter

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#byAddress = new SlidingWindowLimiter(clock, { max: 10, windowMs: MINUTE_MS })
    this.#byLink = new SlidingWindowLimiter(clock, { max: 60, windowMs: MINUTE_MS })
  }

  /**
   * Counts one callback. A refused callback is not counted, so that one address cannot use up the limit of the link.
   *
   * @returns 0 if it may be processed, else how long, in ms, until another one may.
   */
  admit(address: string, link: string): number {
    const addressAndLink = `${address} ${link}`
    const delay = Math.max(this.#byAddress.delay(addressAndLink), this.#byLink.delay(link))
    if (delay > 0) return delay
    this.#byAddress.record(addressAndLink)
    this.#byLink.record(link)
    return 0
  }
}
