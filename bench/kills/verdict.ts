/** What must be true of a burst of Bookings in the end, whatever happened to the operator meanwhile. Pure. */
import type { Booking } from '../../src/resources/types.ts'

/** An event as the simulated Google shows it to the owner of its calendar. */
export interface SeenEvent {
  id: string
  status?: string
  start?: unknown
  extendedProperties?: unknown
}

/** Everything that is left of a burst. */
export interface Remains {
  bookings: readonly Booking[]
  /** Those that were cancelled, too. */
  events: readonly SeenEvent[]
  /** Names of Bookings that were deleted. */
  deleted: readonly string[]
}

/** Returns what is wrong, as sentences: nothing is lost, doubled, left over or made twice. */
export function problemsOf(remains: Remains): string[] {
  const { bookings, deleted } = remains
  return [
    ...bookings.flatMap((booking) => problemsOfBooking(booking, remains)),
    ...bookings.filter(isReady).flatMap((one) => rivalsOf(one, bookings)),
    ...orphans(remains),
    ...bookings
      .filter(({ metadata }) => deleted.includes(metadata.name))
      .map(({ metadata }) => `${metadata.name} was deleted, and is still there`),
  ]
}

const isReady = (booking: Booking): boolean => reasonOf(booking) === 'Ready'

/** The reason of `Ready` for the newest spec. */
export const reasonOf = ({ status, metadata }: Booking): string | undefined =>
  status?.observedGeneration === metadata.generation
    ? status?.conditions?.find(({ type }) => type === 'Ready')?.reason
    : undefined

function problemsOfBooking(booking: Booking, remains: Remains): string[] {
  const { metadata } = booking
  const own = remains.events.filter((event) => bookingOf(event) === metadata.uid)
  if (own.some(isCancelled)) return [`an event of ${metadata.name} was made and deleted`]
  if (isReady(booking))
    return own.length === 1 && own.every((one) => isEventOf(booking, one)) ? [] : [isWrong(booking, own)]
  if (reasonOf(booking) !== 'SlotTaken') return [`${metadata.name} is ${reasonOf(booking) ?? 'not decided'}`]
  if (own.length > 0) return [`${metadata.name} is refused and has an event`]
  const isTaken = remains.bookings.some((one) => isReady(one) && isSameSlot(one, booking))
  return isTaken ? [] : [`${metadata.name} is refused, and nobody has its slot`]
}

const isEventOf = ({ spec, status }: Booking, event: SeenEvent): boolean =>
  event.id === status?.event?.id && startOf(event) === Date.parse(spec.start)

const isWrong = ({ metadata }: Booking, own: readonly SeenEvent[]): string =>
  `${metadata.name} is Ready, and has ${own.length === 1 ? 'another event than it says' : `${own.length} events`}`

const rivalsOf = (booking: Booking, bookings: readonly Booking[]): string[] =>
  bookings
    .filter((one) => isReady(one) && isSameSlot(one, booking) && one.metadata.name > booking.metadata.name)
    .map(({ metadata }) => `${booking.metadata.name} and ${metadata.name} have the same slot`)

const isSameSlot = (one: Booking, other: Booking): boolean =>
  one.spec.agentRef.name === other.spec.agentRef.name && one.spec.start === other.spec.start

/** Events that stand and belong to no Booking. */
function orphans({ bookings, events }: Remains): string[] {
  const uids = new Set(bookings.map(({ metadata }) => metadata.uid))
  return events
    .filter((event) => !isCancelled(event) && !uids.has(bookingOf(event)))
    .map(({ id }) => `event ${id} belongs to no Booking`)
}

const isCancelled = ({ status }: SeenEvent): boolean => status === 'cancelled'

const startOf = ({ start }: SeenEvent): number =>
  Date.parse((start as { dateTime?: string } | undefined)?.dateTime ?? '')

const bookingOf = ({ extendedProperties }: SeenEvent): string | undefined =>
  (extendedProperties as { private?: { calendarOperatorBooking?: string } } | undefined)?.private
    ?.calendarOperatorBooking
