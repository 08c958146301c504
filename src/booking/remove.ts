/**
 * The deletion of a Booking. `Cancel` deletes the event, unless it has ended; `Retain` leaves it. It always ends: at once if nobody can
 * delete the event, and after an hour if Google is away.
 */
import { agentAccess } from '../clients/agent-access.ts'
import { resolveIntegration, type Resolution } from '../clients/resolve-integration.ts'
import { writeCalendar } from '../calendars/wanted-calendars.ts'
import { done, retry, type Outcome } from '../controller/outcome.ts'
import { isStepFailure } from '../failures/step-failure.ts'
import { GoogleError, type EventReference, type GoogleFailure, type StoredEvent } from '../google/port.ts'
import type { TokenRefusal } from '../grants/port.ts'
import { HOUR_MS, MINUTE_MS } from '../platform/time-units.ts'
import { EVENT_FINALIZER } from '../resources/names.ts'
import { meaningOf } from '../resources/reasons.ts'
import { agentKey } from '../resources/references.ts'
import type { Agent } from '../resources/types.ts'
import { mayHaveBeenWritten } from './accept.ts'
import { bookingOf, isRecurring } from './booked-event.ts'
import { hasEnded, hasEvent, isInConflict } from './decide.ts'
import { eventIdOf } from './event-id.ts'
import { sendUpdatesOf } from './event-fields.ts'
import { eventOf } from './observe.ts'
import type { BookingState } from './state.ts'
import type { AuthorizedAgent, BookingRun } from './steps.ts'
import { withToken } from './with-token.ts'

const TRY_FOR_MS = HOUR_MS
const LONGEST_PAUSE_MS = MINUTE_MS

/** What became of the event: done, or why it was left, or why it is tried again. */
type Removal = { kind: 'done' } | { kind: 'left'; why: string } | { kind: 'retry'; error: unknown; why: string }

/** Deletes the event if the spec says so, and removes the finalizer. @throws ApiError */
export async function remove(run: BookingRun, state: BookingState): Promise<Outcome> {
  const { deps, booking } = run
  const finalizers = booking.metadata.finalizers ?? []
  if (!finalizers.includes(EVENT_FINALIZER)) return done()
  const removal = await removeEvent(run, state)
  if (removal.kind === 'retry' && isTriedAgain(run, state))
    return retry(removal.error, undefined, undefined, LONGEST_PAUSE_MS)
  if (removal.kind !== 'done') {
    const event = hasEvent(booking) ? 'its event was' : 'its event, if it had been written already, was'
    const note = `The Booking was deleted, and ${event} left in the calendar: ${removal.why}`
    deps.cluster.recordEvent({ regarding: booking, type: 'Warning', reason: 'EventLeft', action: 'Delete', note })
  }
  await deps.cluster.patch(booking, { metadata: { finalizers: finalizers.filter((one) => one !== EVENT_FINALIZER) } })
  return done()
}

/** Real time counts: the time of day may be set meanwhile. */
const isTriedAgain = ({ deps: { clock } }: BookingRun, { deletingSince = clock.monotonic() }: BookingState): boolean =>
  clock.monotonic() - deletingSince < TRY_FOR_MS

/** Whether an event stands, or may stand, that the Booking's end concerns. */
function isToBeDeleted(run: BookingRun, state: BookingState): boolean {
  const { deps, booking } = run
  if (booking.spec.deletionPolicy === 'Retain') return false
  if (hasEvent(booking)) return !hasEnded(booking.status, deps.clock.now())
  return mayHaveBeenWritten(run, state) || deps.unanswered.isInDoubt(booking)
}

async function removeEvent(run: BookingRun, state: BookingState): Promise<Removal> {
  const { deps, booking } = run
  if (!isToBeDeleted(run, state)) return { kind: 'done' }
  if (booking.spec.suspend) return { kind: 'left', why: 'it was suspended.' }
  const agent = deps.cluster.agents.get(agentKey(booking))
  if (!agent) return { kind: 'left', why: 'its Agent is gone.' }
  const handledRequest = agent.status?.lastHandledReconcileAt
  const resolution = resolveIntegration(deps, agent, { firstSeen: state.firstSeen, handledRequest })
  return agent.spec.suspend || resolution.kind === 'suspended'
    ? { kind: 'left', why: 'its Agent or the integration is suspended.' }
    : removeWith(run, state, { agent, resolution })
}

