/** The step that looks at the event at Google, and finds whose it is and whether it stands. */
import type { KnownCalendars } from '../calendars/port.ts'
import { hasCalendarFailed } from '../calendars/query.ts'
import { isSameCalendar } from '../calendars/wanted-calendars.ts'
import { done, retry } from '../controller/outcome.ts'
import type { EventReference, StoredEvent } from '../google/port.ts'
import { awaitAnswer, awaitReading, isFresh, wantedTime } from './accept.ts'
import { agentFailed, notReady } from './agent-steps.ts'
import { fieldHash } from './applied.ts'
import { isNewTime } from './decide.ts'
import { eventIdOf } from './event-id.ts'
import { ACCEPTED, notBooked } from './findings.ts'
import { eventOf } from './observe.ts'
import type { BookingState } from './state.ts'
import { ended, endedSilently, isWaiting, NEXT_STEP, outcomeOf } from './steps.ts'
import type {
  AgentStep,
  BookingAgent,
  BookingProgress,
  BookingRun,
  BookingStepResult,
  ProgressWithAgent,
} from './steps.ts'
import { stuckOutcome } from './stuck.ts'
import { withToken } from './with-token.ts'
import { writeFailed } from './write-failures.ts'

/** Asks Google for the event, if it stands or may stand there. */
export const lookAtEvent: AgentStep = async (run, state, progress) => {
  const where = referenceOf(run, state, progress)
  const { agent } = progress
  const calendar = run.deps.calendars.calendars(agent.key)?.state.byId.get(where.calendarId)
  const listedEtag = calendar?.booked?.get(where.eventId)
  if (!mayStand(state, progress, listedEtag)) return { progress }
  try {
    const stored = await withToken(run.deps, agent, (token) => agent.client.event(token, where))
    if (mayArriveElsewhere(run, state, agent, stored)) return awaitAnswer(progress)
    const unlistedAt = listedEtag === undefined ? calendar?.lastRead : undefined
    if (stored) noteFound(run, where, stored, listedEtag)
    const looked = {
      ...{ lookedAt: run.deps.clock.monotonic(), seenEtag: listedEtag, unlistedAt },
      ...whereabouts(run, state, { stored, where }),
    }
    const result = afterLook(run, state, progress, { stored, where })
    return { ...result, state: { ...looked, ...polled(run, state), ...result.state } }
  } catch (error) {
    return lookFailed(run, state, progress, error)
  }
}

/** Where the event is. While an insertion may still arrive, it is looked for again where that was sent to. */
function whereabouts(
  { deps, booking }: BookingRun,
  { sentTo }: BookingState,
  { stored, where }: Look,
): Pick<BookingState, 'mayExist' | 'sentTo'> {
  if (stored) return { mayExist: false, sentTo: stored.isCancelled ? undefined : where.calendarId }
  return deps.unanswered.isInDoubt(booking) ? { mayExist: true, sentTo } : { mayExist: false, sentTo: undefined }
}

/** The Agent names another calendar than the insertion was sent to, where the id would not keep a second event away. */
function mayArriveElsewhere(
  { deps, booking }: BookingRun,
  { sentTo }: BookingState,
  agent: BookingAgent,
  stored: StoredEvent | undefined,
): boolean {
  if (stored || sentTo === undefined || isSameCalendar(sentTo, agent.calendar.id)) return false
  return deps.unanswered.isInDoubt(booking)
}

const mayStand = ({ mayExist }: BookingState, { work, next }: BookingProgress, listed: string | undefined): boolean =>
  work === 'revise' || mayExist || next.kind === 'look again' || listed !== undefined

interface Look {
  stored: StoredEvent | undefined
  where: EventReference
}

function afterLook(run: BookingRun, state: BookingState, before: ProgressWithAgent, look: Look): BookingStepResult {
  const { stored, where } = look
  const progress = { ...before, next: NEXT_STEP }
  if (stored && !stored.isCancelled) return stands(run, state, progress, { stored, where })
  // The id was used: it stays reserved at Google.
  const isKnown = stored !== undefined || (before.next.kind === 'look again' && before.next.isIdUsed === true)
  return (!isKnown && whileDoubted(run, state, progress, where)) || absent(run, progress, isKnown)
}

/** Google has such an event: a write that arrives late now meets its id or its version. */
function noteFound(run: BookingRun, where: EventReference, stored: StoredEvent, listedEtag: string | undefined): void {
  if (stored.etag !== listedEtag) applyRead(run, where, stored)
  run.deps.unanswered.settle(run.booking)
}

/** What the listing lacks, such as a write whose answer was lost, is applied to the snapshots and published. */
function applyRead(
  { deps }: BookingRun,
  { calendarId }: EventReference,
  { id, isCancelled, ...event }: StoredEvent,
): void {
  const { etag, resource } = event
  deps.calendars.onWritten({ calendarId, id, etag: isCancelled ? undefined : etag, resource })
}

