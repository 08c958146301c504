import type { EventsRequest, GoogleClient, ListingEnd } from '../../../src/google/port.ts'

/** The fields of an event that tests read; they are not validated. */
export interface ListedEvent {
  id?: string
  status?: string
  recurringEventId?: string
  attendees?: { self?: boolean; responseStatus?: string }[]
}

export interface WholeListing extends ListingEnd {
  events: ListedEvent[]
}

/** All pages of one listing together, for tests of short ones. */
export async function listEvents(
  client: GoogleClient,
  accessToken: string,
  request: EventsRequest,
): Promise<WholeListing> {
  const events: ListedEvent[] = []
  const end = await client.events(accessToken, request, (page) => events.push(...(page.events as ListedEvent[])))
  return { events, ...end }
}
