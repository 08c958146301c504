/**
 * Our client against the simulated Google: two programs that were written apart from one description, and must agree on how
 * a calendar is kept up to date.
 */
import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { FaultName } from '../../sandbox/google/state/fault-rules.ts'
import { startGoogle, type SimulatedGoogle } from '../../sandbox/google/google.ts'
import { createGoogle, type RunningGoogle } from '../../src/google/google.ts'
import type { EventsRequest, GoogleClient, GoogleFailure, TokenAnswer } from '../../src/google/port.ts'
import { missingScopes } from '../../src/google/scopes.ts'
import { ManualClock } from '../support/clock.ts'
import { failureOf } from './support/harness.ts'
import { listEvents, type WholeListing } from './support/listing.ts'

const ALICE = 'alice@example.com'
const SCOPE = 'https://www.googleapis.com/auth/calendar'
const DAY = 24 * 60 * 60_000

let clock: ManualClock
let sandbox: SimulatedGoogle
let google: RunningGoogle
let client: GoogleClient
let refreshToken: string

beforeEach(async () => {
  clock = new ManualClock()
  let draws = 0
  sandbox = await startGoogle({ clock, random: () => ((draws += 1) * 0.618_034) % 1 })
  const credentials = sandbox.addClient({})
  sandbox.addAccount({ email: ALICE, timeZone: 'Europe/Paris' })
  refreshToken = sandbox.grant({ client: credentials.clientId, account: ALICE, scopes: [SCOPE] }).refreshToken
  google = createGoogle({
    accountsUrl: sandbox.url,
    oauthUrl: sandbox.url,
    apiUrl: sandbox.url,
    clock,
    random: () => 0.5,
  })
  client = google.client(credentials)
})
afterEach(async () => {
  await google.close()
  await sandbox.close()
})

function addEvent(summary: string, inHours: number): string {
  const at = (hours: number): object => ({ dateTime: new Date(clock.now() + hours * 3_600_000).toISOString() })
  const event = { summary, start: at(inHours), end: at(inHours + 1) }
  return (sandbox.addEvent({ calendar: ALICE, event }) as { id: string }).id
}

async function list(from?: string, detail: 'Busy' | 'Full' = 'Busy'): Promise<WholeListing> {
  const { accessToken } = await client.refresh(refreshToken)
  const window = { start: clock.now() - DAY, end: clock.now() + 90 * DAY }
  const request: EventsRequest = {
    calendarId: ALICE,
    detail,
    from: from === undefined ? { window } : { syncToken: from },
  }
  return listEvents(client, accessToken, request)
}

/** After a limit requests go one by one: time has to pass for it. */
async function passing<T>(request: Promise<T>): Promise<T> {
  let ended = false as boolean
  const watched = request.finally(() => (ended = true))
  while (!ended) await clock.advance(10)
  return watched
}

const idsOf = ({ events }: WholeListing): (string | undefined)[] => events.map(({ id }) => id).sort()

describe('grants', () => {
  test('a refresh gives a token that works, and the scopes that were granted', async () => {
    const answer: TokenAnswer = await client.refresh(refreshToken)
    expect(missingScopes([SCOPE], answer.scopes ?? [])).toEqual([])
    expect(await client.calendar(answer.accessToken, 'primary')).toMatchObject({ id: ALICE, timeZone: 'Europe/Paris' })
  })

  test('a client is proved right, and a wrong secret wrong', async () => {
    await expect(client.verify()).resolves.toBeUndefined()
    const wrong = google.client({ ...client.credentials, clientSecret: 'GOCSPX-wrong' })
    expect((await failureOf(wrong.verify())).failure).toBe('InvalidClient')
  })

  test('a rotated refresh token is returned, and the old one is dead', async () => {
    sandbox.switches({ rotateRefreshTokens: true })
    const { refreshToken: rotated = '' } = await client.refresh(refreshToken)
    expect((await failureOf(client.refresh(refreshToken))).failure).toBe('InvalidGrant')
    expect((await client.refresh(rotated)).accessToken).not.toBe('')
  })

  test('the end of a grant in Testing is returned', async () => {
    sandbox.switches({ reportRefreshExpiry: true })
    sandbox.setProject({ publishing: 'Testing' })
    const { clientId } = client.credentials
    const testing = sandbox.grant({ client: clientId, account: ALICE, scopes: [SCOPE] })
    const { grantExpiresAt = 0 } = await client.refresh(testing.refreshToken)
    expect(Math.abs(grantExpiresAt - clock.now() - 7 * DAY)).toBeLessThan(60_000)
  })

  test('a revocation ends it, and a second one is done already', async () => {
    await google.revoke(refreshToken)
    await google.revoke(refreshToken)
    expect((await failureOf(client.refresh(refreshToken))).failure).toBe('InvalidGrant')
  })
})

