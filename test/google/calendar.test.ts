import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MAX_BYTES } from '../../src/google/body-budget.ts'
import type { EventsRequest } from '../../src/google/port.ts'
import { backEnd, failureOf, startHarness, type Harness } from './support/harness.ts'
import { listEvents, type WholeListing } from './support/listing.ts'

let harness: Harness
beforeEach(async () => {
  harness = await startHarness()
})
afterEach(() => harness.close())

const ACCESS = 'ya29.access'
const ID = 'alice+team@example.com'
const WINDOW = { start: Date.parse('2026-11-22T10:00:00Z'), end: Date.parse('2027-02-21T10:00:00Z') }
const FULL: EventsRequest = { calendarId: ID, detail: 'Busy', from: { window: WINDOW } }
const NEXT: EventsRequest = { calendarId: ID, detail: 'Busy', from: { syncToken: 'S1' } }

const events = (request = FULL): Promise<WholeListing> => listEvents(harness.client, ACCESS, request)
const page = (items: object[], rest: object): { json: object } => ({
  json: { timeZone: 'Europe/Paris', items, ...rest },
})

test('a calendar whose id cannot be encoded is not asked for', async () => {
  const failed = await failureOf(harness.client.calendar(ACCESS, 'a\ud800'))
  expect([failed.failure, failed.message]).toEqual(['Unknown', 'the request could not be made'])
  expect(harness.asked).toEqual([])
})

describe('a first listing', () => {
  test('asks for the window, single events, and only the fields that are used', async () => {
    harness.next(page([], { nextSyncToken: 'S1' }))
    await events()
    const [{ method, path, query, headers }] = harness.asked as [Harness['asked'][number]]
    expect(method).toBe('GET')
    expect(path).toBe('/calendar/v3/calendars/alice%2Bteam%40example.com/events')
    expect(query).toMatchObject({
      maxResults: '250',
      maxAttendees: '1',
      singleEvents: 'true',
      timeMin: '2026-11-22T10:00:00.000Z',
      timeMax: '2027-02-21T10:00:00.000Z',
    })
    expect(query.fields).toContain('attendees(self,responseStatus)')
    expect(query.fields).not.toMatch(/summary|description|location|email/)
    expect(query).not.toHaveProperty('orderBy')
    expect(headers.authorization).toBe(`Bearer ${ACCESS}`)
  })

  test('asks for titles and guests only where all detail is wanted', async () => {
    harness.next(page([], {}))
    await events({ ...FULL, detail: 'Full' })
    expect(harness.asked[0]?.query.fields).toContain('summary,description,location')
    expect(harness.asked[0]?.query.maxResults).toBe('250')
    expect(harness.asked[0]?.query).not.toHaveProperty('maxAttendees')
  })

  test('answers the events as Google sent them, with zone and sync token', async () => {
    const event = { id: 'e1', status: 'confirmed', start: { date: '2026-12-24' }, end: { date: '2026-12-25' } }
    harness.next(page([event], { nextSyncToken: 'S1' }))
    expect(await events()).toMatchObject({ events: [event], nextSyncToken: 'S1', timeZone: 'Europe/Paris' })
  })

  test('without a time zone is not Google’s, and is no empty calendar', async () => {
    harness.next({ json: { items: [], nextSyncToken: 'S1' } })
    expect(await failureOf(events())).toMatchObject({
      failure: 'Unknown',
      message: expect.stringContaining('time zone') as string,
    })
  })

  test('with a page that is larger than any may be says that this calendar is too large', async () => {
    harness.next({ text: `{"timeZone":"UTC","items":["${'x'.repeat(MAX_BYTES)}"]}` })
    expect((await failureOf(events())).failure).toBe('CalendarTooLarge')
  })

  test('answers no sync token where Google gave none', async () => {
    harness.next(page([], {}))
    expect((await events()).nextSyncToken).toBeUndefined()
  })
})