async function removeWith(
  run: BookingRun,
  { firstSeen, sentTo }: BookingState,
  { agent, resolution }: { agent: Agent; resolution: Resolution },
): Promise<Removal> {
  const { deps } = run
  if (resolution.kind !== 'resolved') return unresolved(resolution)
  const access = agentAccess(deps, agent, resolution, { since: firstSeen, bypass: undefined })
  const refusal = (await deps.tokens.load(access.request)) ?? (await deps.tokens.ensure(access.request))
  if (refusal) return unauthorized(refusal)
  const { account } = deps.tokens.current(agent).grant ?? {}
  const where = referenceOf(run, sentTo ?? writeCalendar(agent, account)?.id)
  return where
    ? deleteEvent(run, { ...access, agent }, where)
    : { kind: 'left', why: 'its Agent has no calendar to write to.' }
}

/** After a start, the integration may not have been looked at yet. */
function unresolved(resolution: Exclude<Resolution, { kind: 'resolved' }>): Removal {
  const why = 'its Agent has no integration that can be used.'
  const mayPass = resolution.kind === 'failed' && resolution.failure.reason === 'IntegrationNotReady'
  return mayPass ? { kind: 'retry', error: new Error(why), why } : { kind: 'left', why }
}

function unauthorized(refusal: TokenRefusal): Removal {
  const mayPass = !isStepFailure(refusal) || isPassing(refusal.reason)
  if (!mayPass) return { kind: 'left', why: 'the Agent has no grant that is valid.' }
  return { kind: 'retry', error: new Error('there is no access token'), why: 'Google could not be reached.' }
}

/** Nobody has signed in: that does not pass by itself. */
const isPassing = (reason: string): boolean =>
  meaningOf('Agent', reason) === 'passing' && !reason.startsWith('Grant') && reason !== 'AwaitingSignIn'

/** @param calendarId where the event is if no status tells it. */
function referenceOf({ booking }: BookingRun, calendarId: string | undefined): EventReference | undefined {
  const { event, remade = 0 } = booking.status ?? {}
  if (event?.id !== undefined && event.calendar !== undefined) return { calendarId: event.calendar, eventId: event.id }
  // It may have been written without its status having been.
  return calendarId === undefined ? undefined : { calendarId, eventId: eventIdOf(booking.metadata.uid ?? '', remade) }
}

/** Trying again would not help. */
const LASTING: readonly GoogleFailure[] = [
  'Forbidden',
  'ScopeInsufficient',
  'CalendarDisabled',
  'Refused',
  'Unauthenticated',
]

/**
 * Looks for an event of which it is not known whether it stands, whose it is, or what somebody has made of it. Returns where the event is
 * that is to be deleted.
 */
async function findEvent(
  run: BookingRun,
  agent: AuthorizedAgent,
  where: EventReference,
  remade = run.booking.status?.remade ?? 0,
): Promise<Removal | EventReference> {
  const { deps, booking } = run
  const stored = await withToken(deps, agent, (token) => agent.client.event(token, where))
  if (!stored && deps.unanswered.isInDoubt(booking)) {
    const why = 'Google did not answer whether it was written.'
    return { kind: 'retry', error: new Error(why), why }
  }
  if (!stored?.isCancelled || hasEvent(booking)) return judgeEvent(run, where, stored)
  // It may have been made again without its status having been kept.
  const eventId = eventIdOf(booking.metadata.uid ?? '', remade + 1)
  return findEvent(run, agent, { ...where, eventId }, remade + 1)
}

function judgeEvent(run: BookingRun, where: EventReference, stored: StoredEvent | undefined): Removal | EventReference {
  const { booking } = run
  if (!stored || stored.isCancelled || bookingOf(stored) !== booking.metadata.uid) return { kind: 'done' }
  if (isRecurring(stored)) return { kind: 'left', why: 'somebody made it recurring in Google Calendar.' }
  const { time } = eventOf(run, { key: agentKey(booking), calendar: { id: where.calendarId } }, stored)
  return time && time.end <= run.deps.clock.now() ? { kind: 'done' } : where
}

async function deleteEvent(run: BookingRun, agent: AuthorizedAgent, where: EventReference): Promise<Removal> {
  const { deps, booking } = run
  try {
    const isCertain = hasEvent(booking) && !isInConflict(booking)
    const found = isCertain ? where : await findEvent(run, agent, where)
    if ('kind' in found) return found
    const request = { ...found, sendUpdates: sendUpdatesOf(booking.spec) }
    await withToken(deps, agent, (token) => agent.client.deleteEvent(token, request))
    deps.calendars.onWritten({ calendarId: found.calendarId, id: found.eventId, etag: undefined, resource: {} })
    return { kind: 'done' }
  } catch (error) {
    if (!(error instanceof GoogleError)) throw error
    if (LASTING.includes(error.failure)) return { kind: 'left', why: `Google refuses to delete it (${error.message}).` }
    return { kind: 'retry', error, why: `Google could not be reached (${error.message}).` }
  }
}
