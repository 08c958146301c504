/** The steps that look at the event at Google, and write it. A write whose answer is lost is never repeated blindly. */
import { hasCalendarFailed } from '../calendars/query.ts'
import { isSameCalendar } from '../calendars/wanted-calendars.ts'
import { done, retry, wait } from '../controller/outcome.ts'
import {
  GoogleError,
  type EventReference,
  type GoogleFailure,
  type InsertResult,
  type StoredEvent,
} from '../google/port.ts'
import { keyOf } from '../kubernetes/port.ts'
import type { Booking } from '../resources/types.ts'
import { awaitAnswer, isSameTime, wantedTime } from './accept.ts'
import { fieldHash } from './applied.ts'
import { bookedEvent } from './booked-event.ts'
import { comesBefore, isNewTime, isUndecided, placeOf } from './decide.ts'
import { eventIdOf } from './event-id.ts'
import { newEvent, patchFor, sendUpdatesOf } from './event-fields.ts'
import { ACCEPTED, notBooked } from './findings.ts'
import { agentFailed, notReady } from './agent-steps.ts'
import { reportProgress } from './report.ts'
import type { BookingState } from './state.ts'
import { ended, endedSilently, type BookingAgent, type BookingProgress, type ProgressWithAgent } from './steps.ts'
import type { BookingRun, AgentStep, BookingStepResult } from './steps.ts'
import { stuckOutcome } from './stuck.ts'
import { withToken } from './with-token.ts'
import { writeFailed } from './write-failures.ts'

const RIVAL_PAUSE_MS = 1_000
const TURN_PAUSE_MS = 5_000
/** With more of them before it, a Booking looks again no less often, so that thousands that wait cost little. */
const MOST_COUNTED = 60

/** Takes the turn of the write calendar. Bookings that were created earlier are decided first. */
export const takeTurn: AgentStep = (run, _, progress) => {
  const { deps, booking } = run
  const { turn } = progress.agent
  const key = keyOf(booking)
  const paused = deps.turns.pauseLeft(turn)
  if (paused > 0) return { progress: pausedProgress(progress, paused) }
  const isDecided = progress.work === 'revise' && !isNewTime(booking)
  const ahead = isDecided ? 0 : earlierBookings(run, turn)
  const place = placeOf(booking)
  if (ahead > 0) deps.turns.await(turn, key, place)
  const isMine = ahead === 0 && deps.turns.tryAcquire(turn, key, place)
  if (isMine) return { progress }
  if (ahead === MOST_COUNTED) deps.showWaiting(key)
  // It is woken when it is its turn. The pause is for those that go first and never do anything.
  const outcome = wait('other Bookings of the calendar go first', ahead > 0 ? ahead * RIVAL_PAUSE_MS : TURN_PAUSE_MS)
  return { progress: { ...endedSilently(progress, outcome), isWaiting: true } }
}

function pausedProgress(progress: ProgressWithAgent, paused: number): BookingProgress {
  const outcome = wait('Google limits writes to the calendar', paused)
  const message =
    'Google limits how quickly this calendar may be written to; the operator continues when Google allows it.'
  return progress.reportsFailures
    ? ended(progress, outcome, { booked: notBooked('RateLimited', message) })
    : endedSilently(progress, outcome)
}

/** How many Bookings of the same calendar wait for a decision, too, and are to get it first; counted to a limit. */
function earlierBookings({ deps, booking, isParked }: BookingRun, turn: string): number {
  const place = placeOf(booking)
  const isRival = (one: Booking | undefined): boolean => !!one && isUndecided(one) && !isParked(keyOf(one))
  // Where many wait already, nobody has to go through all Bookings.
  if (deps.turns.areAhead(turn, place, MOST_COUNTED, (key) => isRival(deps.cluster.bookings.get(key))))
    return MOST_COUNTED
  let count = 0
  for (const agent of deps.cluster.agents.byIndex('writeCalendar', turn)) {
    for (const one of deps.cluster.bookings.byIndex('agent', keyOf(agent))) {
      if (comesBefore(one, booking) && isRival(one)) count += 1
      if (count === MOST_COUNTED) return count
    }
  }
  return count
}

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
      lookedAt: run.deps.clock.monotonic(),
      mayExist: false,
      sentTo: undefined,
      seenEtag: listedEtag,
      unlistedAt,
    }
    const result = afterLook(run, state, progress, { stored, where })
    return { ...result, state: { ...looked, ...polled(run, state), ...result.state } }
  } catch (error) {
    return lookFailed(run, state, progress, error)
  }
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

