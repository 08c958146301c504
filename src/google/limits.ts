/**
 * One view, for all agents of a client, of how Google limits it: a door to each of its two services, whose limits are their
 * own. While the Calendar API's quota is used up, tokens are still renewed.
 */
import type { Clock, Random } from '../platform/clock.ts'
import { Door } from './door.ts'
import { OverPause, type Permit } from './permit.ts'
import type { Limit } from './port.ts'

export interface GateDeps {
  clock: Clock
  random: Random
}

/** Which of Google's services a request is for. */
export type Lane = 'token' | 'calendar'

/** The Calendar API's, of a project; the token endpoint's is not published, and is taken for the same. */
const QUOTA_PER_MINUTE = 10_000

export class Gate {
  readonly #doors: Record<Lane, Door>
  readonly #overPause: OverPause

  constructor(deps: GateDeps, requestsPerMinute = QUOTA_PER_MINUTE) {
    this.#overPause = new OverPause(deps.clock)
    const door = (): Door => new Door(deps, requestsPerMinute, this.#overPause)
    this.#doors = { token: door(), calendar: door() }
  }

  /** The limit in force, the Calendar API's first. */
  get limit(): Limit | undefined {
    return this.#doors.calendar.limit ?? this.#doors.token.limit
  }

  /**
   * Sends one request, now or within seconds; fails at once, with nothing sent, while its service limits us.
   *
   * @param permit lets it pass over the pause.
   */
  pass<T>(lane: Lane, send: () => Promise<T>, permit?: Permit): Promise<T> {
    return this.#doors[lane].pass(send, permit)
  }

  /** Uses the permit up for something that is not paused by us, such as the API that is switched off. */
  permits(permit: Permit): boolean {
    return permit.use(this.#overPause)
  }

  /** Lets the next request to the Calendar API find out at once whether it is still limited. Answers whether that is news. */
  askCalendarAgain(permit: Permit): boolean {
    const { calendar } = this.#doors
    if ((calendar.limit?.leftMs ?? 0) === 0 || !permit.use(this.#overPause)) return false
    calendar.askAgain()
    return true
  }
}
