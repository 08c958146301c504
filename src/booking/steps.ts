/** What a step of a Booking's reconcile is given, and what it returns. */
import type { Interval } from '../calendar/interval.ts'
import type { WriteCalendar } from '../calendars/wanted-calendars.ts'
import type { AgentAccess } from '../clients/agent-access.ts'
import type { ResolvedIntegration } from '../clients/resolve-integration.ts'
import type { Outcome } from '../controller/outcome.ts'
import type { Agent, Booking } from '../resources/types.ts'
import type { BookedEvent } from './booked-event.ts'
import type { OwnFindings } from './findings.ts'
import type { BookingDeps } from './port.ts'
import type { BookingState } from './state.ts'

/** What one reconcile is about. Nothing in it changes. */
export interface BookingRun {
  readonly deps: BookingDeps
  /** With the status that we wrote last. */
  readonly booking: Booking
  /** Somebody asked for a look. */
  readonly isRequested: boolean
  /** Whether another Booking cannot be decided now, whatever its turn. */
  readonly isParked: (bookingKey: string) => boolean
  /** When this process began to reconcile, by the time of day: what an earlier one was doing then is not known. */
  readonly startedAt: number
}

/** The Agent, as a Booking uses it. */
export interface BookingAgent extends AgentAccess {
  /** Its spec names only what the person has consented to. */
  readonly agent: Agent
  readonly key: string
  readonly resolution: ResolvedIntegration
  /** The account of the grant. */
  readonly account: string | undefined
  readonly calendar: WriteCalendar
  /** The key of the calendar's turns. */
  readonly turn: string
}

/** What is known of the event at Google. */
type EventAtGoogle =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'stands'; readonly event: BookedEvent; readonly calendarId: string }
  /** It was cancelled or deleted. */
  | { readonly kind: 'gone' }

/** What the steps of a reconcile have found so far: a value that each step is given and returns. */
export interface BookingProgress extends OwnFindings {
  readonly work: 'book' | 'revise'
  /** Somebody waits for the result: failures are reported. */
  readonly reportsFailures: boolean
  readonly agent?: BookingAgent
  readonly atGoogle: EventAtGoogle
  /** How often the event was made again, including the event that is to be made now. */
  readonly remade: number
  /** The times that were last written from the spec; undefined if that is not known. */
  readonly applied?: Interval
  /** The event changed, or came to light, while it was worked on: it is looked at again. */
  readonly isRepeated: boolean
  /** Google says that the id of the new event is in use, or was. */
  readonly isDuplicate?: boolean
  /** The status is about to be written so that an event that is made again can be found again. */
  readonly isRemade?: boolean
  /** The steps that follow are skipped. */
  readonly isEnded: boolean
  /** It waits for its turn, or for calendars that are being read. */
  readonly isWaiting?: boolean
  /** Nothing new is known: the status stays as it is. */
  readonly isUnreported?: boolean
  /** When it is reconciled again. Set when it has ended. */
  readonly outcome?: Outcome
}

/** What a step returns. */
export interface BookingStepResult {
  /** The fields of the state that it replaces. */
  readonly state?: Partial<BookingState>
  readonly progress: BookingProgress
}

/** One step. It changes nothing that it is given. */
export type BookingStep = (
  run: BookingRun,
  state: BookingState,
  progress: BookingProgress,
) => BookingStepResult | Promise<BookingStepResult>

/** The progress once the Agent was found. */
export type ProgressWithAgent = BookingProgress & { readonly agent: BookingAgent }

/** A step that needs the Agent. */
export type AgentStep = (
  run: BookingRun,
  state: BookingState,
  progress: ProgressWithAgent,
) => BookingStepResult | Promise<BookingStepResult>

/** Ends the reconcile with this result. */
export const ended = (progress: BookingProgress, outcome: Outcome, found: OwnFindings = {}): BookingProgress => ({
  ...progress,
  ...found,
  isEnded: true,
  outcome,
})

/** Ends the reconcile; the status stays. */
export const endedSilently = (progress: BookingProgress, outcome: Outcome): BookingProgress => ({
  ...progress,
  isEnded: true,
  isUnreported: true,
  outcome,
})
