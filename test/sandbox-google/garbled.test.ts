import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { MUTATIONS } from '../../sandbox/google/control/garbling.ts'
import { meeting, newStage, refusal, type Stage } from './fixture.ts'

let stage: Stage
beforeEach(async () => {
  stage = await newStage()
  stage.google.addEvent({ calendar: 'alice@example.com', event: { id: 'aaaaa', ...meeting('09:00', '10:00') } })
})
afterEach(() => stage.close())

describe('answers are garbled on demand', () => {
  it('by a function, for the requests that are meant, so often as is said', async () => {
    stage.google.addFault({
      fault: 'garbled',
      kind: 'events.list',
      times: 1,
      change: (answer) => ({ ...(answer as object), items: [null, 5] }),
    })
    expect((await stage.list()).body.items).toEqual([null, 5])
    expect((await stage.list()).body.items).toMatchObject([{ id: 'aaaaa' }])
  })

  it('by another body, as text or as JSON', async () => {
    stage.google.addFault({ fault: 'garbled', kind: 'calendarList.get', times: 1, body: { id: 'x' } })
    expect((await stage.api('GET', '/users/me/calendarList/primary')).body).toEqual({ id: 'x' })
    stage.google.addFault({ fault: 'garbled', kind: 'calendarList.get', times: 1, body: '{"id": ' })
    await expect(stage.api('GET', '/users/me/calendarList/primary')).rejects.toThrow(/JSON/)
  })

  it('by a mutation of a name, of listings, calendars and tokens', async () => {
    stage.google.addFault({ fault: 'garbled', kind: 'events.list', times: 1, mutation: 'zeroId' })
    expect((await stage.list()).body.items).toMatchObject([{ id: 0, status: 'confirmed' }])
    stage.google.addFault({ fault: 'garbled', kind: 'token.refresh', times: 1, mutation: 'unsendableAccessToken' })
    expect((await stage.refresh()).body.access_token).toMatch(/\n/)
    stage.google.addFault({ fault: 'garbled', kind: 'calendarList.get', times: 1, mutation: 'numberCalendarId' })
    expect((await stage.api('GET', '/users/me/calendarList/primary')).body.id).toBe(7)
  })

  it.each(MUTATIONS)('%s changes an answer', async (mutation) => {
    stage.google.addEvent({ calendar: 'alice@example.com', event: { id: 'bbbbb', ...meeting('11:00', '12:00') } })
    const kinds = [
      () => stage.list(),
      () => stage.api('GET', '/users/me/calendarList/primary'),
      () => stage.refresh(),
    ] as const
    let changed = 0
    for (const ask of kinds) {
      const plain = await ask()
      stage.google.addFault({ fault: 'garbled', times: 1, mutation })
      const garbled = await ask()
      if (JSON.stringify(garbled.body) !== JSON.stringify({ ...plain.body, ...timeless(garbled.body) })) changed += 1
    }
    expect(changed).toBeGreaterThan(0)
  })

  it('and what asks for it must be right', () => {
    expect(() => stage.google.addFault({ fault: 'garbled' })).toThrow(/needs one of/)
    expect(() => stage.google.addFault({ fault: 'garbled', mutation: 'nonsense' as 'noId' })).toThrow(
      /there are nothing/,
    )
  })

  /** What differs from answer to answer anyway. */
  const timeless = (body: Record<string, unknown> | null): object =>
    typeof body?.access_token === 'string' && /^ya29\.[\w-]{20,60}$/.test(body.access_token)
      ? { access_token: body.access_token }
      : {}
})

describe('Google Calendar that is switched off for an account', () => {
  it('refuses every call to the API, though tokens are given', async () => {
    stage.google.switchCalendar({ account: 'alice@example.com', on: false })
    const answer = await stage.list()
    expect(refusal(answer)).toBe('403 notACalendarUser')
    expect(answer.body.error?.errors?.[0]?.domain).toBe('calendar')
    expect(refusal(await stage.api('GET', '/users/me/calendarList/primary'))).toBe('403 notACalendarUser')
    expect((await stage.refresh()).status).toBe(200)
    stage.google.switchCalendar({ account: 'alice@example.com', on: true })
    expect((await stage.list()).status).toBe(200)
  })
})

