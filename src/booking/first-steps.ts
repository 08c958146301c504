/** What is found out about a Booking before its Agent is looked at. */
import { identifyZone } from '../calendar/zone-names.ts'
import type { Finding, Findings } from '../resources/conditions.ts'
import type { ReadyReason } from '../resources/reasons.ts'
import type { Booking } from '../resources/types.ts'
import { findingsOf, notBooked, notYetKnown } from './findings.ts'
import { ended, type BookingStep } from './steps.ts'
import { stuckOutcome } from './stuck.ts'
import { done } from '../controller/outcome.ts'

/** A time zone that is not known is refused before Google is asked. */
export const checkTimeZone: BookingStep = (run, state, progress) => {
  const { timeZone } = run.booking.spec
  if (timeZone === undefined || identifyZone(timeZone) !== undefined) return { progress }
  const booked = notBooked('EventRefused', 'spec.timeZone is not a known time zone: name one such as Europe/Paris.')
  const accepted = progress.work === 'book' ? notYetKnown('spec.timeZone has to be corrected first.') : undefined
  return stuckOutcome(run, state, ended(progress, done(), { booked, ...(accepted ? { accepted } : {}) }))
}

/** The findings of a Booking that has not been decided yet. */
export const firstFindings = (booking: Booking, isWaiting: boolean): Findings<'Booking'> =>
  findingsOf(booking, {
    accepted: notYetKnown(
      isWaiting ? 'Earlier Bookings of this calendar are decided first.' : 'The calendars are being read.',
    ),
  })

/** What a suspended Booking says that never had a status. */
export const SUSPENDED: Finding<ReadyReason<'Booking'>> = {
  status: 'Unknown',
  reason: 'Suspended',
  message: 'Suspended: nothing is booked until spec.suspend is false.',
}
