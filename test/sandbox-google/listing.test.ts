import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Answer, DAY, ids, meeting, startHarness, refusal, type Harness, starts } from './harness.ts'

let harness: Harness
beforeEach(async () => {
  harness = await startHarness()
})
afterEach(() => harness.close())

const alice = 'alice@example.com'

function add(event: Record<string, unknown>, id?: string): string {
  return harness.google.addEvent({ calendar: alice, event: { ...event, ...(id === undefined ? {} : { id }) } }).id
}

async function sync(query: Record<string, string> = {}): Promise<string> {
  const { body } = await harness.list(query)
  return body.nextSyncToken ?? ''
}

describe('events.list', () => {
  it('bounds the end by timeMin and the start by timeMax, both exclusive', async () => {
    add(meeting('09:00', '10:00'), 'early1')
    add(meeting('10:00', '11:00'), 'within')
    add(meeting('11:00', '12:00'), 'later1')
    const window = { timeMin: '2026-11-23T10:00:00+01:00', timeMax: '2026-11-23T11:00:00+01:00' }
    expect(ids(await harness.list(window))).toEqual(['within'])
  })

  it('requires an offset in timeMin and timeMax, and a range that is not empty', async () => {
    expect((await harness.list({ timeMin: '2026-11-23T10:00:00' })).status).toBe(400)
    const empty = { timeMin: '2026-11-23T10:00:00Z', timeMax: '2026-11-23T10:00:00Z' }
    expect(refusal(await harness.list(empty))).toBe('400 timeRangeEmpty')
  })

  it('treats an all-day event as midnight to midnight in the calendar’s zone, with an exclusive end', async () => {
    add({ start: { date: '2026-11-23' }, end: { date: '2026-11-24' } }, 'allday')
    const before = { timeMin: '2026-11-22T00:00:00Z', timeMax: '2026-11-22T23:00:00Z' }
    expect(ids(await harness.list(before))).toEqual([])
    expect(ids(await harness.list({ ...before, timeMax: '2026-11-22T23:00:01Z' }))).toEqual(['allday'])
    expect(ids(await harness.list({ timeMin: '2026-11-23T23:00:00Z' }))).toEqual([])
  })

  it('returns only the requested fields, including nested ones', async () => {
    add(
      meeting('09:00', '10:00', {
        summary: 'Secret',
        attendees: [{ email: alice, responseStatus: 'accepted' }, { email: 'b@x.org' }],
      }),
      'event1',
    )
    const fields = 'items(id,status,start/dateTime,attendees(self,responseStatus)),nextPageToken'
    expect((await harness.list({ fields })).body).toEqual({
      items: [
        {
          id: 'event1',
          status: 'confirmed',
          start: { dateTime: '2026-11-23T09:00:00+01:00' },
          attendees: [{ self: true, responseStatus: 'accepted' }, { responseStatus: 'needsAction' }],
        },
      ],
    })
    expect(refusal(await harness.list({ fields: 'items(id,stauts)' }))).toBe('400 invalidParameter')
    expect(refusal(await harness.list({ fields: 'items(id' }))).toBe('400 invalidParameter')
  })

  it('shows only the own entry if there are more attendees than maxAttendees, and says that others are omitted', async () => {
    add(meeting('09:00', '10:00', { attendees: [{ email: 'b@x.org' }, { email: alice }] }))
    expect((await harness.list({ maxAttendees: '1' })).body.items?.[0]).toMatchObject({
      attendees: [{ email: alice, self: true }],
      attendeesOmitted: true,
    })
    expect((await harness.list({ maxAttendees: '2' })).body.items?.[0]).not.toHaveProperty('attendeesOmitted')
  })

  it('orders by start only if series are expanded, and then returns no sync token', async () => {
    add(meeting('12:00', '13:00'), 'second')
    add(meeting('09:00', '10:00'), 'first0')
    expect((await harness.list({ orderBy: 'startTime' })).status).toBe(400)
    const ordered = await harness.list({ orderBy: 'startTime', singleEvents: 'true' })
    expect(ids(ordered)).toEqual(['first0', 'second'])
    expect(ordered.body).not.toHaveProperty('nextSyncToken')
  })

  it('omits deleted events unless requested, and then shows only the guaranteed fields', async () => {
    harness.google.deleteEvent({ calendar: alice, id: add(meeting('09:00', '10:00', { summary: 'x' }), 'gone01') })
    expect(ids(await harness.list())).toEqual([])
    expect((await harness.list({ showDeleted: 'true' })).body.items).toEqual([{ id: 'gone01', status: 'cancelled' }])
  })

  it('finds a calendar as primary and by its address, and none without access', async () => {
    harness.google.addAccount({ email: 'bob@example.com' })
    expect((await harness.api('GET', '/calendars/alice%40example.com/events')).status).toBe(200)
    expect(refusal(await harness.api('GET', '/calendars/bob%40example.com/events'))).toBe('404 notFound')
    expect(refusal(await harness.api('GET', '/calendars/nobody/events'))).toBe('404 notFound')
  })

  it('shows neither titles nor attendees to accounts that may see free/busy only', async () => {
    harness.google.addAccount({ email: 'bob@example.com' })
    harness.google.share({ calendar: 'bob@example.com', account: alice, role: 'freeBusyReader' })
    harness.google.addEvent({ calendar: 'bob@example.com', event: meeting('09:00', '10:00', { summary: 'Secret' }) })
    const { body } = await harness.api('GET', '/calendars/bob%40example.com/events')
    expect(body.accessRole).toBe('freeBusyReader')
    expect(body.items?.[0]).not.toHaveProperty('summary')
    expect(body.items?.[0]).toMatchObject({ status: 'confirmed', start: { dateTime: '2026-11-23T08:00:00Z' } })
  })
})

