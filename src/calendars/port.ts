/** What reading calendars needs, and what it returns. */
import type { Zones } from '../calendar/zones.ts'
import type { StepFailure } from '../failures/step-failure.ts'
import type { GoogleClient } from '../google/port.ts'
import type { Clock, Random } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Agent, CalendarIntegration } from '../resources/types.ts'
import type { MemoryBudget } from './memory-budget.ts'
import type { CalendarsState } from './state.ts'

/** What the room needs from outside. */
export interface CalendarsDeps {
  clock: Clock
  random: Random
  log: Log
  zones: Zones
  /** The memory that all Agents' calendars share. */
  budget: MemoryBudget
  /** Called for each calendar and each page: the liveness of the process is judged by it. */
  progress(agentKey: string): void
}

/** What the calendars of one Agent are read with. */
export interface ReadInput {
  /** The Agent; its spec names only what the person has consented to. */
  agent: Agent
  integration: CalendarIntegration
  client: GoogleClient
  /** The account of the grant, if known. */
  account: string | undefined
  accessToken: string
  /** Returns another access token after Google refused this one before its time. */
  renew: () => Promise<{ accessToken: string } | StepFailure>
  /** What the person has to do about a grant that does not fit, as the second half of a sentence. */
  advice: string
  /** Somebody asked for a look now: every calendar is read, whether it is due or not. */
  force: boolean
  /** The bytes that are kept of this Agent besides its calendars. */
  keptBesides: number
  /**
   * Called with the state after each calendar. So nothing is lost if `renew` throws, earlier snapshots can be freed, and
   * what was read can be published while Google keeps the next request waiting.
   */
  keep: (state: CalendarsState) => void
}

/** The calendars after a reading, and what the caller has to do about it. */
export interface ReadResult {
  state: CalendarsState
  /** What is wrong with any of the calendars, due or not. */
  failures: StepFailure[]
  /** The Calendar API is switched off in the Google Cloud project. `failures` has no entry for that. */
  apiDisabled: boolean
}
