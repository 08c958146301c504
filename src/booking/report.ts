/** Writes the status of a Booking: all of it at once, and only if it has changed. */
import { isDeepStrictEqual } from 'node:util'
import type { Interval } from '../calendar/interval.ts'
import { keyOf } from '../kubernetes/port.ts'
import { asWritten, isOverwritten, withOwnStatus, writeReport, type ReportResult } from '../kubernetes/status-report.ts'
import { conditionsFor, findCondition, timestamp, type Findings } from '../resources/conditions.ts'
import type { Booking, BookingStatus } from '../resources/types.ts'
import type { BookedEvent } from './booked-event.ts'
import { bookedAs, findingsOf, notBooked, NOT_YET_BOOKED } from './findings.ts'
import type { BookingState } from './state.ts'
import type { BookingProgress, BookingRun } from './steps.ts'

/** Writes what the steps have found. */
export const reportProgress = (
  run: BookingRun,
  state: BookingState,
  progress: BookingProgress,
): Promise<ReportResult<BookingStatus>> =>
  report(run, state, {
    findings: (booking, facts) =>
      findingsOf({ ...booking, status: { ...booking.status, ...facts } }, withBooked(progress, facts)),
    facts: factsOf(run.booking, progress),
  })

/** Writes findings alone; undefined: the conditions stay. */
export const reportFindings = (
  run: BookingRun,
  state: BookingState,
  findings: Findings<'Booking'> | undefined,
): Promise<ReportResult<BookingStatus>> => report(run, state, { findings: () => findings, facts: {} })

type Facts = Omit<BookingStatus, 'observedGeneration' | 'conditions' | 'lastHandledReconcileAt'>

interface Content {
  findings: (booking: Booking, facts: Facts) => Findings<'Booking'> | undefined
  facts: Facts
}

async function report(
  { deps, booking: reconciled }: BookingRun,
  { writtenStatus: written, requests }: BookingState,
  { findings, facts }: Content,
): Promise<ReportResult<BookingStatus>> {
  const object = deps.cluster.bookings.get(keyOf(reconciled))
  if (object?.metadata.uid !== reconciled.metadata.uid || !object) return { written }
  const { generation } = reconciled.metadata
  const booking = withOwnStatus<'Booking'>(object, written)
  const found = findings(booking, facts)
  const before = { conditions: booking.status?.conditions, generation, now: deps.clock.now() }
  const status = asWritten('Booking', {
    ...booking.status,
    ...facts,
    ...(found ? { observedGeneration: generation, conditions: conditionsFor('Booking', found, before) } : {}),
    lastHandledReconcileAt: requests.handledRequest ?? booking.status?.lastHandledReconcileAt,
  })
  if (isDeepStrictEqual(status, asWritten('Booking', booking.status ?? {})) && !isOverwritten(object, written)) {
    return { written: written && object.status }
  }
  const result = await writeReport(deps, { kind: 'Booking', object, written, generation, refused: rejected }, status)
  if (!result.error) countConflict(deps, before.conditions, status.conditions)
  return result
}

function countConflict(
  { metrics }: BookingRun['deps'],
  before: BookingStatus['conditions'],
  after: BookingStatus['conditions'],
): void {
  for (const [type, reason] of [
    ['Accepted', 'SlotTaken'],
    ['Booked', 'EventConflict'],
  ] as const) {
    const isNew = findCondition(before, type)?.reason !== reason
    if (isNew && findCondition(after, type)?.reason === reason) metrics.bookingConflict(reason)
  }
}

/** The rest of the status stays; the condition says that it could not be written. */
function rejected(message: string): Findings<'Booking'> {
  const finding = notBooked('BookingFailed', message)
  return { ready: finding, own: { Booked: finding } }
}

function withBooked(progress: BookingProgress, facts: Facts): BookingProgress {
  if (progress.booked) return progress
  if (progress.atGoogle.kind === 'gone') return { ...progress, booked: NOT_YET_BOOKED }
  if (progress.atGoogle.kind !== 'stands') return progress
  return { ...progress, booked: bookedAs(facts.event ?? {}, facts.applied ?? {}) }
}

/** What the status says besides conditions. */
function factsOf({ spec, status }: Booking, { atGoogle, applied, remade }: BookingProgress): Facts {
  const { event, observedETag, conference, attendees } = status ?? {}
  const times = applied ? rendered(applied) : status?.applied
  if (atGoogle.kind === 'unknown')
    return { event, observedETag, conference, attendees, applied: times, remade: status?.remade ?? 0 }
  if (atGoogle.kind === 'gone') {
    return { ...NOTHING, applied: times, remade }
  }
  const stands = atGoogle.event
  return {
    event: {
      ...{ calendar: atGoogle.calendarId, id: stands.id, iCalUID: stands.iCalUID, url: stands.url },
      ...(stands.time ? rendered(stands.time) : {}),
    },
    applied: times,
    remade,
    observedETag: stands.etag,
    conference: spec.conference === 'GoogleMeet' ? (stands.conference ?? { state: 'Pending' }) : undefined,
    attendees: answersOf(spec, stands),
  }
}

const NOTHING = { event: undefined, observedETag: undefined, conference: undefined, attendees: undefined }

const rendered = ({ start, end }: Interval): { start: string; end: string } => ({
  start: timestamp(start),
  end: timestamp(end),
})

/** The guests and their answers. The owner of the calendar is one only if the spec says so. */
function answersOf({ attendees = [] }: Booking['spec'], { guests }: BookedEvent): BookingStatus['attendees'] {
  const inSpec = (email: string): boolean => attendees.some((one) => one.email.toLowerCase() === email.toLowerCase())
  const shown = guests.filter(({ email, isOwn }) => !isOwn || inSpec(email))
  return shown.length > 0 ? shown.map(({ email, response }) => ({ email, response })) : undefined
}