describe('pages', () => {
  beforeEach(() => {
    for (let n = 0; n < 5; n++) add(meeting('09:00', '10:00'), `event${n}`)
  })

  it('follow each other without gap or repetition, with the sync token on the last one only', async () => {
    const pages = await allPages({ maxResults: '2' })
    expect(pages.flatMap(ids)).toEqual(['event0', 'event1', 'event2', 'event3', 'event4'])
    expect(pages.map(({ body }) => [body.nextPageToken !== undefined, body.nextSyncToken !== undefined])).toEqual([
      [true, false],
      [true, false],
      [false, true],
    ])
  })

  it('may be short or empty, including the first and the last one', async () => {
    harness.google.switches({ pageSizeCap: 3, emptyPages: true })
    const pages = await allPages({})
    expect(pages.map((page) => ids(page).length)).toEqual([0, 3, 0, 2, 0])
    expect(pages.at(-1)?.body).toHaveProperty('nextSyncToken')
  })

  it('belong to their query', async () => {
    const { body } = await harness.list({ maxResults: '2' })
    const pageToken = body.nextPageToken ?? ''
    expect(refusal(await harness.list({ maxResults: '2', pageToken, singleEvents: 'true' }))).toBe('400 invalid')
    expect(refusal(await harness.list({ pageToken: 'garbage' }))).toBe('400 invalid')
  })

  it('lose no change that happens while they are read: it comes with the next sync', async () => {
    const first = await harness.list({ maxResults: '2' })
    harness.google.changeEvent({ calendar: alice, id: 'event0', changes: { summary: 'Changed' } })
    add(meeting('09:00', '10:00'), 'event9')
    let page = first
    while (page.body.nextPageToken !== undefined)
      page = await harness.list({ maxResults: '2', pageToken: page.body.nextPageToken })
    expect(ids(await harness.list({ syncToken: page.body.nextSyncToken ?? '' }))).toEqual(['event0', 'event9'])
  })

  it('can be made to fail in the middle of a listing', async () => {
    harness.google.failPage({ page: 2, times: 1 })
    const first = await harness.list({ maxResults: '2' })
    const query = { maxResults: '2', pageToken: first.body.nextPageToken ?? '' }
    expect(refusal(await harness.list(query))).toBe('503 backendError')
    expect(ids(await harness.list(query))).toEqual(['event2', 'event3'])
  })

  async function allPages(query: Record<string, string>): Promise<Answer[]> {
    const pages = [await harness.list(query)]
    for (let token = pages[0]?.body.nextPageToken; token !== undefined; token = pages.at(-1)?.body.nextPageToken) {
      pages.push(await harness.list({ ...query, pageToken: token }))
    }
    return pages
  }
})