describe('an outage', () => {
  it('refuses connections for as long as is said', async () => {
    await stage.list()
    stage.google.outage({ ms: 60_000 })
    await expect(stage.list()).rejects.toThrow()
    await stage.clock.advance(59_999)
    await expect(stage.list()).rejects.toThrow()
    await stage.clock.advance(1)
    await vi.waitFor(async () => expect((await stage.list()).status).toBe(200), 60_000)
  })

  it('or until somebody ends it', async () => {
    stage.google.outage()
    await expect(stage.refresh()).rejects.toThrow()
    stage.google.comeBack()
    await vi.waitFor(async () => expect((await stage.refresh()).status).toBe(200), 60_000)
  })
})

describe('Retry-After', () => {
  it.each([['7'], ['Wed, 21 Oct 2099 07:28:00 GMT'], ['-1'], ['soon'], ['86400000']])(
    'may be %s',
    async (retryAfter) => {
      stage.google.addFault({ fault: '503', times: 1, retryAfter })
      expect((await stage.list()).headers.get('retry-after')).toBe(retryAfter)
    },
  )
})

describe('a huge calendar', () => {
  it('has many events with long texts and many guests, and is listed page by page', async () => {
    const { google } = stage
    google.addCalendar({ owner: 'alice@example.com', id: 'huge@example.com' })
    google.fill({ calendar: 'huge@example.com', events: 2000, characters: 8000, guests: 200 })
    const list = (query: Record<string, string>) =>
      stage.api('GET', `/calendars/huge%40example.com/events?${new URLSearchParams(query).toString()}`)
    const page = await list({ maxResults: '250', fields: 'items(id,description,attendees),nextPageToken' })
    expect(page.body.items).toHaveLength(250)
    expect(page.body.items?.[249]?.description).toHaveLength(8000)
    expect(page.body.items?.[249]?.attendees).toHaveLength(200)
    expect(page.body.nextPageToken).toBeTypeOf('string')
    const all = await list({ maxResults: '2500', fields: 'items(id),nextSyncToken' })
    expect(new Set(all.body.items?.map(({ id }) => id)).size).toBe(2000)
    expect(all.body.nextSyncToken).toBeTypeOf('string')
  })

  it('shows only the own answer where maxAttendees says so', async () => {
    stage.google.fill({ calendar: 'alice@example.com', events: 150, guests: 200 })
    const { body } = await stage.list({ maxAttendees: '1' })
    expect(body.items?.[149]).toMatchObject({
      attendeesOmitted: true,
      attendees: [{ email: 'alice@example.com', self: true, responseStatus: 'accepted' }],
    })
  })

  it('may have page and sync tokens of any length', async () => {
    stage.google.switches({ tokenLength: 50_000, pageSizeCap: 1 })
    stage.google.addEvent({ calendar: 'alice@example.com', event: { id: 'bbbbb', ...meeting('11:00', '12:00') } })
    const { body } = await stage.list()
    expect(body.nextPageToken?.length).toBeGreaterThanOrEqual(50_000)
    // A query of that length is more than HTTP servers take: 16 kB is.
    stage.google.switches({ tokenLength: 5000 })
    const first = await stage.list()
    const second = await stage.list({ pageToken: first.body.nextPageToken ?? '' })
    expect(second.body.items).toMatchObject([{ id: 'bbbbb' }])
    expect(second.body.nextSyncToken?.length).toBeGreaterThanOrEqual(5000)
    expect((await stage.list({ syncToken: second.body.nextSyncToken ?? '' })).body.items).toEqual([])
  })
})