describe('keeping a calendar up to date', () => {
  test('a full listing, then only what has changed, with tombstones', async () => {
    const [kept, gone] = [addEvent('kept', 1), addEvent('gone', 2)]
    const first = await list()
    expect(idsOf(first)).toEqual([kept, gone].sort())
    expect(first.timeZone).toBe('Europe/Paris')
    expect((await list(first.nextSyncToken)).events).toEqual([])

    const added = addEvent('added', 3)
    sandbox.deleteEvent({ calendar: ALICE, id: gone })
    const second = await list(first.nextSyncToken)
    expect(idsOf(second)).toEqual([added, gone].sort())
    expect(second.events.find(({ id }) => id === gone)?.status).toBe('cancelled')
    expect((await list(second.nextSyncToken)).events).toEqual([])
  })

  test('both details have sync tokens of their own, and show no more than they should', async () => {
    addEvent('secret title', 1)
    const [busy, full] = [await list(), await list(undefined, 'Full')]
    expect(JSON.stringify(busy)).not.toContain('secret title')
    expect(JSON.stringify(full)).toContain('secret title')
    const next = [await list(busy.nextSyncToken), await list(full.nextSyncToken, 'Full')]
    expect(next.map(({ events }) => events)).toEqual([[], []])
  })

  test.each([
    ['short', { pageSizeCap: 3 }],
    ['short and empty', { pageSizeCap: 2, emptyPages: true }],
  ])('over pages that are %s, in full and after a sync', async (_, switches) => {
    sandbox.switches(switches)
    const ids = Array.from({ length: 11 }, (_, n) => addEvent(`event ${n}`, n))
    const first = await list()
    expect(idsOf(first)).toEqual([...ids].sort())
    const more = Array.from({ length: 7 }, (_, n) => addEvent(`more ${n}`, n))
    expect(idsOf(await list(first.nextSyncToken))).toEqual([...more].sort())
  })

  test('a series comes as instances, and one that is moved or cancelled as itself', async () => {
    const start = { dateTime: '2026-11-24T10:00:00', timeZone: 'Europe/Paris' }
    const end = { dateTime: '2026-11-24T11:00:00', timeZone: 'Europe/Paris' }
    const event = { id: 'series', summary: 'weekly', start, end, recurrence: ['RRULE:FREQ=WEEKLY;COUNT=3'] }
    sandbox.addEvent({ calendar: ALICE, event })
    const first = await list()
    expect(idsOf(first)).toEqual(['series_20261124T090000Z', 'series_20261201T090000Z', 'series_20261208T090000Z'])
    sandbox.deleteEvent({ calendar: ALICE, id: 'series_20261201T090000Z' })
    const { events } = await list(first.nextSyncToken)
    const cancelled = events.filter(({ status }) => status === 'cancelled')
    expect(cancelled).toMatchObject([{ id: 'series_20261201T090000Z', recurringEventId: 'series' }])
  })

  test('a token that Google has forgotten, or never knew, asks for a full listing', async () => {
    const { nextSyncToken } = await list()
    sandbox.expireSyncTokens({ calendar: ALICE })
    expect((await failureOf(list(nextSyncToken))).failure).toBe('SyncTokenExpired')
    expect((await failureOf(list('garbage'))).failure).toBe('SyncTokenExpired')
    const again = await list()
    expect((await list(again.nextSyncToken)).events).toEqual([])
  })

  test('own answers are seen however many guests there are', async () => {
    const at = (hour: number): object => ({ dateTime: `2026-11-24T${hour}:00:00Z` })
    const guests = Array.from({ length: 5 }, (_, n) => ({ email: `guest${n}@example.com`, responseStatus: 'accepted' }))
    const attendees = [...guests, { email: ALICE, responseStatus: 'declined' }]
    sandbox.addEvent({ calendar: ALICE, event: { summary: 'party', start: at(10), end: at(11), attendees } })
    const [event] = (await list()).events
    expect(event?.attendees?.filter(({ self }) => self)).toEqual([{ self: true, responseStatus: 'declined' }])
  })
})

describe('a fault in the middle', () => {
  const FAULTS: FaultName[] = [
    '503',
    'reset',
    'truncated',
    'html',
    'commitThenDrop',
    '429',
    'authError',
    'fullSyncRequired',
  ]

  test.each(FAULTS)('of a listing (%s) costs nothing: the same token gives the same changes again', async (fault) => {
    sandbox.switches({ pageSizeCap: 2 })
    const { nextSyncToken } = await list()
    const ids = Array.from({ length: 5 }, (_, n) => addEvent(`event ${n}`, n))
    sandbox.failPage({ page: 2, fault, times: 1 })
    const error = await failureOf(list(nextSyncToken))
    expect(error.message).not.toMatch(/example\.com|ya29/)
    await clock.advance(error.retryAfterMs ?? 0)
    expect(idsOf(await passing(list(nextSyncToken)))).toEqual([...ids].sort())
  })

  test('that hangs ends after thirty seconds', async () => {
    const { accessToken } = await client.refresh(refreshToken)
    sandbox.addFault({ fault: 'hang', kind: 'events.list', times: 1 })
    const window = { start: clock.now() - DAY, end: clock.now() + DAY }
    const failed = failureOf(listEvents(client, accessToken, { calendarId: ALICE, detail: 'Busy', from: { window } }))
    await expect.poll(() => sandbox.requests({ kind: 'events.list' }).log.length).toBe(1)
    await clock.advance(30_000)
    expect((await failed).failure).toBe('Unreachable')
  })
})

