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

/** An Agent with the access to its account. */
export interface AuthorizedAgent extends AgentAccess {
  readonly agent: Agent
}

/** The Agent, as a Booking uses it. */
export interface BookingAgent extends AuthorizedAgent {
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

/** What follows a step. An `outcome` says when the Booking is reconciled again. */
type Next =
  | { readonly kind: 'next step' }
  /** The event changed, or was found, while it was worked on. `isIdUsed`: Google says that the id of the new event is or was in use. */
  | { readonly kind: 'look again'; readonly isIdUsed?: boolean }
  /** The reconcile has ended, and the status is written. */
  | { readonly kind: 'report'; readonly outcome: Outcome }
  /** The reconcile has ended. Nothing new is known: the status stays as it is. */
  | { readonly kind: 'end'; readonly outcome: Outcome }
  /** The same, but the Booking waits for its turn, or for calendars that are being read. */
  | { readonly kind: 'wait'; readonly outcome: Outcome }

/** The next step follows. */
export const NEXT_STEP: Next = { kind: 'next step' }

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
  /** The status is about to be written so that an event that is made again can be found again. */
  readonly isRemade?: boolean
  readonly next: Next
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
  next: { kind: 'report', outcome },
})

/** Ends the reconcile; the status stays. */
export const endedSilently = (progress: BookingProgress, outcome: Outcome): BookingProgress => ({
  ...progress,
  next: { kind: 'end', outcome },
})

/** Ends the reconcile, because others go first or calendars are being read; the status stays. */
export const waiting = (progress: BookingProgress, outcome: Outcome): BookingProgress => ({
  ...progress,
  next: { kind: 'wait', outcome },
})

/** The event is looked at again. */
export const lookAgain = (progress: BookingProgress, found: { isIdUsed?: boolean } = {}): BookingProgress => ({
  ...progress,
  next: { kind: 'look again', ...found },
})

/** When the Booking is reconciled again; undefined while the reconcile goes on. */
export const outcomeOf = ({ next }: BookingProgress): Outcome | undefined =>
  'outcome' in next ? next.outcome : undefined

/** Whether it waits for its turn, or for calendars that are being read. */
export const isWaiting = ({ next }: BookingProgress): boolean => next.kind === 'wait'

/** Whether the steps that follow are skipped. */
export const isEnded = (progress: BookingProgress): boolean => outcomeOf(progress) !== undefined
