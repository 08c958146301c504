/** The conditions of a Booking: what each says, and which of them decides `Ready`. Pure. */
import { hasEvent } from './decide.ts'
import { findCondition, type Finding, type Findings } from '../resources/conditions.ts'
import { meaningOf, type ReadyReason, type ReasonOf } from '../resources/reasons.ts'
import type { Booking } from '../resources/types.ts'

/** What was found out about `Accepted`. */
export type Accepted = Finding<ReasonOf<'Booking', 'Accepted'>>
/** What was found out about `Booked`. */
export type Booked = Finding<ReasonOf<'Booking', 'Booked'>>
type Ready = Finding<ReadyReason<'Booking'>>

/** What a reconcile found out; what it says nothing about stays as it is. */
export interface OwnFindings {
  readonly accepted?: Accepted
  readonly booked?: Booked
}

/** Says why it may not be booked (yet). */
export const refused = (reason: Accepted['reason'], message: string): Accepted => ({ status: 'False', reason, message })

/** It may be booked. */
export const ACCEPTED: Accepted = { status: 'True', reason: 'Accepted', message: 'The appointment may be booked.' }

/** It is not decided yet. */
export const notYetKnown = (message: string): Accepted => ({ status: 'Unknown', reason: 'NotYetKnown', message })

/** Why the event could not be written. */
export const notBooked = (reason: Booked['reason'], message: string): Booked => ({ status: 'False', reason, message })

/** Nothing stands at Google. */
export const NOT_YET_BOOKED: Booked = {
  status: 'Unknown',
  reason: 'NotYetBooked',
  message: 'Nothing has been written to the calendar.',
}

/** The findings of a status, from what is new and what stood there before. */
export function findingsOf(booking: Booking, found: OwnFindings): Findings<'Booking'> {
  const known = before(booking, 'Accepted') as Accepted | undefined
  const accepted = found.accepted ?? known ?? notYetKnown('It has not been decided yet.')
  const previous = (before(booking, 'Booked') as Booked | undefined) ?? NOT_YET_BOOKED
  // A refusal stands beside what is at Google, and not beside an earlier failure to write.
  const kept = accepted.status === 'True' || isAboutTheEvent(booking, previous) ? previous : standing(booking)
  const booked = found.booked ?? kept
  return { ready: readyOf([accepted, booked]), own: { Accepted: accepted, Booked: booked } }
}

/** The reasons that say something about the event at Google. */
const ABOUT_THE_EVENT: readonly string[] = ['Booked', 'Moved', 'CancelledAtGoogle'] satisfies Booked['reason'][]

/** A conflict with somebody else's event says nothing about the Booking's own; one with a series that was made of it does. */
const isAboutTheEvent = (booking: Booking, { reason }: Booked): boolean =>
  ABOUT_THE_EVENT.includes(reason) || (reason === 'EventConflict' && hasEvent(booking))

/** What the status says about the event, whatever failed last. */
function standing({ status }: Booking): Booked {
  const { event, applied } = status ?? {}
  if (event?.id === undefined) return NOT_YET_BOOKED
  return bookedAs({ start: event.start, end: event.end }, applied ?? {})
}

interface Times {
  readonly start?: string
  readonly end?: string
}

/** The event stands, at the times that were written or at others. Times in the form of a status. */
export function bookedAs(event: Times, applied: Times): Booked {
  if (event.start === applied.start && event.end === applied.end) {
    return {
      status: 'True',
      reason: 'Booked',
      message: `The event stands in the calendar, from ${event.start} to ${event.end}.`,
    }
  }
  const message = `The event was moved in Google Calendar: it is now from ${event.start} to ${event.end}; the operator wrote it from ${applied.start} to ${applied.end}.`
  return { status: 'True', reason: 'Moved', message }
}

/** What the status says. The operator has written it itself, with a reason from the same table. */
function before({ status }: Booking, type: string): Finding<string> | undefined {
  const condition = findCondition(status?.conditions, type)
  return condition && { status: condition.status, reason: condition.reason, message: condition.message }
}

/** What a person has to act upon comes before what may pass. */
function readyOf(found: readonly (Accepted | Booked)[]): Ready {
  const failing = found.filter(({ status }) => status !== 'True')
  const first = failing.find(isStuck) ?? failing.find(({ status }) => status === 'False') ?? failing[0]
  return first ?? { status: 'True', reason: 'Ready', message: found.at(-1)?.message ?? 'The appointment is booked.' }
}

const isStuck = ({ reason }: { reason: string }): boolean => meaningOf('Booking', reason) === 'stuck'
