/** What reading calendars needs, and what it returns. Other rooms import these types. */
import type { Zones } from '../calendar/zones.ts'
import type { StepFailure } from '../failures/step-failure.ts'
import type { GoogleClient } from '../google/port.ts'
import type { Clock, Random } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Agent, CalendarIntegration } from '../resources/types.ts'
import type { MemoryBudget } from './memory-budget.ts'
import type { CalendarsState } from './state.ts'
import type { WrittenEvent, WrittenEvents } from './written-events.ts'

/** What the room needs from outside. */
export interface CalendarsDeps {
  clock: Clock
  random: Random
  log: Log
  zones: Zones
  /** The memory that all Agents' calendars share. */
  budget: MemoryBudget
  /** What this process has written to calendars. */
  written: WrittenEvents
  /** Called for each calendar and each page, as proof that the reconcile makes progress. */
  progress(agentKey: string): void
}

/** What is known of an Agent's calendars. */
export interface KnownCalendars {
  readonly state: CalendarsState
  /** Why the last attempt to read them failed; empty if it did not. */
  readonly failures: readonly StepFailure[]
  /** A read that somebody asked for has not ended yet. */
  readonly isAwaited: boolean
}

/** What other rooms may ask about the calendars of Agents; `query.ts` has the queries. */
export interface CalendarsReader {
  /** What is known of an Agent's calendars now; undefined if the Agent was not reconciled yet. */
  calendars(agentKey: string): KnownCalendars | undefined
  /**
   * Has those calendars read soon that were read before this time, by the monotonic clock. Several callers share one read. The
   * Bookings of the Agent are told when the attempt has ended.
   */
  refresh(agentKey: string, olderThan: number): void
  /** Applies an event that was written to every snapshot of its calendar, and has it published at once. */
  onWritten(event: WrittenEvent): void
}

/** The input of one read of an Agent's calendars. */
export interface ReadInput {
  /** The Agent; its spec names only what the person has consented to. */
  agent: Agent
  integration: CalendarIntegration
  client: GoogleClient
  /** The account of the grant, if known. */
  account: string | undefined
  accessToken: string
  /** Whether the integration's client has obtained the access token. Otherwise another project's API may have answered it. */
  isTokenProven: boolean
  /** Returns a new access token, if Google refused this one before it expired, or if it may not be the client's. */
  renew: () => Promise<{ accessToken: string } | StepFailure>
  /** What the owner of an insufficient grant has to do, as the second half of a sentence. */
  advice: string
  /** Somebody requested a reconcile: every calendar is read, whether it is due or not. */
  force: boolean
  /** The ids of calendars that are read although they are not due, because Google has announced a change, or somebody waits for it. */
  changed: ReadonlySet<string>
  /**
   * Called with the state after each calendar, so that nothing is lost if `renew` throws, earlier snapshots can be freed, and
   * what was read can be published while Google delays the next request.
   */
  keep: (state: CalendarsState) => void
}

/** The calendars after a read, and what the caller has to handle. */
export interface ReadResult {
  state: CalendarsState
  /** The failures of all calendars, including those that were not due. */
  failures: StepFailure[]
  /** Whether the Calendar API is switched off in the Google Cloud project. `failures` has no entry for that. */
  apiDisabled: boolean
}
