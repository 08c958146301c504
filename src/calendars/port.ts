/** What the room of the calendars needs from outside. */
import type { Zones } from '../calendar/zones.ts'
import type { StepFailure } from '../failures/step-failure.ts'
import type { GoogleClient } from '../google/port.ts'
import type { Clock, Random } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Agent, CalendarIntegration } from '../resources/types.ts'
import type { KeptBudget } from './kept-budget.ts'

export interface CalendarsDeps {
  clock: Clock
  random: Random
  log: Log
  zones: Zones
  /** What is kept of calendars, over all agents. */
  kept: KeptBudget
  /** Called whenever the work on an agent has made progress. */
  progress(agentKey: string): void
}

/** What the calendars of one agent are read with. */
export interface ReadInput {
  /** Its spec names only what the person has consented to. */
  agent: Agent
  integration: CalendarIntegration
  client: GoogleClient
  /** The account of the grant, where it is known. */
  account: string | undefined
  accessToken: string
  /** Gets another access token where Google refuses this one before its time. */
  renew: () => Promise<{ accessToken: string } | StepFailure>
  /** What the person has to do about a grant that does not fit, as the second half of a sentence. */
  advice: string
  /** Somebody asked for a look now: every calendar is read, whether it is due or not. */
  force: boolean
  /** The bytes that are kept of this agent besides its calendars. */
  keptBesides: number
}

/** What came of reading. */
export interface ReadResult {
  /** What is wrong with any of the calendars, due or not. */
  failures: StepFailure[]
  /** The Calendar API is switched off in the Google Cloud project; no failure stands for that. */
  apiDisabled: boolean
}
