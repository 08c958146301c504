/** Interprets why a request about an event failed: what the status says, and when it is tried again. */
import { retry, UnexpectedError, wait, type Outcome } from '../controller/outcome.ts'
import { CALENDAR_DISABLED } from '../failures/google-failures.ts'
import { GoogleError, type GoogleFailure } from '../google/port.ts'
import { agentFailed, notReady, NO_WRITE_SCOPE } from './agent-steps.ts'
import { notBooked, refused, type OwnFindings } from './findings.ts'
import type { Booking } from '../resources/types.ts'
import type { BookingState } from './state.ts'
import {
  ended,
  endedSilently,
  type BookingProgress,
  type ProgressWithAgent,
  type BookingRun,
  type BookingStepResult,
} from './steps.ts'
import { stuckOutcome } from './stuck.ts'

/** The result of a step whose request failed. @throws any error that is not Google's. */
export function writeFailed(
  run: BookingRun,
  state: BookingState,
  progress: ProgressWithAgent,
  error: unknown,
): BookingStepResult {
  if (!(error instanceof GoogleError)) throw error
  const agent = progress.agent
  if (LIMITS.includes(error.failure)) return { progress: limited(run, progress, error) }
  if (PASSING.includes(error.failure)) return { progress: passing(progress, error) }
  if (LASTING.includes(error.failure))
    return stuckOutcome(run, state, { ...progress, ...lasting(run, progress, error) })
  return { progress: agentFailed(progress, notReady(agent.agent, agentMessage(error))) }
}

const LIMITS: readonly GoogleFailure[] = ['RateLimited', 'DailyQuotaExceeded']
const PASSING: readonly GoogleFailure[] = ['Unreachable', 'Unknown']
const LASTING: readonly GoogleFailure[] = ['Refused', 'Forbidden', 'NotFound']

/** What is wrong with the Agent. */
function agentMessage({ failure, message }: GoogleError): string {
  if (failure === 'CalendarDisabled') return CALENDAR_DISABLED
  return failure === 'ScopeInsufficient' ? NO_WRITE_SCOPE : `Google refused the request (${message}).`
}

/** Only this calendar has to wait. */
function limited({ deps }: BookingRun, progress: ProgressWithAgent, { retryAfterMs }: GoogleError): BookingProgress {
  const pause = deps.turns.onLimited(progress.agent.turn, retryAfterMs)
  const message = 'Google limits the rate of requests; the operator slows down for this calendar and continues.'
  return settle(progress, wait('Google limits writes to the calendar', pause), {
    booked: notBooked('RateLimited', message),
  })
}

/** It may pass: it is tried again with a backoff. */
export function passing(progress: BookingProgress, error: GoogleError): BookingProgress {
  const message = `Google did not answer as expected (${error.message}); the operator finds out what became of the event, and tries again.`
  return settle(progress, retry(error, error.retryAfterMs), { booked: notBooked('BookingFailed', message) })
}

const settle = (progress: BookingProgress, outcome: Outcome, found: OwnFindings): BookingProgress =>
  progress.reportsFailures ? ended(progress, outcome, found) : endedSilently(progress, outcome)

/** A person has to act. */
function lasting(
  { booking: { spec } }: BookingRun,
  { agent }: BookingProgress,
  { failure, message }: GoogleError,
): OwnFindings {
  const name = agent?.calendar.name ?? ''
  if (failure === 'Refused' || message.includes('forbiddenForNonOrganizer')) {
    return {
      booked: notBooked('EventRefused', `Google refuses the event (${message}): ${correctionOf(spec, message)}`),
    }
  }
  if (failure === 'NotFound') {
    const text = `Google knows no calendar ${name} that this account may see: correct spec.calendars.write of the Agent.`
    return { accepted: refused('NoWriteCalendar', text) }
  }
  const text = `The account may not write to calendar ${name}: have its owner allow it to make changes to events, or name another one in spec.calendars.write of the Agent.`
  return { accepted: refused('CalendarReadOnly', text) }
}

/** Google's fields, as the spec names them. */
const SPEC_FIELDS: Readonly<Record<string, string>> = {
  summary: 'title',
  description: 'description',
  location: 'location',
  start: 'start',
  end: 'end',
  attendees: 'attendees',
  conferenceData: 'conference',
  visibility: 'visibility',
}

/** The limits of the CRD count characters. Google may count UTF-16 code units, of which an emoji has two. */
const MOST_UNITS = { title: 1024, description: 8192, location: 1024 } as const

/** Names the field to correct, if Google has named it or if its length stands out. */
function correctionOf(spec: Booking['spec'], message: string): string {
  const named = SPEC_FIELDS[/ at (\w+)/.exec(message)?.[1] ?? '']
  if (named !== undefined) return `correct spec.${named}.`
  const long = (['title', 'description', 'location'] as const).find((name) => lengthOf(spec[name]) > MOST_UNITS[name])
  return long === undefined
    ? 'correct the spec.'
    : `correct the spec. Perhaps spec.${long} is too long, because an emoji counts as two characters: shorten it.`
}

const lengthOf = (text = ''): number => text.length

/** An error that nobody expected. Its message may contain anything, so it is left out of the status. */
export function unexpected(progress: BookingProgress, thrown: unknown): BookingProgress {
  const error = new UnexpectedError(thrown)
  const message = `The operator met an error that it does not understand (${error.kind}); it keeps trying, and its log says where.`
  return settle(progress, retry(error), { booked: notBooked('BookingFailed', message) })
}