describe('sync tokens', () => {
  it('return what changed since, once, with deleted events as tombstones', async () => {
    add(meeting('09:00', '10:00'), 'stays0')
    add(meeting('09:00', '10:00'), 'moved0')
    add(meeting('09:00', '10:00'), 'gone00')
    const syncToken = await sync()
    harness.google.changeEvent({ calendar: alice, id: 'moved0', changes: meeting('14:00', '15:00') })
    harness.google.deleteEvent({ calendar: alice, id: 'gone00' })
    add(meeting('16:00', '17:00'), 'newone')
    const delta = await harness.list({ syncToken })
    expect(ids(delta)).toEqual(['moved0', 'gone00', 'newone'])
    expect(delta.body.items?.[1]).toEqual({ id: 'gone00', status: 'cancelled' })
    expect(ids(await harness.list({ syncToken: delta.body.nextSyncToken ?? '' }))).toEqual([])
    expect(ids(await harness.list({ syncToken }))).toHaveLength(3)
  })

  it.each([
    'timeMin',
    'timeMax',
    'updatedMin',
    'orderBy',
    'q',
    'iCalUID',
    'privateExtendedProperty',
    'sharedExtendedProperty',
  ])('are refused beside %s', async (name) => {
    const syncToken = await sync({ singleEvents: 'true' })
    const value = name === 'orderBy' ? 'startTime' : '2026-11-23T10:00:00Z'
    expect(refusal(await harness.list({ syncToken, singleEvents: 'true', [name]: value }))).toBe('400 invalid')
  })

  it('are refused together with showDeleted=false, and with parameters other than those of the first call', async () => {
    const syncToken = await sync({ singleEvents: 'true' })
    const same = { syncToken, singleEvents: 'true' }
    expect(refusal(await harness.list({ ...same, showDeleted: 'false' }))).toBe('400 invalid')
    expect(refusal(await harness.list({ syncToken }))).toBe('400 invalid')
    expect(refusal(await harness.list({ ...same, maxAttendees: '1' }))).toBe('400 invalid')
    expect((await harness.list({ ...same, fields: 'items(id),nextSyncToken', maxResults: '10' })).status).toBe(200)
  })

  it('are invalid if they are made up, changed, or from another calendar', async () => {
    const syncToken = await sync()
    for (const bad of ['garbage', `${syncToken.slice(0, -4)}AAAA`]) {
      const answer = await harness.list({ syncToken: bad })
      expect(refusal(answer)).toBe('400 invalid')
      expect(answer.body.error?.message).toBe('Invalid sync token value.')
    }
    const { id } = harness.google.addCalendar({ owner: alice })
    expect(refusal(await harness.api('GET', `/calendars/${id}/events?syncToken=${syncToken}`))).toBe('400 invalid')
  })

  it('expire by the switch, by age and by a change of access, and then answer 410 in the back-end envelope', async () => {
    const first = await sync()
    harness.google.expireSyncTokens({ calendar: alice })
    const gone = await harness.list({ syncToken: first })
    expect(refusal(gone)).toBe('410 fullSyncRequired')
    expect(gone.body.error).not.toHaveProperty('status')
    expect(gone.body.error?.errors?.[0]).toMatchObject({ domain: 'calendar', location: 'syncToken' })
    const second = await sync()
    harness.google.addAccount({ email: 'bob@example.com' })
    harness.google.share({ calendar: alice, account: 'bob@example.com', role: 'reader' })
    expect(refusal(await harness.list({ syncToken: second }))).toBe('410 fullSyncRequired')
    harness.google.switches({ syncTokenLifetime: 600 })
    const third = await sync()
    await harness.clock.advance(599_999)
    expect((await harness.list({ syncToken: third })).status).toBe(200)
    await harness.clock.advance(1)
    expect(refusal(await harness.list({ syncToken: third }))).toBe('410 fullSyncRequired')
  })

  it('keep the window of the first call, which does not move: changed events outside of it are shown too', async () => {
    const window = { timeMin: '2026-11-23T00:00:00Z', timeMax: '2026-11-30T00:00:00Z', singleEvents: 'true' }
    add(meeting('2026-11-24T09:00:00', '2026-11-24T10:00:00', { recurrence: ['RRULE:FREQ=DAILY'] }), 'daily0')
    const first = await harness.list(window)
    expect(starts(first).at(-1)).toBe('2026-11-29T09:00:00+01:00')
    harness.google.advance({ ms: DAY / 48 })
    add(meeting('2027-05-01T09:00:00', '2027-05-01T10:00:00'), 'faraway')
    harness.google.changeEvent({ calendar: alice, id: 'daily0', changes: { summary: 'Renamed' } })
    const delta = await harness.list({ syncToken: first.body.nextSyncToken ?? '', singleEvents: 'true' })
    expect(ids(delta)).toContain('faraway')
    expect(starts(delta).filter((start) => start?.includes('T09:00:00+01:00'))).toHaveLength(6)
  })
})
