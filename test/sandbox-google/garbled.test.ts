import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { MUTATIONS } from '../../sandbox/google/state/garbling.ts'
import { meeting, startHarness, refusal, type Harness } from './harness.ts'

let harness: Harness
beforeEach(async () => {
  harness = await startHarness()
  harness.google.addEvent({ calendar: 'alice@example.com', event: { id: 'aaaaa', ...meeting('09:00', '10:00') } })
})
afterEach(() => harness.close())

describe('answers are garbled on demand', () => {
  it('by a function, for the requests of a rule, as often as it says', async () => {
    harness.google.addFault({
      fault: 'garbled',
      kind: 'events.list',
      times: 1,
      change: (answer) => ({ ...(answer as object), items: [null, 5] }),
    })
    expect((await harness.list()).body.items).toEqual([null, 5])
    expect((await harness.list()).body.items).toMatchObject([{ id: 'aaaaa' }])
  })

  it('by another body, as text or as JSON', async () => {
    harness.google.addFault({ fault: 'garbled', kind: 'calendarList.get', times: 1, body: { id: 'x' } })
    expect((await harness.api('GET', '/users/me/calendarList/primary')).body).toEqual({ id: 'x' })
    harness.google.addFault({ fault: 'garbled', kind: 'calendarList.get', times: 1, body: '{"id": ' })
    await expect(harness.api('GET', '/users/me/calendarList/primary')).rejects.toThrow(/JSON/)
  })

  it('by a named mutation, for listings, calendars and tokens', async () => {
    harness.google.addFault({ fault: 'garbled', kind: 'events.list', times: 1, mutation: 'zeroId' })
    expect((await harness.list()).body.items).toMatchObject([{ id: 0, status: 'confirmed' }])
    harness.google.addFault({ fault: 'garbled', kind: 'token.refresh', times: 1, mutation: 'unsendableAccessToken' })
    expect((await harness.refresh()).body.access_token).toMatch(/\n/)
    harness.google.addFault({ fault: 'garbled', kind: 'calendarList.get', times: 1, mutation: 'numberCalendarId' })
    expect((await harness.api('GET', '/users/me/calendarList/primary')).body.id).toBe(7)
  })

  it.each(MUTATIONS)('%s changes an answer', async (mutation) => {
    harness.google.addEvent({ calendar: 'alice@example.com', event: { id: 'bbbbb', ...meeting('11:00', '12:00') } })
    const kinds = [
      () => harness.list(),
      () => harness.api('GET', '/users/me/calendarList/primary'),
      () => harness.refresh(),
    ] as const
    let changed = 0
    for (const ask of kinds) {
      const plain = await ask()
      harness.google.addFault({ fault: 'garbled', times: 1, mutation })
      const garbled = await ask()
      if (JSON.stringify(garbled.body) !== JSON.stringify({ ...plain.body, ...timeless(garbled.body) })) changed += 1
    }
    expect(changed).toBeGreaterThan(0)
  })

  it('only by a valid request', () => {
    expect(() => harness.google.addFault({ fault: 'garbled' })).toThrow(/needs one of/)
    expect(() => harness.google.addFault({ fault: 'garbled', mutation: 'nonsense' as 'noId' })).toThrow(
      /there are nothing/,
    )
  })

  /** Removes what differs between any two answers. */
  const timeless = (body: Record<string, unknown> | null): object =>
    typeof body?.access_token === 'string' && /^ya29\.[\w-]{20,60}$/.test(body.access_token)
      ? { access_token: body.access_token }
      : {}
})

describe('Google Calendar that is switched off for an account', () => {
  it('refuses every call to the API, although tokens are issued', async () => {
    harness.google.switchCalendar({ account: 'alice@example.com', on: false })
    const answer = await harness.list()
    expect(refusal(answer)).toBe('403 notACalendarUser')
    expect(answer.body.error?.errors?.[0]?.domain).toBe('calendar')
    expect(refusal(await harness.api('GET', '/users/me/calendarList/primary'))).toBe('403 notACalendarUser')
    expect((await harness.refresh()).status).toBe(200)
    harness.google.switchCalendar({ account: 'alice@example.com', on: true })
    expect((await harness.list()).status).toBe(200)
  })
})

