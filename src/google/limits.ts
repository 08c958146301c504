/**
 * One view, for all agents of a client, of how Google limits it: a door to each of its two services, whose limits are their
 * own. While the Calendar API's quota is used up, tokens are still renewed.
 */
import type { Clock, Random } from '../platform/clock.ts'
import { Door } from './door.ts'
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

  constructor(deps: GateDeps, requestsPerMinute = QUOTA_PER_MINUTE) {
    this.#doors = { token: new Door(deps, requestsPerMinute), calendar: new Door(deps, requestsPerMinute) }
  }

  /** The limit in force, the Calendar API's first. */
  get limit(): Limit | undefined {
    return this.#doors.calendar.limit ?? this.#doors.token.limit
  }

  /** Sends one request, now or within seconds; fails at once, with nothing sent, while its service limits us. */
  pass<T>(lane: Lane, send: () => Promise<T>): Promise<T> {
    return this.#doors[lane].pass(send)
  }
}
