/** Lists one calendar: merges the pages into a new snapshot as they arrive. The result is a complete listing or an error. */
import type { CalendarSnapshot } from '../calendar/calendar-snapshot.ts'
import { UnusableListingError } from '../calendar/event-keys.ts'
import { SnapshotBuilder } from '../calendar/snapshot-builder.ts'
import { CalendarTooLargeError } from '../calendar/snapshot-limits.ts'
import type { Zones } from '../calendar/zones.ts'
import { addVersions, withBooked, type BookedEvents, type ListedVersions } from './booked-events.ts'
import { GoogleError, type EventsPage, type EventsRequest, type GoogleClient } from '../google/port.ts'

/** Which calendar to list, from which point, and with which token. */
interface ListingRequest extends EventsRequest {
  accessToken: string
  /** The previous snapshot of the calendar, if there is one. */
  before: CalendarSnapshot | undefined
  /** The events of Bookings before; undefined unless Bookings are written to the calendar. */
  booked: BookedEvents | undefined
  /** Only the events of Bookings count. */
  onlyBookings: boolean
  /** How many items only repeat what this process has written. */
  countOwn: (items: readonly unknown[]) => number
  /** Google has announced a change: it goes before routine reads. */
  isAnnounced: boolean
  /** Called for each page. */
  onPage: () => void
}

/** A merged listing. */
interface ListedCalendar {
  snapshot: CalendarSnapshot
  booked: BookedEvents | undefined
  /** The versions of events of Bookings that it contained; undefined if there were none, as for most calendars. */
  versions: ListedVersions | undefined
  /** Where the next incremental listing starts; undefined if a full one has to follow. */
  syncToken: string | undefined
  /** The listing contradicts itself, or part of it was not understood. */
  doubtful: boolean
  /** How many events were listed, except for those that repeat our own writes. */
  found: number
}

/**
 * Requests a full listing of a window, or the changes since a sync token.
 * @throws GoogleError also for an answer that cannot be used.
 */
export async function listCalendar(
  client: GoogleClient,
  zones: Zones,
  {
    accessToken,
    before,
    booked: bookedBefore,
    onlyBookings,
    countOwn,
    onPage,
    isAnnounced,
    ...request
  }: ListingRequest,
): Promise<ListedCalendar> {
  const { detail, from } = request
  const full = 'window' in from
  let found = 0
  let booked = full && bookedBefore ? new Map() : bookedBefore
  const versions = new Map<string, number>()
  const window = full ? from.window : undefined
  const builder = new SnapshotBuilder(before, { full, detail, onlyBookings, zones, window })
  try {
    const usePage = ({ events, timeZone }: EventsPage): void => {
      onPage()
      found += events.length - countOwn(events)
      booked &&= withBooked(booked, events)
      addVersions(versions, events)
      builder.add(events, timeZone)
    }
    const end = await client.events(accessToken, request, usePage, isAnnounced ? { priority: 'interactive' } : {})
    const { snapshot, doubtful } = builder.finish(end.timeZone, end)
    // Google does not repeat a delta. If part of it was not understood, only a full listing can repair that.
    const syncToken = doubtful && !full ? undefined : end.nextSyncToken
    return { snapshot, booked, versions: versions.size > 0 ? versions : undefined, syncToken, doubtful, found }
  } catch (error) {
    throw asGoogleError(error)
  }
}

function asGoogleError(error: unknown): unknown {
  if (error instanceof CalendarTooLargeError) return new GoogleError('CalendarTooLarge', error.message)
  if (error instanceof UnusableListingError) return new GoogleError('Unknown', error.message)
  return error
}
