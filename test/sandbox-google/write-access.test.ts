import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Answer, meeting, startHarness, refusal, type Harness } from './harness.ts'

const alice = 'alice@example.com'
const bob = 'bob@example.com'

let harness: Harness
beforeEach(async () => {
  harness = await startHarness()
  harness.google.addAccount({ email: bob })
  harness.google.addEvent({ calendar: bob, event: { id: 'event1', ...meeting('09:00', '10:00') } })
})
afterEach(() => harness.close())

type Role = Parameters<Harness['google']['share']>[0]['role']
const share = (role: Role) => harness.google.share({ calendar: bob, account: alice, role })
const path = (calendar: string, id = '') => `/calendars/${encodeURIComponent(calendar)}/events${id && `/${id}`}`

function tokenFor(...scopes: string[]): string {
  const full = scopes.map((scope) => `https://www.googleapis.com/auth/${scope}`)
  const { refreshToken } = harness.google.grant({ client: harness.client.client_id, account: alice, scopes: full })
  return harness.google.accessToken({ refreshToken }).accessToken
}

/** One write of each method to a calendar. */
const writes: [string, (calendar: string, accessToken?: string) => Promise<Answer>][] = [
  ['insert', (calendar, token) => write('POST', path(calendar), token, meeting('09:00', '10:00'))],
  ['update', (calendar, token) => write('PUT', path(calendar, 'event1'), token, meeting('09:00', '10:00'))],
  ['patch', (calendar, token) => write('PATCH', path(calendar, 'event1'), token, { summary: 'Changed' })],
  ['delete', (calendar, token) => write('DELETE', path(calendar, 'event1'), token)],
]

function write(method: string, to: string, accessToken?: string, body?: object): Promise<Answer> {
  return harness.api(method, to, { ...(body && { body }), ...(accessToken === undefined ? {} : { accessToken }) })
}

describe.each(writes)('%s', (_, send) => {
  it.each(['freeBusyReader', 'reader'] as const)('is refused to a %s', async (role) => {
    share(role)
    const answer = await send(bob)
    expect(refusal(answer)).toBe('403 requiredAccessLevel')
    expect(answer.body.error?.errors?.[0]?.domain).toBe('calendar')
  })

  it.each(['writerWithoutPrivateAccess', 'writer', 'owner'] as const)('is open to a %s', async (role) => {
    share(role)
    expect((await send(bob)).status).toBeLessThan(300)
  })

  it('does not find a calendar that is not shared', async () => {
    expect(refusal(await send(bob))).toBe('404 notFound')
  })

  it.each([['calendar.readonly'], ['calendar.events.readonly'], ['calendar.events.owned.readonly']])(
    'is refused to the scope %s',
    async (scope) => {
      const expected = '403 insufficientPermissions ACCESS_TOKEN_SCOPE_INSUFFICIENT'
      expect(refusal(await send(alice, tokenFor(scope)))).toBe(expected)
    },
  )

  it('reaches only own calendars with calendar.events.owned', async () => {
    harness.google.addEvent({ calendar: alice, event: { id: 'event1', ...meeting('09:00', '10:00') } })
    const token = tokenFor('calendar.events.owned')
    share('writer')
    expect(refusal(await send(bob, token))).toMatch(/^403 insufficientPermissions/)
    expect((await send(alice, token)).status).toBeLessThan(300)
  })

  it('reaches only calendars that the client made with calendar.app.created', async () => {
    const createdBy = harness.client.client_id
    const { id } = harness.google.addCalendar({ owner: alice, createdBy })
    harness.google.addEvent({ calendar: id, event: { id: 'event1', ...meeting('09:00', '10:00') } })
    const token = tokenFor('calendar.app.created')
    expect(refusal(await send(alice, token))).toMatch(/^403 insufficientPermissions/)
    expect((await send(id, token)).status).toBeLessThan(300)
  })
})

describe('reading', () => {
  it.each(['calendar.events.owned', 'calendar.events.owned.readonly', 'calendar.app.created'])(
    'reaches no more calendars than writing with %s',
    async (scope) => {
      share('writer')
      const options = { accessToken: tokenFor(scope) }
      for (const one of [path(bob), path(bob, 'event1')]) {
        expect(refusal(await harness.api('GET', one, options))).toMatch(/^403 insufficientPermissions/)
      }
    },
  )
})

describe('the creator', () => {
  it('is the account that inserted the event, whoever updates it', async () => {
    share('writer')
    const { id, creator } = (await write('POST', path(bob), undefined, meeting('09:00', '10:00'))).body
    expect(creator).toEqual({ email: alice })
    const updated = await write('PUT', path(bob, String(id)), undefined, meeting('11:00', '12:00'))
    expect(updated.body).toMatchObject({ creator: { email: alice }, organizer: { email: bob, self: true } })
  })
})

describe('a writer without access to private events', () => {
  it('neither reads nor changes them', async () => {
    harness.google.changeEvent({ calendar: bob, id: 'event1', changes: { summary: 'Secret', visibility: 'private' } })
    share('writerWithoutPrivateAccess')
    expect((await harness.api('GET', path(bob, 'event1'))).body).not.toHaveProperty('summary')
    expect(refusal(await write('PATCH', path(bob, 'event1'), undefined, { summary: 'Seen' }))).toBe('403 forbidden')
    expect(refusal(await write('DELETE', path(bob, 'event1')))).toBe('403 forbidden')
  })
})

describe('many writes to one calendar', () => {
  it.each([403, 429] as const)('are refused with %s until a minute has passed, and others are not', async (status) => {
    harness.google.switches({ writesPerCalendar: 2, rateLimitStatus: status })
    const insert = (calendar = alice) => write('POST', path(calendar), undefined, meeting('09:00', '10:00'))
    share('writer')
    expect([(await insert()).status, (await insert()).status]).toEqual([200, 200])
    const refused = await insert()
    expect(refusal(refused)).toBe(`${status} rateLimitExceeded`)
    expect(refused.body.error?.errors?.[0]?.domain).toBe('usageLimits')
    expect((await harness.list()).body.items).toHaveLength(2)
    expect((await insert(bob)).status).toBe(200)
    harness.google.advance({ ms: 60_000 })
    expect((await insert()).status).toBe(200)
  })

  it('count for the quota of the project like any request', async () => {
    harness.google.setProject({ perMinutePerUser: 1 })
    await write('POST', path(alice), undefined, meeting('09:00', '10:00'))
    const second = await write('POST', path(alice), undefined, meeting('09:00', '10:00'))
    expect(refusal(second)).toBe('403 userRateLimitExceeded RATE_LIMIT_EXCEEDED')
  })
})