/** A look at a pending conference counts, so that Google is not asked for ever. */
const polled = ({ booking }: BookingRun, { polls }: BookingState): Partial<BookingState> =>
  booking.status?.conference?.state === 'Pending' ? { polls: polls + 1 } : {}

/** What stands keeps its conditions while it cannot be looked at. */
function lookFailed(
  run: BookingRun,
  state: BookingState,
  progress: ProgressWithAgent,
  error: unknown,
): BookingStepResult {
  const result = writeFailed(run, state, progress, error)
  return progress.reportsFailures
    ? result
    : { progress: endedSilently(progress, outcomeOf(result.progress) ?? retry(error)) }
}

/** Where the event is, or where it will be. */
function referenceOf(
  { booking }: BookingRun,
  { sentTo }: BookingState,
  { work, agent, remade }: ProgressWithAgent,
): EventReference {
  const { calendar: calendarId, id: eventId } = booking.status?.event ?? {}
  if (work === 'revise' && calendarId !== undefined && eventId !== undefined) return { calendarId, eventId }
  return { calendarId: sentTo ?? agent.calendar.id, eventId: eventIdOf(booking.metadata.uid ?? '', remade) }
}

function stands(
  run: BookingRun,
  state: BookingState,
  progress: ProgressWithAgent,
  { stored, where }: { stored: StoredEvent; where: EventReference },
): BookingStepResult {
  const { booking } = run
  const event = eventOf(run, progress.agent, stored)
  if (event.booking !== booking.metadata.uid) {
    const message = `The calendar holds an event with the id ${where.eventId} that was not written for this Booking: nothing is written. Create another Booking.`
    return stuckOutcome(run, state, ended(progress, done(), { booked: notBooked('EventConflict', message) }))
  }
  if (event.isRecurring) {
    const message =
      'Somebody made the event recurring in Google Calendar, so it is not known which of its instances is the appointment: nothing is written. Make it a single event again, or create another Booking.'
    return stuckOutcome(run, state, ended(progress, done(), { booked: notBooked('EventConflict', message) }))
  }
  const wasWritten = event.applied.hashes.time === fieldHash(booking.spec, 'time')
  const applied = progress.applied ?? (wasWritten ? wantedTime(run) : undefined)
  return { progress: { ...progress, applied, atGoogle: { kind: 'stands', event, calendarId: where.calendarId } } }
}

/**
 * Google answers the same where it knows no such event and where the account may not see the calendar at the moment. Nothing is
 * concluded about an event that stood before its calendar was read again. Undefined: it was.
 */
function whileDoubted(
  run: BookingRun,
  state: BookingState,
  progress: ProgressWithAgent,
  { calendarId }: EventReference,
): BookingStepResult | undefined {
  if (progress.work === 'book') return undefined
  const { key, agent } = progress.agent
  const known = run.deps.calendars.calendars(key)
  if (hasCalendarFailed(known?.state, calendarId)) {
    const message = 'the calendar of the event could not be read.'
    return { state: { askedAt: undefined }, progress: agentFailed(progress, notReady(agent, message)) }
  }
  const oldest = lastRead(known, calendarId)
  if (isFresh(run, state, oldest)) return undefined
  const result = awaitReading(run, state, progress, { known, calendars: [], oldest })
  // The look has not ended: it stays due.
  const { lookedAt, unlistedAt } = state
  return isWaiting(result.progress) ? { ...result, state: { ...result.state, lookedAt, unlistedAt } } : result
}

function lastRead(known: KnownCalendars | undefined, calendarId: string): number {
  const calendar = [...(known?.state.byId ?? [])].find(([id]) => isSameCalendar(id, calendarId))?.[1]
  return calendar?.lastRead ?? -Infinity
}

/** Nothing stands under that id. @param isKnown the id was used. */
function absent({ booking }: BookingRun, progress: ProgressWithAgent, isKnown: boolean): BookingStepResult {
  const remade = progress.remade + 1
  // The next id may have been used, too.
  if (progress.work === 'book')
    return isKnown ? { state: { mayExist: true }, progress: { ...progress, remade } } : { progress }
  const message =
    'The event was cancelled or deleted in Google Calendar. A change of spec.start or spec.end books it again.'
  const gone = { ...progress, atGoogle: { kind: 'gone' }, booked: notBooked('CancelledAtGoogle', message) } as const
  if (booking.spec.onExternalChange === 'Reflect' && !isNewTime(booking)) {
    return { state: { askedAt: undefined }, progress: ended(gone, done(), { accepted: ACCEPTED }) }
  }
  return { progress: { ...gone, work: 'book', remade } }
}
