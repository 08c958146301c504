/** The step that decides whether a time may be booked. Doubt accepts nothing. */
import { listCalendar } from '../calendars/list-calendar.ts'
import type { KnownCalendars } from '../calendars/port.ts'
import { knownCalendars, type KnownCalendar } from '../calendars/query.ts'
import type { Interval } from '../calendar/interval.ts'
import type { CalendarSnapshot } from '../calendar/calendar-snapshot.ts'
import { done, wait } from '../controller/outcome.ts'
import { GoogleError } from '../google/port.ts'
import { timestamp } from '../resources/conditions.ts'
import { EVENT_FINALIZER } from '../resources/names.ts'
import { agentFailed, notReady } from './agent-steps.ts'
import { isFinal } from './decide.ts'
import { eventIdOf } from './event-id.ts'
import { ACCEPTED, refused } from './findings.ts'
import { judgeSlot, type SlotAnswer, type SlotQuestion } from './slot.ts'
import type { BookingState } from './state.ts'
import { ended, lookAgain, waiting, type BookingAgent, type BookingProgress, type ProgressWithAgent } from './steps.ts'
import type { BookingRun, AgentStep, BookingStepResult } from './steps.ts'
import { withToken } from './with-token.ts'

/** What was read longer ago is read again before a slot is judged. */
const FRESH_MS = 5_000
/** How long a Booking waits for its Agent's calendars before it is reconciled again anyway. */
const READ_PAUSE_MS = 30_000

/** After this time, the Agent's calendars count as unreadable. */
const READ_PATIENCE_MS = 60_000
/** How soon a Booking looks again whether the write of another one was answered. It is woken when that is known. */
const UNANSWERED_PAUSE_MS = 10_000

/** The times that a spec names. */
export const wantedTime = ({ booking: { spec } }: BookingRun): Interval => ({
  start: Date.parse(spec.start),
  end: Date.parse(spec.end),
})

export const isSameTime = (one: Interval | undefined, other: Interval | undefined): boolean =>
  one !== undefined && one.start === other?.start && one.end === other.end

/** Decides whether the time may be booked, if it has to be decided. */
export const decideTime: AgentStep = async (run, state, progress) => {
  const { deps, booking } = run
  const wanted = wantedTime(run)
  // What was refused for good is only followed.
  if (isFinal(booking, deps.clock.now()) && !run.isRequested) return { progress: ended(progress, done()) }
  if (staysWhereItIs(run, progress, wanted)) return { progress: { ...progress, accepted: ACCEPTED } }
  const isNew = !isSameTime(progress.applied, wanted)
  if (isNew && wanted.start <= deps.clock.now()) {
    const message = `The start, ${timestamp(wanted.start)}, had passed when this was decided: choose a later one.`
    return concludeRefusal(run, state, progress, refused('InThePast', message))
  }
  if (booking.spec.conflictPolicy === 'Allow') return { progress: { ...progress, accepted: ACCEPTED } }
  const { agent, turn } = progress.agent
  if (deps.unanswered.mayOccupy(turn, booking, wanted)) {
    const message = 'Google has not answered yet whether another Booking was written to this time.'
    return { progress: agentFailed(progress, notReady(agent, message), UNANSWERED_PAUSE_MS) }
  }
  return judge(run, state, progress)
}

/** Nothing moves: the event is where it is wanted, or it was moved at Google and stays there. */
function staysWhereItIs({ booking }: BookingRun, { atGoogle, applied }: BookingProgress, wanted: Interval): boolean {
  if (atGoogle.kind !== 'stands') return false
  const isMovedBack = booking.spec.onExternalChange === 'Enforce'
  return isSameTime(atGoogle.event.time, wanted) || (isSameTime(applied, wanted) && !isMovedBack)
}

/**
 * Before nothing is booked for good, it must be certain that nothing was booked: by an earlier process that was killed, or by a
 * request whose answer was lost.
 */
function concludeRefusal(
  run: BookingRun,
  state: BookingState,
  progress: ProgressWithAgent,
  accepted: ReturnType<typeof refused>,
): BookingStepResult {
  if (progress.atGoogle.kind === 'unknown' && run.deps.unanswered.isInDoubt(run.booking)) {
    return awaitAnswer(progress)
  }
  if (progress.atGoogle.kind === 'unknown' && mayHaveBeenWritten(run, state)) {
    return { state: { mayExist: true }, progress: lookAgain(progress) }
  }
  return { state: { askedAt: undefined }, progress: ended(progress, done(), { accepted }) }
}

/** Its own event may still appear: it is looked at again until it is certain. */
export function awaitAnswer(progress: ProgressWithAgent): BookingStepResult {
  const message = 'Google has not answered yet whether the event of this Booking was written.'
  const waiting = agentFailed(progress, notReady(progress.agent.agent, message), UNANSWERED_PAUSE_MS)
  return { state: { askedAt: undefined, mayExist: true }, progress: waiting }
}

/** The clocks of the API server and of this process differ by less. */
const SKEW_MS = 60_000

/** Whether an event may stand at Google that the status does not show. */
export const mayHaveBeenWritten = (run: BookingRun, { mayExist, lookedAt }: BookingState): boolean =>
  mayExist || (lookedAt === undefined && mayBeFromBefore(run))

