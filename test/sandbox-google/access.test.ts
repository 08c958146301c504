import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Answer, CALENDAR, meeting, startHarness, refusal, type Harness } from './harness.ts'

let harness: Harness
beforeEach(async () => {
  harness = await startHarness()
})
afterEach(() => harness.close())

const alice = 'alice@example.com'
const range = { timeMin: '2026-11-23T00:00:00Z', timeMax: '2026-11-24T00:00:00Z' }

/** One request of each method, by kind. */
const requests: Record<string, (accessToken: string) => Promise<Answer>> = {
  'calendarList.list': (accessToken) => harness.api('GET', '/users/me/calendarList', { accessToken }),
  'calendarList.get': (accessToken) => harness.api('GET', '/users/me/calendarList/primary', { accessToken }),
  'events.list': (accessToken) => harness.api('GET', '/calendars/primary/events', { accessToken }),
  'events.insert': (accessToken) =>
    harness.api('POST', '/calendars/primary/events', { accessToken, body: meeting('09:00', '10:00') }),
  'freebusy.query': (accessToken) => harness.api('POST', '/freeBusy', { accessToken, body: { ...range, items: [] } }),
}

describe('scopes', () => {
  it.each([
    ['calendar', ['calendarList.list', 'calendarList.get', 'events.list', 'events.insert', 'freebusy.query']],
    ['calendar.readonly', ['calendarList.list', 'calendarList.get', 'events.list', 'freebusy.query']],
    ['calendar.events', ['events.list', 'events.insert']],
    ['calendar.events.readonly', ['events.list']],
    ['calendar.calendarlist.readonly', ['calendarList.list', 'calendarList.get']],
    ['calendar.freebusy', ['freebusy.query']],
    ['drive', []],
  ])('%s suffices for %s', async (scope, expected) => {
    const accessToken = tokenFor([`https://www.googleapis.com/auth/${scope}`])
    const answers = await Promise.all(
      Object.entries(requests).map(async ([kind, ask]) => ({ kind, answer: await ask(accessToken) })),
    )
    const admitted = answers.filter(({ answer }) => answer.status === 200).map(({ kind }) => kind)
    expect(admitted).toEqual(expected)
    for (const { answer } of answers.filter(({ kind }) => !expected.includes(kind))) {
      expect(refusal(answer)).toBe('403 insufficientPermissions ACCESS_TOKEN_SCOPE_INSUFFICIENT')
      expect(answer.body.error?.status).toBe('PERMISSION_DENIED')
    }
  })

  function tokenFor(scopes: string[]): string {
    const { refreshToken } = harness.google.grant({ client: harness.client.client_id, account: alice, scopes })
    return harness.google.accessToken({ refreshToken }).accessToken
  }
})

describe('the front end', () => {
  it('answers 401 to no token, a wrong one and an expired one', async () => {
    expect(refusal(await harness.api('GET', '/calendars/primary/events', { accessToken: 'wrong' }))).toMatch(
      /^401 authError/,
    )
    expect((await fetch(`${harness.google.url}/calendar/v3/calendars/primary/events`)).status).toBe(401)
    expect((await harness.list()).status).toBe(200)
    harness.google.advance({ ms: 3_599_000 })
    const expired = await harness.list()
    expect(refusal(expired)).toMatch(/^401 authError/)
    expect(expired.body.error?.status).toBe('UNAUTHENTICATED')
  })

  it('says accessNotConfigured and SERVICE_DISABLED while the API is not enabled', async () => {
    harness.google.setProject({ calendarApi: false })
    expect(refusal(await harness.list())).toBe('403 accessNotConfigured SERVICE_DISABLED')
    harness.google.setProject({ calendarApi: true })
    expect((await harness.list()).status).toBe(200)
  })

  it('ends access tokens with the account', async () => {
    harness.google.deleteAccount({ account: alice })
    expect((await harness.list()).status).toBe(401)
  })
})

describe('calendarList', () => {
  it('identifies the account by the primary calendar’s id', async () => {
    const { body } = await harness.api('GET', '/users/me/calendarList/primary')
    expect(body).toMatchObject({ id: alice, primary: true, accessRole: 'owner', timeZone: 'Europe/Paris' })
  })

  it('lists own and shared calendars with their roles, in pages', async () => {
    harness.google.addCalendar({ owner: alice, id: 'team@group.calendar.google.com', summary: 'Team' })
    harness.google.addAccount({ email: 'bob@example.com' })
    harness.google.share({ calendar: 'bob@example.com', account: alice, role: 'freeBusyReader' })
    const first = await harness.api('GET', '/users/me/calendarList?maxResults=2')
    expect(first.body.items?.map(({ id }) => id)).toEqual([alice, 'team@group.calendar.google.com'])
    const pageToken = first.body.nextPageToken ?? ''
    const second = await harness.api('GET', `/users/me/calendarList?maxResults=2&pageToken=${pageToken}`)
    expect(second.body.items).toMatchObject([{ id: 'bob@example.com', accessRole: 'freeBusyReader' }])
    expect(second.body).not.toHaveProperty('nextPageToken')
    harness.google.share({ calendar: 'bob@example.com', account: alice, role: 'none' })
    expect(refusal(await harness.api('GET', '/users/me/calendarList/bob%40example.com'))).toBe('404 notFound')
  })
})

describe('freeBusy', () => {
  const busy = async (body: object) => (await harness.api('POST', '/freeBusy', { body: { ...range, ...body } })).body

  it('merges busy times, without transparent and declined events, clipped to the range', async () => {
    const add = (from: string, to: string, more = {}) =>
      harness.google.addEvent({ calendar: alice, event: meeting(from, to, more) })
    add('2026-11-22T23:00:00', '2026-11-23T02:00:00')
    add('09:00', '10:00')
    add('10:00', '11:00', { status: 'tentative' })
    add('12:00', '13:00', { transparency: 'transparent' })
    add('14:00', '15:00', { attendees: [{ email: alice, responseStatus: 'declined' }] })
    expect((await busy({ items: [{ id: alice }] })).calendars).toEqual({
      [alice]: {
        busy: [
          { start: '2026-11-23T00:00:00Z', end: '2026-11-23T01:00:00Z' },
          { start: '2026-11-23T08:00:00Z', end: '2026-11-23T10:00:00Z' },
        ],
      },
    })
  })

  it('answers 200 with errors for a calendar that cannot be read', async () => {
    const { calendars } = await busy({ items: [{ id: 'nobody@example.com' }] })
    expect(calendars).toEqual({
      'nobody@example.com': { errors: [{ domain: 'global', reason: 'notFound' }], busy: [] },
    })
  })

  it('limits the range', async () => {
    const body = { timeMin: '2026-01-01T00:00:00Z', timeMax: '2026-12-31T00:00:00Z', items: [] }
    expect(refusal(await harness.api('POST', '/freeBusy', { body }))).toBe('400 timeRangeTooLong')
  })

  it('is refused without the calendar scope even if events may be read', async () => {
    const scopes = [`${CALENDAR}.events`]
    const { refreshToken } = harness.google.grant({ client: harness.client.client_id, account: alice, scopes })
    const { accessToken } = harness.google.accessToken({ refreshToken })
    expect((await harness.api('POST', '/freeBusy', { body: range, accessToken })).status).toBe(403)
  })
})
