/** Lists one calendar: merges the pages into a new snapshot as they arrive. The result is a complete listing or an error. */
import type { CalendarSnapshot } from '../calendar/calendar-snapshot.ts'
import { UnusableListingError } from '../calendar/event-keys.ts'
import { SnapshotBuilder } from '../calendar/snapshot-builder.ts'
import { CalendarTooLargeError } from '../calendar/snapshot-limits.ts'
import type { Zones } from '../calendar/zones.ts'
import { GoogleError, type EventsPage, type EventsRequest, type GoogleClient } from '../google/port.ts'

/** Which calendar to list, from which point, and with which token. */
interface ListingRequest extends EventsRequest {
  accessToken: string
  /** The previous snapshot of the calendar, if there is one. */
  before: CalendarSnapshot | undefined
  /** Google has announced a change: it goes before routine reads. */
  isAnnounced: boolean
  /** Called for each page. */
  onPage: () => void
}

/** A merged listing. */
interface ListedCalendar {
  snapshot: CalendarSnapshot
  /** Where the next incremental listing starts; undefined if a full one has to follow. */
  syncToken: string | undefined
  /** The listing contradicts itself, or part of it was not understood. */
  doubtful: boolean
  /** How many events were listed. */
  found: number
}

/**
 * Requests a full listing of a window, or the changes since a sync token.
 * @throws GoogleError also for an answer that cannot be used.
 */
export async function listCalendar(
  client: GoogleClient,
  zones: Zones,
  { accessToken, before, onPage, isAnnounced, ...request }: ListingRequest,
): Promise<ListedCalendar> {
  const { detail, from } = request
  const full = 'window' in from
  let found = 0
  const builder = new SnapshotBuilder(before, { full, detail, zones, window: full ? from.window : undefined })
  try {
    const usePage = ({ events, timeZone }: EventsPage): void => {
      onPage()
      found += events.length
      builder.add(events, timeZone)
    }
    const end = await client.events(accessToken, request, usePage, isAnnounced ? { priority: 'interactive' } : {})
    const { snapshot, doubtful } = builder.finish(end.timeZone, end)
    // Google does not repeat a delta. If part of it was not understood, only a full listing can repair that.
    const syncToken = doubtful && !full ? undefined : end.nextSyncToken
    return { snapshot, syncToken, doubtful, found }
  } catch (error) {
    throw asGoogleError(error)
  }
}

function asGoogleError(error: unknown): unknown {
  if (error instanceof CalendarTooLargeError) return new GoogleError('CalendarTooLarge', error.message)
  if (error instanceof UnusableListingError) return new GoogleError('Unknown', error.message)
  return error
}