/** Whether an earlier process may have written it. Without regard to clocks, the finalizer tells that a write was about to be sent. */
function mayBeFromBefore({ booking: { metadata }, startedAt }: BookingRun): boolean {
  if (metadata.finalizers?.includes(EVENT_FINALIZER)) return true
  return Date.parse(metadata.creationTimestamp ?? '') <= startedAt + SKEW_MS
}

async function judge(run: BookingRun, state: BookingState, progress: ProgressWithAgent): Promise<BookingStepResult> {
  const { deps, booking } = run
  const agent = progress.agent
  const known = deps.calendars.calendars(agent.key)
  const calendars = known ? knownCalendars(known.state, agent.agent, agent.account) : []
  const oldest = Math.min(...calendars.map(({ lastRead = -Infinity, failure }) => (failure ? -Infinity : lastRead)))
  if (!known || calendars.length === 0 || !isFresh(run, state, oldest)) {
    return awaitReading(run, state, progress, { known, calendars, oldest })
  }
  const read = { state: { askedAt: undefined } }
  const { uid = '' } = booking.metadata
  const ownId = eventIdAt(progress) ?? eventIdOf(uid, progress.remade)
  const question = { slot: wantedTime(run), rules: agent.agent.spec.busy, zones: deps.zones, ownId }
  const answer = await answerOf(run, agent, calendars, question)
  if (answer instanceof GoogleError) {
    const message = `its calendars could not be read for the time of this Booking (${answer.message}).`
    return { ...read, progress: agentFailed(progress, notReady(agent.agent, message), answer.retryAfterMs) }
  }
  if (answer === 'free') return { ...read, progress: { ...progress, accepted: ACCEPTED } }
  if (answer === 'taken') {
    const message = 'The calendars are not free at this time: choose another one.'
    return concludeRefusal(run, state, progress, refused('SlotTaken', message))
  }
  const message = 'what its calendars hold at this time is not fully understood.'
  return { ...read, progress: agentFailed(progress, notReady(agent.agent, message)) }
}

const eventIdAt = ({ atGoogle }: BookingProgress): string | undefined =>
  atGoogle.kind === 'stands' ? atGoogle.event.id : undefined

interface Reading {
  known: KnownCalendars | undefined
  calendars: readonly KnownCalendar[]
  /** When the least recently read calendar was read; -Infinity if one cannot be read. */
  oldest: number
}

/** Whether it was read less than five seconds ago; while it waits, before it asked: a read of many calendars may take longer than that. */
export const isFresh = ({ deps }: BookingRun, { askedAt }: BookingState, oldest: number): boolean =>
  oldest >= (askedAt ?? deps.clock.monotonic()) - FRESH_MS

/** Has the calendars read; several Bookings share one read. Once that has failed, the Agent is not ready. */
export function awaitReading(
  { deps }: BookingRun,
  { askedAt }: BookingState,
  progress: ProgressWithAgent,
  reading: Reading,
): BookingStepResult {
  const { agent, key } = progress.agent
  const now = deps.clock.monotonic()
  if (askedAt !== undefined && hasFailed(reading, askedAt, now)) {
    return { state: { askedAt: undefined }, progress: agentFailed(progress, notReady(agent, reasonOf(reading))) }
  }
  deps.calendars.refresh(key, now - FRESH_MS)
  const outcome = wait('the calendars of the Agent are being read', READ_PAUSE_MS)
  return { state: { askedAt: askedAt ?? now }, progress: waiting(progress, outcome) }
}

/** The attempt has ended, or takes too long, and a calendar was not read since. */
function hasFailed({ known, oldest }: Reading, askedAt: number, now: number): boolean {
  const isOver = known?.isAwaited === false || now - askedAt > READ_PATIENCE_MS
  return isOver && oldest < askedAt - FRESH_MS
}

function reasonOf({ known, calendars }: Reading): string {
  const failure = calendars.find((calendar) => calendar.failure)?.failure?.stepFailure ?? known?.failures[0]
  return failure?.message ?? 'its calendars could not be read.'
}

/** A slot that reaches past what was listed is judged by a listing of just that slot. */
async function answerOf(
  run: BookingRun,
  agent: BookingAgent,
  calendars: readonly KnownCalendar[],
  question: SlotQuestion,
): Promise<SlotAnswer | GoogleError> {
  const answer = judgeSlot(
    calendars.flatMap(({ snapshot }) => snapshot ?? []),
    question,
  )
  if (answer !== 'beyond') return answer
  try {
    const snapshots: CalendarSnapshot[] = []
    for (const { id } of calendars) snapshots.push(await listSlot(run, agent, id, question.slot))
    return judgeSlot(snapshots, question)
  } catch (error) {
    if (error instanceof GoogleError) return error
    throw error
  }
}

async function listSlot(
  { deps }: BookingRun,
  agent: BookingAgent,
  calendarId: string,
  window: Interval,
): Promise<CalendarSnapshot> {
  const onlyBookings = agent.calendar.onlyBookings && agent.calendar.id === calendarId
  const { snapshot } = await withToken(deps, agent, (accessToken) =>
    listCalendar(agent.client, deps.zones, {
      ...{ accessToken, calendarId, onlyBookings, from: { window }, detail: 'Busy', isAnnounced: true },
      ...{ before: undefined, booked: undefined, countOwn: () => 0, onPage: () => undefined },
    }),
  )
  return snapshot
}
