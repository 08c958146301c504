/** Gathers the facts that `decide.ts` decides on: from the object, the clock, and the listing of the calendar. */
import type { StoredEvent } from '../google/port.ts'
import type { CalendarsState, CalendarState } from '../calendars/state.ts'
import { isSameCalendar } from '../calendars/wanted-calendars.ts'
import { hasCome } from '../platform/clock.ts'
import { agentKey, integrationKey } from '../resources/references.ts'
import { durationMs } from '../resources/durations.ts'
import type { Booking } from '../resources/types.ts'
import { cancelledId, listedEvent, type WorkFacts } from './decide.ts'
import type { BookingState } from './state.ts'
import { bookedEvent, type BookedEvent } from './booked-event.ts'
import type { BookingRun } from './steps.ts'

const FIRST_POLL_MS = 5_000
const MAX_POLLS = 6

/** When a pending conference is asked for, by the monotonic clock; undefined if it is not. */
export function pollDueAt({ status }: Booking, { polls, lookedAt, firstSeen }: BookingState): number | undefined {
  if (status?.conference?.state !== 'Pending' || polls >= MAX_POLLS) return undefined
  return (lookedAt ?? firstSeen) + FIRST_POLL_MS * 2 ** polls
}

/** The facts as of now. */
export function observe(run: BookingRun, state: BookingState): WorkFacts {
  const { deps, booking, isRequested } = run
  const { clock } = deps
  const lookEvery = lookEveryMs(run)
  const pollAt = pollDueAt(booking, state)
  return {
    ...{ booking, isRequested, now: clock.now() },
    listed: listedEvent(booking, calendarOf(run), state),
    isLookDue: lookEvery !== undefined && hasCome(clock, (state.lookedAt ?? state.firstSeen) + lookEvery),
    isPollDue: pollAt !== undefined && hasCome(clock, pollAt),
  }
}

/** The calendar that the event is in, as its Agent has read it. */
export function calendarOf({ deps, booking }: BookingRun): CalendarState | undefined {
  const { calendar } = booking.status?.event ?? {}
  const known = deps.calendars.calendars(agentKey(booking))
  if (!known) return undefined
  if (calendar === undefined) return listing(cancelledId(booking), known.state)
  return [...known.state.byId].find(([id]) => isSameCalendar(id, calendar))?.[1]
}

/** The calendar that lists this event of a Booking. */
const listing = (id: string | undefined, { byId }: CalendarsState): CalendarState | undefined =>
  id === undefined ? undefined : [...byId.values()].find(({ booked }) => booked?.has(id))

/** How often an event is asked for that no listing contains; undefined while that is not known. */
export function lookEveryMs({ deps, booking }: BookingRun): number | undefined {
  const agent = deps.cluster.agents.get(agentKey(booking))
  const integration = agent && deps.cluster.integrations.get(integrationKey(agent))
  return integration && durationMs(integration.spec.sync.fullSyncInterval)
}

/** An event as Google returned it, read in the time zone of this calendar of the Agent's. @param agent.key the Agent's. */
export function eventOf(
  { deps }: BookingRun,
  { key, calendar }: { key: string; calendar: { id: string } },
  stored: StoredEvent,
): BookedEvent {
  const timeZone = deps.calendars.calendars(key)?.state.byId.get(calendar.id)?.snapshot.timeZone ?? 'UTC'
  return bookedEvent(stored, { zones: deps.zones, timeZone })
}