describe('signing in', () => {
  const redirectURI = 'https://booking.example.com/google-calendar/callback'
  const codeVerifier = 'a-verifier-of-forty-three-characters-at-least'

  /** What Google sends back to the redirect URI. */
  function consent(): URLSearchParams {
    const { clientId } = client.credentials
    sandbox.setClient({ client: clientId, redirectUris: [redirectURI] })
    const codeChallenge = createHash('sha256').update(codeVerifier).digest('base64url')
    const url = client.consentURL({ redirectURI, scopes: [SCOPE], state: 'the-state', codeChallenge, loginHint: ALICE })
    const result = sandbox.signIn({ url, account: ALICE })
    if (!('redirect' in result)) throw new Error(JSON.stringify(result))
    expect(result.redirect).toMatch(`${redirectURI}?`)
    return new URL(result.redirect).searchParams
  }

  test('brings a grant that can be used and renewed, though the person had granted before', async () => {
    const params = consent()
    expect(params.get('state')).toBe('the-state')
    const answer = await client.exchange({ code: params.get('code') ?? '', redirectURI, codeVerifier })
    expect(answer.scopes).toEqual([SCOPE])
    expect((await client.calendar(answer.accessToken, 'primary')).id).toBe(ALICE)
    expect((await client.refresh(answer.refreshToken ?? '')).accessToken).not.toBe(answer.accessToken)
  })

  test.each([
    ['a code that was used', {}, 'InvalidCode', 2],
    ['a code that nobody gave', { code: 'nonsense' }, 'InvalidCode', 1],
    ['another verifier', { codeVerifier: 'wrong' }, 'InvalidCode', 1],
    ['no verifier', { codeVerifier: undefined }, 'InvalidCode', 1],
    ['another redirect URI', { redirectURI: `${redirectURI}/` }, 'RedirectURIMismatch', 1],
  ])('with %s fails', async (_, changes, failure, times) => {
    const exchange = { code: consent().get('code') ?? '', redirectURI, codeVerifier, ...changes }
    for (let done = 1; done < times; done++) await client.exchange(exchange)
    expect((await failureOf(client.exchange(exchange))).failure).toBe(failure)
  })
})

describe('refusals', () => {
  test.each<[FaultName, GoogleFailure]>([
    ['accessNotConfigured', 'APIDisabled'],
    ['quotaExceeded', 'DailyQuotaExceeded'],
    ['dailyLimitExceeded', 'DailyQuotaExceeded'],
    ['rateLimitExceeded403', 'RateLimited'],
    ['userRateLimitExceeded403', 'RateLimited'],
    ['forbidden', 'Forbidden'],
    ['notFound', 'NotFound'],
    ['authError', 'Unauthenticated'],
    ['502', 'Unreachable'],
  ])('%s is understood as %s', async (fault, failure) => {
    const { accessToken } = await client.refresh(refreshToken)
    sandbox.addFault({ fault, kind: 'calendarList.get' })
    expect((await failureOf(client.calendar(accessToken, 'primary'))).failure).toBe(failure)
  })

  test('a scope that was not granted is missed by name and by Google', async () => {
    const narrow = 'https://www.googleapis.com/auth/calendar.freebusy'
    const { clientId } = client.credentials
    const grant = sandbox.grant({ client: clientId, account: ALICE, scopes: [narrow] })
    const { accessToken, scopes = [] } = await client.refresh(grant.refreshToken)
    expect(missingScopes([SCOPE], scopes)).toEqual([SCOPE])
    expect((await failureOf(client.calendar(accessToken, 'primary'))).failure).toBe('ScopeInsufficient')
  })

  test.each(['userRateLimitExceeded', 'rateLimitExceeded'])(
    'a quota really used up says whose it is',
    async (whose) => {
      const personal = whose === 'userRateLimitExceeded'
      sandbox.setProject(personal ? { perMinutePerUser: 1 } : { perMinute: 1 })
      await list()
      expect((await failureOf(list())).failure).toBe('RateLimited')
      expect(client.limit() === undefined).toBe(personal)
    },
  )
})