describe('a next listing', () => {
  test('sends the sync token with the same parameters, and nothing that Google forbids together with it', async () => {
    harness.next(page([], { nextSyncToken: 'S1' }), page([], { nextSyncToken: 'S2' }))
    await events()
    await events(NEXT)
    const [first, second] = harness.asked.map(({ query }) => query) as [Record<string, string>, Record<string, string>]
    const { timeMin, timeMax, ...always } = first
    expect([timeMin, timeMax]).not.toContain(undefined)
    expect(second).toEqual({ ...always, syncToken: 'S1' })
  })

  test('repeats the sync token with each page token', async () => {
    harness.next(page([], { nextPageToken: 'P1' }), page([], { nextSyncToken: 'S2' }))
    await events(NEXT)
    expect(harness.asked.map(({ query }) => [query.syncToken, query.pageToken])).toEqual([
      ['S1', undefined],
      ['S1', 'P1'],
    ])
  })

  test.each([
    ['410 fullSyncRequired', backEnd(410, 'fullSyncRequired', 'calendar')],
    ['410 updatedMinTooLongAgo', backEnd(410, 'updatedMinTooLongAgo', 'calendar')],
    ['410 for a reason nobody knows', backEnd(410, 'somethingNew')],
    ['400 invalid', backEnd(400, 'invalid')],
  ])('is told by %s that its token is no good', async (_, reply) => {
    harness.next(reply)
    expect((await failureOf(events(NEXT))).failure).toBe('SyncTokenExpired')
  })

  test('is also reported on a later page, and returns nothing of the earlier ones', async () => {
    harness.next(page([{ id: 'e1' }], { nextPageToken: 'P1' }), backEnd(410, 'fullSyncRequired', 'calendar'))
    expect((await failureOf(events(NEXT))).failure).toBe('SyncTokenExpired')
  })

  test('without a sync token 400 invalid is no word about one', async () => {
    harness.next(backEnd(400, 'invalid'))
    expect((await failureOf(events())).failure).toBe('Unknown')
  })
})

describe('pages', () => {
  test('may be short or empty: only a missing token ends the list', async () => {
    harness.next(
      page([], { nextPageToken: 'P1' }),
      page([{ id: 'e1' }], { nextPageToken: 'P2', nextSyncToken: 'too early' }),
      page([], { nextPageToken: 'P3' }),
      page([{ id: 'e2' }], { nextPageToken: '', nextSyncToken: 'S1' }),
    )
    const listing = await events()
    expect(listing.events.map(({ id }) => id)).toEqual(['e1', 'e2'])
    expect(listing.nextSyncToken).toBe('S1')
  })

  test('whose token comes again never end: the listing is given up', async () => {
    harness.next(
      page([], { nextPageToken: 'P1' }),
      page([], { nextPageToken: 'P2' }),
      page([], { nextPageToken: 'P1' }),
    )
    const { failure, message } = await failureOf(events())
    expect({ failure, message }).toEqual({
      failure: 'Unknown',
      message: 'the list of events does not come to an end',
    })
    expect(harness.asked).toHaveLength(3)
  })

  test('of which one fails make no listing', async () => {
    harness.next(page([{ id: 'e1' }], { nextPageToken: 'P1' }), { status: 503, text: '' })
    expect((await failureOf(events())).failure).toBe('Unreachable')
  })

  test('each have a deadline of thirty seconds of their own', async () => {
    harness.next((response) => {
      harness.clock.jump(29_000)
      response.end(JSON.stringify(page([], { nextPageToken: 'P1' }).json))
    })
    harness.next(() => undefined)
    let ended = false
    const failed = failureOf(events()).finally(() => (ended = true))
    await harness.came(2)
    await harness.clock.advance(29_999)
    expect(ended).toBe(false)
    await harness.clock.advance(1)
    expect((await failed).message).toBe('no answer in time')
  })
})

