/** The step that takes the turn of the write calendar: Bookings of a calendar are decided one after another, the earliest first. */
import { wait } from '../controller/outcome.ts'
import { keyOf } from '../kubernetes/port.ts'
import type { Booking } from '../resources/types.ts'
import { comesBefore, isNewTime, isUndecided, placeOf } from './decide.ts'
import { notBooked } from './findings.ts'
import { ended, endedSilently, waiting, type BookingProgress, type ProgressWithAgent } from './steps.ts'
import type { AgentStep, BookingRun } from './steps.ts'

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
  // What it had read will be old by then.
  return { state: { askedAt: undefined }, progress: waiting(progress, outcome) }
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
