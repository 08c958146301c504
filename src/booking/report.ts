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
  { writtenStatus: written, requests, lookedAt }: BookingState,
  { findings, facts }: Content,
): Promise<ReportResult<BookingStatus>> {
  const object = newest(deps, reconciled)
  if (!object) return { written }
  const { generation } = reconciled.metadata
  const booking = withOwnStatus<'Booking'>(object, written)
  const before = { conditions: booking.status?.conditions, generation, now: deps.clock.now() }
  const found = findings(booking, facts)
  const observed = found && { observedGeneration: generation, conditions: conditionsFor('Booking', found, before) }
  const handled = requests.handledRequest && { lastHandledReconcileAt: requests.handledRequest }
  const status = asWritten('Booking', { ...booking.status, ...facts, ...observed, ...handled })
  const current = asWritten('Booking', booking.status ?? {})
  // Ours and the store's are equal: one copy is kept in memory.
  if (isDeepStrictEqual(status, current) && !isOverwritten(object, written))
    return { written: written && object.status }
  const result = await writeReport(deps, { kind: 'Booking', object, written, generation, refused: rejected }, status)
  if (!result.error) {
    countConflict(deps, before.conditions, status.conditions)
    measureBooked(deps, { booking, status, lookedAt })
  }
  return result
}

/** The status shows an event for the first time: it was written, or one was found that an earlier process had written. */
const isFirstEvent = (before: BookingStatus | undefined, after: BookingStatus): boolean =>
  before?.applied === undefined && after.event?.id !== undefined

/** Measures once how long it took, up to when the event was last seen at Google. */
function measureBooked(
  { clock, metrics }: BookingRun['deps'],
  { booking, status, lookedAt }: { booking: Booking; status: BookingStatus } & Pick<BookingState, 'lookedAt'>,
): void {
  const created = Date.parse(booking.metadata.creationTimestamp ?? '')
  if (!isFirstEvent(booking.status, status) || Number.isNaN(created)) return
  const now = clock.monotonic()
  metrics.booked(Math.max(clock.now() - (now - (lookedAt ?? now)) - created, 0) / 1000)
}

/** The newest version of the same object: somebody's label may have been written in the meantime. */
function newest({ cluster }: BookingRun['deps'], { metadata, ...booking }: Booking): Booking | undefined {
  const object = cluster.bookings.get(keyOf({ ...booking, metadata }))
  return object?.metadata.uid === metadata.uid ? object : undefined
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
function factsOf(booking: Booking, { atGoogle, applied, remade, isRemade }: BookingProgress): Facts {
  const { status } = booking
  const common = { applied: applied ? rendered(applied) : status?.applied }
  if (atGoogle.kind === 'stands') return { ...common, remade, ...standingFacts(booking, atGoogle) }
  const counted = { ...common, remade: isRemade ? remade : (status?.remade ?? 0) }
  return atGoogle.kind === 'gone' ? { ...counted, ...NOTHING } : counted
}

function standingFacts(
  { spec }: Booking,
  { event, calendarId }: Extract<BookingProgress['atGoogle'], { kind: 'stands' }>,
): Facts {
  const { id, iCalUID, url, time, conference } = event
  return {
    event: { calendar: calendarId, id, iCalUID, url, ...(time && rendered(time)) },
    observedETag: event.etag,
    conference: spec.conference === 'GoogleMeet' ? (conference ?? { state: 'Pending' }) : undefined,
    attendees: answersOf(spec, event),
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
