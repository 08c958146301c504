/** The step that writes the event: a new event, or a patch. A write whose answer is lost is never repeated blindly. */
import { done, retry } from '../controller/outcome.ts'
import { GoogleError, type GoogleFailure, type InsertResult, type StoredEvent } from '../google/port.ts'
import { isSameTime, wantedTime } from './accept.ts'
import { newEvent, patchFor, sendUpdatesOf } from './event-fields.ts'
import { eventIdOf } from './event-id.ts'
import { ACCEPTED } from './findings.ts'
import { eventOf } from './observe.ts'
import { reportProgress } from './report.ts'
import type { BookingState } from './state.ts'
import { ended, endedSilently, isEnded, lookAgain, type BookingAgent, type BookingProgress } from './steps.ts'
import type { AgentStep, BookingRun, BookingStepResult, ProgressWithAgent } from './steps.ts'
import { withToken } from './with-token.ts'
import { writeFailed } from './write-failures.ts'

/** Writes what the spec says: a new event, or a patch of the event that stands. */
export const writeEvent: AgentStep = (run, state, progress) =>
  progress.atGoogle.kind === 'stands' ? patch(run, state, progress) : insert(run, state, progress)

async function insert(run: BookingRun, state: BookingState, before: ProgressWithAgent): Promise<BookingStepResult> {
  const { remade, agent } = before
  // What is made again must be found again after a crash.
  const saved = remade === (run.booking.status?.remade ?? 0) ? undefined : await saveRemade(run, state, before)
  if (saved && isEnded(saved.progress)) return saved
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
  const isUnanswered = noteUnanswered(run, progress, error)
  const failed = writeFailed(run, state, progress, error)
  const sent = isUnanswered ? { mayExist: true, sentTo: progress.agent.calendar.id } : {}
  return { ...failed, state: { ...failed.state, ...sent } }
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
  const unknown = { ...progress, atGoogle: { kind: 'unknown' } } as const
  return { state: { mayExist: true }, progress: lookAgain(unknown, { isIdUsed: true }) }
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
  before: BookingState,
  progress: ProgressWithAgent,
): Promise<BookingStepResult> {
  const message = 'The event is about to be made again.'
  const booked = { status: 'Unknown', reason: 'NotYetBooked', message } as const
  const about = { ...progress, booked, atGoogle: { kind: 'gone' }, isRemade: true } as const
  const { written, error } = await reportProgress(run, before, about)
  const change = { writtenStatus: written }
  if (error) {
    // The event is looked at again, whatever the listing says.
    const state = { ...change, seenEtag: undefined, unlistedAt: undefined }
    return { state, progress: endedSilently(progress, retry(error, error.retryAfterMs)) }
  }
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
    if (result.kind !== 'patched') return { progress: lookAgain(progress) }
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
      sentTo: calendarId,
      seenEtag: etag,
      lookedAt: deps.clock.monotonic(),
      polls: 0,
      stuck: undefined,
    },
    progress: ended(written, done(), { accepted: ACCEPTED }),
  }
}
