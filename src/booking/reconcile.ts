/**
 * Reconciles `Booking` objects. A Booking that is settled costs nothing: `decide.ts` tells that from its
 * spec, its status and the listing of its calendar. Otherwise these steps are taken, until one of them ends the reconcile:
 *
 * 1. find the Agent and get a valid access token (`agent-steps.ts`);
 * 2. take the turn of the write calendar (`turns.ts`), so that Bookings are decided one after another;
 * 3. look at the event, if it stands or may stand at Google; decide whether its time may be booked (`accept.ts`); add the finalizer
 *    (`finalizer.ts`); write the event (`write-event.ts`). If the event turns out to be another one than expected, these are
 *    repeated.
 *
 * Then the status is written (`report.ts`). The room uses Kubernetes, Google and the calendars of Agents through their ports only,
 * and remembers nothing that the status, the event and the listing of its calendar do not tell.
 */
import type { Interval } from '../calendar/interval.ts'
import { done, requeueWithin, retry, UnexpectedError, type Outcome } from '../controller/outcome.ts'
import { afterConflict } from '../failures/thrown.ts'
import { GoogleError } from '../google/port.ts'
import { ObjectStates, type ObjectState } from '../kubernetes/object-states.ts'
import { ApiError, isConflict, keyOf, type Key } from '../kubernetes/port.ts'
import { withOwnStatus } from '../kubernetes/status-report.ts'
import { instantOf } from '../platform/clock.ts'
import { stackOf } from '../platform/log.ts'
import { takeRequest, withHandled, type DueRequest } from '../resources/reconcile-request.ts'
import { agentKey } from '../resources/references.ts'
import type { Booking } from '../resources/types.ts'
import { decideTime } from './accept.ts'
import { authorize, findAgent } from './agent-steps.ts'
import { hasEvent, waitsForAgent, workOf, type Work } from './decide.ts'
import { expire, nextDue } from './due.ts'
import { correctFinalizer, ensureFinalizer } from './finalizer.ts'
import { checkTimeZone, firstFindings, SUSPENDED } from './first-steps.ts'
import { lookAtEvent } from './look-at-event.ts'
import { observe } from './observe.ts'
import type { BookingDeps } from './port.ts'
import { remove } from './remove.ts'
import { reportFindings, reportProgress } from './report.ts'
import { newBookingState, type BookingState } from './state.ts'
import {
  isEnded,
  isWaiting,
  NEXT_STEP,
  outcomeOf,
  type AgentStep,
  type BookingProgress,
  type BookingRun,
} from './steps.ts'
import type { BookingStep, BookingStepResult, ProgressWithAgent } from './steps.ts'
import { takeTurn } from './take-turn.ts'
import { writeEvent } from './write-event.ts'
import { passing, unexpected } from './write-failures.ts'

/** The steps that are taken once. */
const PREPARING_STEPS: readonly BookingStep[] = [checkTimeZone, findAgent]
/** Those that need the Agent. */
const AGENT_STEPS: readonly AgentStep[] = [authorize, takeTurn]
/** The steps that are repeated if the event turns out to be another one than expected. */
const EVENT_STEPS: readonly AgentStep[] = [lookAtEvent, decideTime, ensureFinalizer, writeEvent]
/** How often they are repeated at most before the Booking is tried again later. */
const MAX_ROUNDS = 5

/** What the queues of Bookings run, and what they are told. */
export interface BookingReconciler {
  /** Reconciles a Booking. It may have to wait for Google. */
  reconcile: (key: Key) => Promise<Outcome>
  /** Writes a first status, if there is none yet. It waits for nothing. */
  runDeadline: (key: Key) => Promise<Outcome>
  /** The Booking is gone, or another replica reconciles it from now on: forgets its state. */
  release: (key: Key) => void
  /** The calendars of an Agent were read, or could not be read: reconciles the Bookings that this concerns. */
  onCalendarsRead: (agentKey: Key) => void
}

type Tracked = ObjectState<BookingState>

/** Of a Booking whose status does not tell what was found: an event may have been written, and what was looked at is looked at again. */
const UNREPORTED = { mayExist: true, lookedAt: undefined, seenEtag: undefined, unlistedAt: undefined } as const

/** Of a Booking that waits neither for its turn nor for calendars. */
const WAITS_FOR_NOTHING = { isParked: true, askedAt: undefined } as const

