/** One listing of one calendar, folded into a new snapshot page by page: all of it, or nothing and an error. */
import type { CalendarSnapshot } from '../calendar/calendar-snapshot.ts'
import { UnusableListingError } from '../calendar/event-keys.ts'
import { SnapshotBuilder } from '../calendar/snapshot-builder.ts'
import { CalendarTooLargeError } from '../calendar/snapshot-limits.ts'
import type { Zones } from '../calendar/zones.ts'
import { GoogleError, type EventsRequest, type GoogleClient } from '../google/port.ts'

export interface ListingRequest extends EventsRequest {
  accessToken: string
  /** What was known of the calendar before, if anything. */
  before: CalendarSnapshot | undefined
  /** Called with each page that was read. */
  onPage: () => void
}

export interface ListedCalendar {
  snapshot: CalendarSnapshot
  /** Under a name that whoever reads what is published knows. */
  timeZone: string
  /** What to go on from; undefined where a full listing has to follow. */
  syncToken: string | undefined
  /** Something was not understood, or contradicts itself. */
  doubtful: boolean
}

/** @throws {GoogleError} and nothing else, where Google's answers can't be used either. */
export async function listCalendar(
  client: GoogleClient,
  zones: Zones,
  { accessToken, before, onPage, ...request }: ListingRequest,
): Promise<ListedCalendar> {
  const { detail, from } = request
  const full = 'window' in from
  const builder = new SnapshotBuilder(before, { full, detail, zones, window: full ? from.window : undefined })
  try {
    const end = await client.events(accessToken, request, ({ events, timeZone }) => {
      onPage()
      builder.add(events, timeZone)
    })
    const { snapshot, doubtful } = builder.finish(end.timeZone)
    // What a delta said and we did not understand will not be said requeue: only a full listing can make it good.
    const syncToken = doubtful && !full ? undefined : end.nextSyncToken
    return { snapshot, timeZone: zones.nameOf(end.timeZone), syncToken, doubtful }
  } catch (error) {
    throw asGoogleError(error)
  }
}

function asGoogleError(error: unknown): unknown {
  if (error instanceof CalendarTooLargeError) return new GoogleError('CalendarTooLarge', error.message)
  if (error instanceof UnusableListingError) return new GoogleError('Unknown', error.message)
  return error
}