describe('what is no calendar is never taken for an empty one', () => {
  test.each([
    ['an answer that is cut off', { text: '{"timeZone":"Europe/Paris","items":[{"id":"e1"}' }, 'Unreachable'],
    ['a web page', { text: '<!doctype html><title>Sign in to the network</title>' }, 'Unreachable'],
    ['an empty body', { text: '' }, 'Unreachable'],
    ['null', { json: null }, 'Unreachable'],
    ['an empty object', { json: {} }, 'Unknown'],
    ['somebody else’s object', { json: { status: 'ok' } }, 'Unknown'],
    ['items that are no list', { json: { timeZone: 'UTC', items: 'none' } }, 'Unknown'],
    ['an answer without items', { json: { timeZone: 'UTC', nextSyncToken: 'S1' } }, 'Unknown'],
    ['a page token that is no text', page([], { nextPageToken: 5 }), 'Unknown'],
    ['a sync token of 1 MB', page([], { nextSyncToken: 'S'.repeat(1_000_000) }), 'Unknown'],
    ['a sync token of 100 kB', page([], { nextSyncToken: 'S'.repeat(100_000) }), 'Unknown'],
    ['a sync token that is no text', page([], { nextSyncToken: {} }), 'Unknown'],
    ['a time zone of 1 kB', page([], { timeZone: 'Z'.repeat(1_000) }), 'Unknown'],
    ['204', { status: 204, text: '' }, 'Unknown'],
    ['a redirect', { status: 302, text: '', headers: { location: '/elsewhere' } }, 'Unknown'],
  ])('%s', async (_, reply, failure) => {
    harness.next(reply)
    expect((await failureOf(events())).failure).toBe(failure)
    expect(harness.asked).toHaveLength(1)
  })

  test('JSON is read as such whatever its content type', async () => {
    const { json } = page([{ id: 'e1' }], {})
    harness.next({ json, headers: { 'content-type': 'application/octet-stream' } })
    expect((await events()).events).toEqual([{ id: 'e1' }])
  })

  test('an item that is not an event is passed on', async () => {
    harness.next({ json: { timeZone: 'UTC', items: [null, 'x', { id: 'e1' }] } })
    expect((await events()).events).toEqual([null, 'x', { id: 'e1' }])
  })
})

describe('compression', () => {
  test('is asked for, and understood', async () => {
    harness.next({ ...page([{ id: 'zipped' }], {}), gzip: true })
    expect((await events()).events).toEqual([{ id: 'zipped' }])
    expect(harness.asked[0]?.headers['accept-encoding']).toBe('gzip')
  })

  test('of a refusal is understood too', async () => {
    harness.next({ ...backEnd(404, 'notFound'), gzip: true })
    expect((await failureOf(events())).failure).toBe('NotFound')
  })
})

describe('an entry of the calendar list', () => {
  test('tells the real id of the primary calendar', async () => {
    harness.next({ json: { id: 'alice@example.com', timeZone: 'Europe/Paris', accessRole: 'owner', primary: true } })
    expect(await harness.client.calendar(ACCESS, 'primary')).toEqual({
      id: 'alice@example.com',
      timeZone: 'Europe/Paris',
      accessRole: 'owner',
      primary: true,
    })
    expect(harness.asked[0]?.path).toBe('/calendar/v3/users/me/calendarList/primary')
  })

  test.each([[{}], [{ id: '' }], [{ id: 7 }], [{ id: 'x'.repeat(2_000) }]])(
    'without an id is none: %j',
    async (json) => {
      harness.next({ json })
      expect((await failureOf(harness.client.calendar(ACCESS, 'primary'))).failure).toBe('Unknown')
    },
  )
})

test('an answer that would be more than memory bears, once parsed, is refused as a whole, for that calendar alone', async () => {
  harness.next({ text: `{"timeZone":"UTC","items":[${'['.repeat(60)}${']'.repeat(60)}]}` })
  const { failure, message } = await failureOf(events(NEXT))
  expect({ failure, message }).toEqual({
    failure: 'Unknown',
    message: 'the answer is larger than any that Google gives',
  })
})

describe('errors', () => {
  test.each([
    ['a refusal', backEnd(403, 'forbidden')],
    ['half an answer', { text: '{' }],
    ['more than Google says', { text: `{"items":${'['.repeat(60)}${']'.repeat(60)}}` }],
    ['a broken connection', (response: { socket: { destroy(): void } | null }) => response.socket?.destroy()],
  ])('of %s keep nothing of the request, however deep one looks', async (_, reply) => {
    harness.next(reply)
    const error = await failureOf(events(NEXT))
    const all = inspect(error, { depth: 10, showHidden: true }) + JSON.stringify(error)
    for (const secret of [ACCESS, 'S1', 'alice', 'calendar/v3']) expect(all).not.toContain(secret)
  })

  test('even an access token that can’t be sent doesn’t show', async () => {
    const error = await failureOf(listEvents(harness.client, 'ya29.with\nnewline', FULL))
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('ya29')
    expect(harness.asked).toHaveLength(0)
  })

  test.each([
    ['30', 30_000],
    ['Mon, 23 Nov 2026 10:01:30 GMT', 90_000],
  ])('carry Retry-After: %s', async (value, ms) => {
    harness.next({ status: 503, text: '', headers: { 'retry-after': value } })
    expect(await failureOf(events())).toMatchObject({ failure: 'Unreachable', status: 503, retryAfterMs: ms })
  })
})