/** Creates the reconciler, which holds the last state of each Booking. */
export function createBookingReconciler(deps: BookingDeps): BookingReconciler {
  const states = new ObjectStates(() => newBookingState(deps.clock.monotonic()))
  let startedAt: number | undefined

  function runOf(object: Booking, { writtenStatus }: BookingState, isRequested: boolean): BookingRun {
    // What happened before this replica's first reconcile was another process's doing.
    startedAt ??= deps.clock.now()
    const booking = withOwnStatus<'Booking'>(object, writtenStatus)
    const since = Math.max(startedAt, deps.ownedSince?.(agentKey(booking)) ?? -Infinity)
    const isParked = (key: Key): boolean => states.get(key)?.value.isParked === true || isForeign(deps, key)
    return { deps, booking, isRequested, startedAt: since, isParked }
  }

  function release(key: Key): void {
    states.forget(key)
    deps.turns.leave(key)
  }

  async function reconcile(key: Key): Promise<Outcome> {
    const object = deps.cluster.bookings.get(key)
    if (!object) {
      release(key)
      return done()
    }
    const tracked = states.of(object)
    const { due, state: requests } = takeRequest(deps.clock, object, tracked.value.requests)
    if (!object.spec.suspend) tracked.update({ requests })
    const run = runOf(object, tracked.value, due.request !== undefined)
    try {
      return requeueWithin(await reconcileOne(run, tracked, due), due.waitMs)
    } catch (error) {
      // An insertion may have been sent.
      tracked.update({ ...WAITS_FOR_NOTHING, ...UNREPORTED })
      deps.turns.leave(key)
      return isConflict(error) ? afterConflict() : failed(error)
    }
  }

  return {
    reconcile,
    release,
    async runDeadline(key) {
      const object = deps.cluster.bookings.get(key)
      if (!object || object.metadata.deletionTimestamp !== undefined || object.spec.suspend) return done()
      const tracked = states.of(object)
      return tracked.runExclusive(async () => {
        const run = runOf(object, tracked.value, false)
        if (run.booking.status?.conditions?.length) return done()
        const { written, error } = await reportFindings(
          run,
          tracked.value,
          firstFindings(run.booking, deps.turns.isWaiting(key)),
        )
        tracked.update({ writtenStatus: written })
        return error ? retry(error) : done()
      })
    },
    onCalendarsRead(agentKey) {
      for (const booking of deps.cluster.bookings.byIndex('agent', agentKey)) {
        const state = states.get(keyOf(booking))?.value
        if (state && isConcerned(runOf(booking, state, false), state)) deps.wake(keyOf(booking))
      }
    },
  }
}

/** What another replica decides never has its turn here, and may never be decided there: nobody waits for it. */
function isForeign(deps: BookingDeps, key: Key): boolean {
  const booking = deps.cluster.bookings.get(key)
  return booking !== undefined && deps.ownedSince?.(agentKey(booking)) === Infinity
}

/** Whether a Booking has something to do after its Agent's calendars were read. */
function isConcerned(run: BookingRun, state: BookingState): boolean {
  const { deps, booking } = run
  if (booking.spec.suspend || booking.metadata.deletionTimestamp !== undefined) return false
  if (state.askedAt !== undefined) return true
  // It goes on when it is its turn, and asks for the calendars itself if they were read too long ago by then.
  if (deps.turns.isWaiting(keyOf(booking))) return false
  const work = workOf(observe(run, state))
  if (work.kind === 'none') return false
  if (work.reportsFailures && !waitsForAgent(booking)) return false
  const known = deps.calendars.calendars(agentKey(booking))
  return !work.reportsFailures || known?.failures.length === 0
}

function failed(error: unknown): Outcome {
  if (error instanceof ApiError) return retry(error, error.retryAfterMs)
  throw error
}

async function reconcileOne(run: BookingRun, tracked: Tracked, due: DueRequest): Promise<Outcome> {
  const { deps, booking } = run
  if (booking.metadata.deletionTimestamp !== undefined) return removeBooking(run, tracked)
  if (booking.spec.suspend) return suspend(run, tracked)
  if (await expire(run)) return done()
  const work = workOf(observe(run, tracked.value))
  if (work.kind === 'none') return settled(run, tracked, due)
  if (hasEvent(booking)) await correctFinalizer(run)
  tracked.update({ isParked: false })
  const progress = await runSteps(run, tracked, work).catch((error: unknown) => {
    if (error instanceof ApiError) throw error
    deps.log.warn(
      { booking: keyOf(booking), error: new UnexpectedError(error), stack: stackOf(error) },
      'a Booking failed',
    )
    tracked.update({ mayExist: true })
    return unexpected(progressBefore(run, work), error)
  })
  noteTurn(run, tracked, due, isWaiting(progress))
  const error = await write(tracked, run, progress)
  // If it is deleted now, its status does not name an event that was written.
  if (error) tracked.update(UNREPORTED)
  if (error) return retry(error, error.retryAfterMs)
  const outcome = outcomeOf(progress) ?? done()
  return outcome.kind === 'done' ? settled(run, tracked, due) : requeueWithin(outcome, nextDue(run, tracked.value))
}

/** Whoever does not wait for its turn holds nobody up. */
function noteTurn({ deps, booking }: BookingRun, tracked: Tracked, due: DueRequest, isWaiting: boolean): void {
  if (!isWaiting) deps.turns.leave(keyOf(booking))
  const requests = requestsAfter(tracked.value, due, isWaiting)
  tracked.update({ ...(isWaiting ? { isParked: false } : WAITS_FOR_NOTHING), requests })
}

/** A request is served by the reconcile that no longer waits for anything. */
const requestsAfter = ({ requests }: BookingState, due: DueRequest, isWaiting: boolean): BookingState['requests'] =>
  isWaiting && due.request !== undefined ? { ...requests, servedAt: undefined } : withHandled(requests, due)

