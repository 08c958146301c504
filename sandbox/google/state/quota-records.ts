/** What is counted for quotas. Types only, without imports. */

/** The instants of the requests of the last minute, oldest first from `head` on. */
export interface SlidingMinute {
  times: number[]
  head: number
}

/** The status of Google's answer when a minute's quota is used up. */
export type RateLimitStatus = 403 | 429

/** The requests that count for the quotas of one project. */
export interface QuotaUsage {
  project: SlidingMinute
  users: Map<string, SlidingMinute>
  /** The requests since the last midnight in California, and when the next one is. */
  today: number
  dayEnds: number
}

/** The sliding minute that held most requests, and the present one. */
export interface BusiestMinute {
  present: SlidingMinute
  /** The number of requests in it. */
  requests: number
  /** The instant of the last request in it. */
  endedAt: number
}

/** The requests that arrived for one project or one client: all of them, and those of each account. */
export interface Arrivals {
  all: BusiestMinute
  accounts: Map<string, BusiestMinute>
}

/** All requests to the Calendar API that arrived with a known access token, whatever became of them. */
export interface Traffic {
  projects: Map<string, Arrivals>
  clients: Map<string, Arrivals>
}
