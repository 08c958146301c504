/** From pages to one listing: all of it or nothing, and an end in any case. */
import type { calendar_v3 } from 'googleapis/build/src/apis/calendar/index.js'
import { GoogleError, type EventsListing, type GoogleEvent } from './port.ts'

const MOST_PAGES = 1000

type Page = calendar_v3.Schema$Events

/** Pages may be short or empty: only a missing token ends the list, and one that comes again never would. */
export async function listAll(page: (pageToken: string | undefined) => Promise<Page>): Promise<EventsListing> {
  const events: GoogleEvent[] = []
  const seen = new Set<string>()
  let token: string | undefined
  let timeZone: string | undefined
  for (;;) {
    const answer = await page(token)
    collect(events, answer.items)
    timeZone = textOf(answer.timeZone) ?? timeZone
    token = textOf(answer.nextPageToken)
    if (token === undefined) return whole(events, timeZone, textOf(answer.nextSyncToken))
    if (seen.has(token) || seen.size >= MOST_PAGES) {
      throw new GoogleError('Unknown', 'the list of events does not come to an end', { status: 200 })
    }
    seen.add(token)
  }
}

function collect(events: GoogleEvent[], items: unknown): void {
  if (items === undefined || items === null) return
  if (!Array.isArray(items)) throw new GoogleError('Unknown', 'the list of events is none', { status: 200 })
  for (const item of items as unknown[]) {
    if (typeof item === 'object' && item !== null) events.push(item)
  }
}

/** Google always tells the zone: an object without one is somebody else's, and would read as an empty calendar. */
function whole(events: GoogleEvent[], timeZone: string | undefined, nextSyncToken: string | undefined): EventsListing {
  if (timeZone === undefined) throw new GoogleError('Unknown', 'the list of events has no time zone', { status: 200 })
  return { events, nextSyncToken, timeZone }
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