describe('an outage', () => {
  it('refuses connections for the given time', async () => {
    await harness.list()
    harness.google.outage({ ms: 60_000 })
    await expect(harness.list()).rejects.toThrow()
    await harness.clock.advance(59_999)
    await expect(harness.list()).rejects.toThrow()
    await harness.clock.advance(1)
    await vi.waitFor(async () => expect((await harness.list()).status).toBe(200), 60_000)
  })

  it('lasts until somebody ends it', async () => {
    harness.google.outage()
    await expect(harness.refresh()).rejects.toThrow()
    harness.google.endOutage()
    await vi.waitFor(async () => expect((await harness.refresh()).status).toBe(200), 60_000)
  })
})

describe('Retry-After', () => {
  it.each([['7'], ['Wed, 21 Oct 2099 07:28:00 GMT'], ['-1'], ['soon'], ['86400000']])(
    'may be %s',
    async (retryAfter) => {
      harness.google.addFault({ fault: '503', times: 1, retryAfter })
      expect((await harness.list()).headers.get('retry-after')).toBe(retryAfter)
    },
  )
})

describe('a huge calendar', () => {
  it('has many events with long texts and many guests, and is listed page by page', async () => {
    const { google } = harness
    google.addCalendar({ owner: 'alice@example.com', id: 'huge@example.com' })
    google.fill({ calendar: 'huge@example.com', events: 2000, characters: 8000, guests: 200 })
    const list = (query: Record<string, string>) =>
      harness.api('GET', `/calendars/huge%40example.com/events?${new URLSearchParams(query).toString()}`)
    const page = await list({ maxResults: '250', fields: 'items(id,description,attendees),nextPageToken' })
    expect(page.body.items).toHaveLength(250)
    expect(page.body.items?.[249]?.description).toHaveLength(8000)
    expect(page.body.items?.[249]?.attendees).toHaveLength(200)
    expect(page.body.nextPageToken).toBeTypeOf('string')
    const all = await list({ maxResults: '2500', fields: 'items(id),nextSyncToken' })
    expect(new Set(all.body.items?.map(({ id }) => id)).size).toBe(2000)
    expect(all.body.nextSyncToken).toBeTypeOf('string')
  })

  it('shows only the own answer if maxAttendees says so', async () => {
    harness.google.fill({ calendar: 'alice@example.com', events: 150, guests: 200 })
    const { body } = await harness.list({ maxAttendees: '1' })
    expect(body.items?.[149]).toMatchObject({
      attendeesOmitted: true,
      attendees: [{ email: 'alice@example.com', self: true, responseStatus: 'accepted' }],
    })
  })

  it('may have page and sync tokens of any length', async () => {
    harness.google.switches({ tokenLength: 50_000, pageSizeCap: 1 })
    harness.google.addEvent({ calendar: 'alice@example.com', event: { id: 'bbbbb', ...meeting('11:00', '12:00') } })
    const { body } = await harness.list()
    expect(body.nextPageToken?.length).toBeGreaterThanOrEqual(50_000)
    // Node's HTTP server accepts at most 16 kB of headers, and a query of that length is more.
    harness.google.switches({ tokenLength: 5000 })
    const first = await harness.list()
    const second = await harness.list({ pageToken: first.body.nextPageToken ?? '' })
    expect(second.body.items).toMatchObject([{ id: 'bbbbb' }])
    expect(second.body.nextSyncToken?.length).toBeGreaterThanOrEqual(5000)
    expect((await harness.list({ syncToken: second.body.nextSyncToken ?? '' })).body.items).toEqual([])
  })
})