const mayStand = (
  { mayExist }: BookingState,
  { work, isRepeated }: BookingProgress,
  listed: string | undefined,
): boolean => work === 'revise' || mayExist || isRepeated || listed !== undefined

interface Look {
  stored: StoredEvent | undefined
  where: EventReference
}

function afterLook(run: BookingRun, state: BookingState, before: ProgressWithAgent, look: Look): BookingStepResult {
  const { stored, where } = look
  const progress = { ...before, isRepeated: false, isDuplicate: false }
  if (stored && !stored.isCancelled) return stands(run, state, progress, { stored, where })
  // The id was used: it stays reserved at Google.
  const isKnown = stored !== undefined || before.isDuplicate === true
  return absent(run, progress, { where, isKnown })
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
    : { progress: endedSilently(progress, result.progress.outcome ?? retry(error)) }
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

function eventOf({ deps }: BookingRun, { key, calendar }: BookingAgent, stored: StoredEvent) {
  const timeZone = deps.calendars.calendars(key)?.state.byId.get(calendar.id)?.snapshot.timeZone ?? 'UTC'
  return bookedEvent(stored, { zones: deps.zones, timeZone })
}

/** Nothing stands under that id. @param look.isKnown the id was used. */
function absent(
  run: BookingRun,
  progress: ProgressWithAgent,
  { where, isKnown }: { where: EventReference; isKnown: boolean },
): BookingStepResult {
  const { booking, deps } = run
  const remade = progress.remade + 1
  // The next id may have been used, too.
  if (progress.work === 'book')
    return isKnown ? { state: { mayExist: true }, progress: { ...progress, remade } } : { progress }
  const known = deps.calendars.calendars(progress.agent.key)
  if (!isKnown && hasCalendarFailed(known?.state, where.calendarId)) {
    const message = 'the calendar of the event could not be read.'
    return { progress: agentFailed(progress, notReady(progress.agent.agent, message)) }
  }
  const message =
    'The event was cancelled or deleted in Google Calendar. A change of spec.start or spec.end books it again.'
  const gone = { ...progress, atGoogle: { kind: 'gone' }, booked: notBooked('CancelledAtGoogle', message) } as const
  if (booking.spec.onExternalChange === 'Reflect' && !isNewTime(booking)) {
    return { progress: ended(gone, done(), { accepted: ACCEPTED }) }
  }
  return { progress: { ...gone, work: 'book', remade } }
}

/** Writes what the spec says: a new event, or a patch of the event that stands. */
export const writeEvent: AgentStep = (run, state, progress) =>
  progress.atGoogle.kind === 'stands' ? patch(run, state, progress) : insert(run, state, progress)

async function insert(run: BookingRun, state: BookingState, before: ProgressWithAgent): Promise<BookingStepResult> {
  const { remade, agent } = before
  // What is made again must be found again after a crash.
  const saved = remade === (run.booking.status?.remade ?? 0) ? undefined : await saveRemade(run, state, before)
  if (saved?.progress.isEnded) return saved
  const isRemade = saved ? true : before.isRemade
  const progress = { ...before, booked: undefined, isRemade }
  try {
    const result = await sendInsert(run, agent, remade)
    run.deps.turns.onWritten(agent.turn)
    const inserted = afterInsert(run, progress, result)
    return { ...inserted, state: { ...saved?.state, ...inserted.state } }
  } catch (error) {
    const failed = insertFailed(run, state, progress, error)
    return { ...failed, state: { ...saved?.state, ...failed.state } }
  }
}

function insertFailed(
  run: BookingRun,
  state: BookingState,
  progress: ProgressWithAgent,
  error: unknown,
): BookingStepResult {
  const mayExist = noteUnanswered(run, progress, error)
  const failed = writeFailed(run, state, progress, error)
  const sent = mayExist ? { sentTo: progress.agent.calendar.id } : {}
  return { ...failed, state: { ...failed.state, mayExist, ...sent } }
}

function sendInsert({ deps, booking }: BookingRun, agent: BookingAgent, remade: number): Promise<InsertResult> {
  const id = eventIdOf(booking.metadata.uid ?? '', remade)
  const event = newEvent({ booking, remade }, id)
  const request = { calendarId: agent.calendar.id, event, sendUpdates: sendUpdatesOf(booking.spec) }
  return withToken(deps, agent, (token) => agent.client.insertEvent(token, request))
}

function afterInsert(run: BookingRun, progress: ProgressWithAgent, result: InsertResult): BookingStepResult {
  if (result.kind === 'created') {
    return afterWrite(run, progress, result.event, progress.agent.calendar.id)
  }
  // Ours from before a crash or a lost answer, one that was deleted, or another's.
  const again = { ...progress, atGoogle: { kind: 'unknown' }, isRepeated: true, isDuplicate: true } as const
  return { state: { mayExist: true }, progress: again }
}

/** After these, the event may have been written nevertheless. */
const UNANSWERED: readonly GoogleFailure[] = ['Unreachable', 'Unknown']

/** Nobody may take the slot of an event that may have been written. Returns whether it may. */
function noteUnanswered(run: BookingRun, { agent, atGoogle }: ProgressWithAgent, error: unknown): boolean {
  const isUnanswered = error instanceof GoogleError && UNANSWERED.includes(error.failure)
  const known = atGoogle.kind === 'stands' && atGoogle.event.time ? [atGoogle.event.time] : []
  if (isUnanswered) run.deps.unanswered.add(agent.turn, run.booking, [wantedTime(run), ...known])
  return isUnanswered
}

async function saveRemade(
  run: BookingRun,
  state: BookingState,
  progress: ProgressWithAgent,
): Promise<BookingStepResult> {
  const message = 'The event is about to be made again.'
  const booked = { status: 'Unknown', reason: 'NotYetBooked', message } as const
  const about = { ...progress, booked, atGoogle: { kind: 'gone' }, isRemade: true } as const
  const { written, error } = await reportProgress(run, state, about)
  const change = { writtenStatus: written }
  if (error) return { state: change, progress: endedSilently(progress, retry(error, error.retryAfterMs)) }
  return { state: change, progress }
}

async function patch(run: BookingRun, state: BookingState, progress: ProgressWithAgent): Promise<BookingStepResult> {
  const { deps, booking } = run
  const { agent, atGoogle, remade } = progress
  if (atGoogle.kind !== 'stands') return { progress }
  const { event, calendarId } = atGoogle
  const fields = patchFor({ booking, remade }, event)
  if (!fields) return { progress: ended({ ...progress, applied: appliedAfter(run, progress) }, done()) }
  const request = { calendarId, eventId: event.id, fields, etag: event.etag, sendUpdates: sendUpdatesOf(booking.spec) }
  try {
    const result = await withToken(deps, agent, (token) => agent.client.patchEvent(token, request))
    if (result.kind !== 'patched') return { progress: { ...progress, isRepeated: true } }
    deps.turns.onWritten(agent.turn)
    return afterWrite(run, progress, result.event, calendarId)
  } catch (error) {
    noteUnanswered(run, progress, error)
    return writeFailed(run, state, progress, error)
  }
}

/** After a write, and where it turns out that nothing has to be written, the times of the spec are those of the last write. */
const appliedAfter = (run: BookingRun, { applied }: BookingProgress): BookingProgress['applied'] => {
  const wanted = wantedTime(run)
  return isSameTime(applied, wanted) ? applied : wanted
}

/** Google's answer is what stands there: it is applied to the snapshots of the calendar, and published. */
function afterWrite(
  run: BookingRun,
  progress: ProgressWithAgent,
  stored: StoredEvent,
  calendarId: string,
): BookingStepResult {
  const { deps } = run
  const { id, etag, resource } = stored
  deps.calendars.onWritten({ calendarId, id, etag, resource })
  deps.unanswered.settle(run.booking)
  const event = eventOf(run, progress.agent, stored)
  const written = {
    ...progress,
    applied: appliedAfter(run, progress),
    atGoogle: { kind: 'stands', event, calendarId },
  } as const
  return {
    state: {
      mayExist: false,
      sentTo: undefined,
      seenEtag: etag,
      lookedAt: deps.clock.monotonic(),
      polls: 0,
      stuck: undefined,
    },
    progress: ended(written, done(), { accepted: ACCEPTED }),
  }
}
