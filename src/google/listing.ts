/** Requests all pages of a listing (docs/google-behaviour.md#listing-events). A listing is complete or fails, and always ends. */
import type { ListingLease } from './body-budget.ts'
import { GoogleError, type EventsPage, type ListingEnd } from './port.ts'

const MAX_PAGES = 1000
/** In characters. Google's tokens have a few hundred, and have to fit into a URL; names of time zones have about thirty. */
const MAX_LENGTHS = { nextPageToken: 4096, nextSyncToken: 4096, timeZone: 128 }

/** The body of an answer that contains one page; `release` is called when it has been used. */
export interface PageAnswer {
  body: object
  /** The length of its text. */
  characters: number
  release: () => void
}

/**
 * Requests one page after another and passes each to `onPage`; no page is kept. Pages may be short or empty; only a missing page
 * token ends the listing. A repeated page token would never end it and is an error.
 *
 * @throws GoogleError if a page cannot be read, and whatever `onPage` throws.
 */
export async function listPages(
  ask: (pageToken: string | undefined) => Promise<PageAnswer>,
  onPage: (page: EventsPage) => void,
  lease: Pick<ListingLease, 'count' | 'release'>,
): Promise<ListingEnd> {
  try {
    return await listAll(ask, onPage, lease)
  } finally {
    lease.release()
  }
}

async function listAll(
  ask: (pageToken: string | undefined) => Promise<PageAnswer>,
  onPage: (page: EventsPage) => void,
  lease: Pick<ListingLease, 'count'>,
): Promise<ListingEnd> {
  const seen = new Set<string>()
  let timeZone: string | undefined
  // A page must not leave this function: an outer variable would keep it alive while the next one is awaited.
  const use = ({ body, characters, release }: PageAnswer): PageEnd => {
    try {
      const { events, nextPageToken, nextSyncToken, ...page } = pageIn(body)
      timeZone = page.timeZone ?? timeZone
      onPage({ events, timeZone })
      return { characters, nextPageToken, nextSyncToken }
    } finally {
      release()
    }
  }
  for (let token: string | undefined; ;) {
    const next = await ask(token).then(use)
    token = next.nextPageToken
    if (token === undefined) return listingEnd(timeZone, next.nextSyncToken, seen.size + 1)
    await lease.count(next.characters)
    if (seen.has(token) || seen.size >= MAX_PAGES) throw unusable('does not come to an end')
    seen.add(token)
  }
}

interface PageEnd {
  characters: number
  nextPageToken?: string
  nextSyncToken?: string
}

interface Page {
  events: readonly unknown[]
  timeZone?: string
  nextPageToken?: string
  nextSyncToken?: string
}

/** A page that contains anything unusable is rejected as a whole, because a part of it would look complete. */
function pageIn(body: object): Page {
  const fields = body as Record<string, unknown>
  const { items, error } = fields
  if (error !== undefined && error !== null) throw unusable('contains an error')
  if (!Array.isArray(items)) throw unusable(items === undefined ? 'has no items' : 'has items that are not a list')
  const text = (name: keyof typeof MAX_LENGTHS): string | undefined => boundedText(fields[name], name)
  return {
    events: items,
    timeZone: text('timeZone'),
    nextPageToken: text('nextPageToken'),
    nextSyncToken: text('nextSyncToken'),
  }
}

/** Google leaves out empty fields; null and an empty text are treated as missing, too. */
function boundedText(value: unknown, name: keyof typeof MAX_LENGTHS): string | undefined {
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value !== 'string') throw unusable(`has a ${name} that is not a string`)
  if (value.length > MAX_LENGTHS[name]) throw unusable(`has a ${name} of ${value.length} characters`)
  return value
}

/**
 * Google always names the time zone: an object without one does not come from Google, and would look like an empty calendar. The
 * last page has a sync token: if several pages end without one, events may be missing.
 */
function listingEnd(timeZone: string | undefined, nextSyncToken: string | undefined, pages: number): ListingEnd {
  if (timeZone === undefined) throw unusable('has no time zone')
  return { nextSyncToken, timeZone, truncated: pages > 1 && nextSyncToken === undefined }
}

const unusable = (what: string): GoogleError =>
  new GoogleError('Unknown', `the list of events ${what}`, { status: 200 })
