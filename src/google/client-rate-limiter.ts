/**
 * One view, for all agents of a client, of how Google limits it: a door to each of its two services, whose limits are their
 * own. While the Calendar API's quota is used up, tokens are still renewed.
 */
import type { Clock, Random } from '../platform/clock.ts'
import { CircuitBreaker } from './circuit-breaker.ts'
import { BypassLimiter, type Bypass } from './bypass.ts'
import type { Limit } from './port.ts'

export interface LimiterDeps {
  clock: Clock
  random: Random
}

/** Which of Google's services a request is for. */
export type Endpoint = 'token' | 'calendar'

/** The Calendar API's, of a project; the token endpoint's is not published, and is taken for the same. */
const QUOTA_PER_MINUTE = 10_000

export class ClientRateLimiter {
  readonly #breakers: Record<Endpoint, CircuitBreaker>
  readonly #bypassLimiter: BypassLimiter

  constructor(deps: LimiterDeps, requestsPerMinute = QUOTA_PER_MINUTE) {
    this.#bypassLimiter = new BypassLimiter(deps.clock)
    const breaker = (): CircuitBreaker => new CircuitBreaker(deps, requestsPerMinute, this.#bypassLimiter)
    this.#breakers = { token: breaker(), calendar: breaker() }
  }

  /** The limit in force, the Calendar API's first. */
  get limit(): Limit | undefined {
    return this.#breakers.calendar.limit ?? this.#breakers.token.limit
  }

  /**
   * Sends one request, now or within seconds; fails at once, with nothing sent, while its service limits us.
   *
   * @param bypass lets it pass over the pause.
   */
  run<T>(endpoint: Endpoint, send: () => Promise<T>, bypass?: Bypass): Promise<T> {
    return this.#breakers[endpoint].run(send, bypass)
  }

  /** Uses the bypass up for something that is not paused by us, such as the API that is switched off. */
  tryBypass(bypass: Bypass): boolean {
    return bypass.tryUse(this.#bypassLimiter)
  }

  /** Lets the next request to the Calendar API find out at once whether it is still limited. Answers whether that is news. */
  probeCalendar(bypass: Bypass): boolean {
    const { calendar } = this.#breakers
    if ((calendar.limit?.leftMs ?? 0) === 0 || !bypass.tryUse(this.#bypassLimiter)) return false
    calendar.allowProbe()
    return true
  }
}