/** Takes the steps. */
async function runSteps(run: BookingRun, tracked: Tracked, work: OpenWork): Promise<BookingProgress> {
  const found = await take(PREPARING_STEPS, run, tracked, progressBefore(run, work))
  return hasAgent(found) && !isEnded(found) ? runWithAgent(run, tracked, found) : found
}

async function runWithAgent(run: BookingRun, tracked: Tracked, found: ProgressWithAgent): Promise<BookingProgress> {
  let progress = found
  try {
    progress = await take(AGENT_STEPS, run, tracked, found)
    for (let round = 0; round < MAX_ROUNDS && !isEnded(progress); round++) {
      progress = await take(EVENT_STEPS, run, tracked, progress)
    }
    return isEnded(progress) ? progress : restless(progress)
  } finally {
    // Before its status is written, the next one has to know that this one is decided.
    tracked.update({ isParked: !isWaiting(progress) })
    giveTurnBack(run, progress)
  }
}

/** Whoever waits passes nothing on, because the others would only find that it goes first. */
function giveTurnBack({ deps, booking }: BookingRun, progress: ProgressWithAgent): void {
  const { turn } = progress.agent
  if (isWaiting(progress)) deps.turns.interrupt(turn, keyOf(booking))
  else deps.turns.release(turn, keyOf(booking))
}

/** The event changes faster than it can be read, or Google contradicts itself. */
const restless = (progress: BookingProgress): BookingProgress =>
  passing(progress, new GoogleError('Unknown', 'the event keeps changing'))

const hasAgent = (progress: BookingProgress): progress is ProgressWithAgent => progress.agent !== undefined

/** This is the only place that keeps the state that a step returns. */
async function take<P extends BookingProgress>(
  steps: readonly ((
    run: BookingRun,
    state: BookingState,
    progress: P,
  ) => BookingStepResult | Promise<BookingStepResult>)[],
  run: BookingRun,
  tracked: Tracked,
  before: P,
): Promise<P> {
  let progress = before
  for (const step of steps) {
    const result = await step(run, tracked.value, progress)
    tracked.update(result.state ?? {})
    progress = { ...progress, ...result.progress }
    if (progress.next.kind !== 'next step') break
  }
  return progress
}

type OpenWork = Exclude<Work, { kind: 'none' }>

function progressBefore({ booking }: BookingRun, { kind, reportsFailures }: OpenWork): BookingProgress {
  const { remade = 0 } = booking.status ?? {}
  return {
    work: kind,
    reportsFailures,
    atGoogle: { kind: 'unknown' },
    remade,
    applied: appliedTime(booking),
    next: NEXT_STEP,
  }
}

function appliedTime({ status }: Booking): Interval | undefined {
  const { start = '', end = '' } = status?.applied ?? {}
  const time = { start: Date.parse(start), end: Date.parse(end) }
  return Number.isNaN(time.start) || Number.isNaN(time.end) ? undefined : time
}

/** Nothing has to be done: only a request that was served, or a status that somebody has overwritten, is written. */
async function settled(run: BookingRun, tracked: Tracked, due: DueRequest): Promise<Outcome> {
  tracked.update({ ...WAITS_FOR_NOTHING, requests: withHandled(tracked.value.requests, due) })
  const error = await write(tracked, run, undefined)
  if (error) return retry(error, error.retryAfterMs)
  const object = run.deps.cluster.bookings.get(keyOf(run.booking))
  const booking = object ? withOwnStatus<'Booking'>(object, tracked.value.writtenStatus) : run.booking
  return done(nextDue({ ...run, booking }, tracked.value))
}

const write = (
  tracked: Tracked,
  run: BookingRun,
  progress: BookingProgress | undefined,
): Promise<ApiError | undefined> =>
  tracked.runExclusive(async () => {
    const isReported = progress?.next.kind === 'report'
    const { written, error } = isReported
      ? await reportProgress(run, tracked.value, progress)
      : await reportFindings(run, tracked.value, undefined)
    tracked.update({ writtenStatus: written })
    return error
  })

/** Everything stays as it is. Only a Booking without conditions gets one. */
async function suspend(run: BookingRun, tracked: Tracked): Promise<Outcome> {
  const known = run.booking.status?.conditions?.find(({ type }) => type === 'Ready')
  const findings = known && known.reason !== 'Suspended' ? undefined : { ready: SUSPENDED, own: {} }
  const { written, error } = await tracked.runExclusive(() => reportFindings(run, tracked.value, findings))
  tracked.update({ ...WAITS_FOR_NOTHING, writtenStatus: written })
  run.deps.turns.leave(keyOf(run.booking))
  return error ? retry(error, error.retryAfterMs) : done()
}

async function removeBooking(run: BookingRun, tracked: Tracked): Promise<Outcome> {
  const { clock } = run.deps
  // A restart does not begin the time anew that it is tried for.
  const deletingSince =
    tracked.value.deletingSince ?? instantOf(clock, run.booking.metadata.deletionTimestamp) ?? clock.monotonic()
  tracked.update({ deletingSince, isParked: true })
  run.deps.turns.leave(keyOf(run.booking))
  return remove(run, tracked.value)
}
