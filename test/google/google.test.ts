import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { backEnd, CLIENT, failureOf, startStage, type Stage, type Written } from './support/stage.ts'
import { listEvents, type WholeListing } from './support/listing.ts'

let stage: Stage
beforeEach(async () => {
  stage = await startStage()
})
afterEach(() => stage.close())

const TOKEN: Written = { json: { access_token: 'ya29.fresh', expires_in: 3599 } }
const EMPTY: Written = { json: { timeZone: 'Europe/Paris', items: [], nextSyncToken: 'S1' } }
const WITHOUT_SECRET = { clientId: CLIENT.clientId }

const read = (client = stage.client): Promise<WholeListing> =>
  listEvents(client, 'ya29.access', { calendarId: 'a', detail: 'Busy', from: { syncToken: 'S0' } })

describe('clients', () => {
  test('two secrets of one client live side by side, as they may at Google', () => {
    const other = stage.google.client({ ...WITHOUT_SECRET, clientSecret: 'second' })
    expect(stage.google.client(CLIENT)).toBe(stage.client)
    expect(stage.google.client({ ...WITHOUT_SECRET, clientSecret: 'second' })).toBe(other)
  })

  test('a secret that was rotated away twice is forgotten', () => {
    for (const clientSecret of ['second', 'third']) stage.google.client({ ...WITHOUT_SECRET, clientSecret })
    expect(stage.google.client(CLIENT)).not.toBe(stage.client)
  })

  test('the latest secrets are those that are asked for, not those that came last', () => {
    for (let turn = 0; turn < 9; turn++) {
      stage.google.client({ ...WITHOUT_SECRET, clientSecret: `mistake ${turn}` })
      expect(stage.google.client(CLIENT)).toBe(stage.client)
    }
  })
})

describe('a limit met over HTTP', () => {
  test('is one for all secrets of a client, and none for other clients', async () => {
    stage.next(backEnd(403, 'rateLimitExceeded'))
    await failureOf(read())
    const rotated = stage.google.client({ ...WITHOUT_SECRET, clientSecret: 'rotated' })
    expect((await failureOf(read(rotated))).message).toBe('Google is limiting this client just now')
    expect(rotated.limit()).toEqual(stage.client.limit())
    const other = stage.google.client({ clientId: 'other', clientSecret: 'other' })
    expect(other.limit()).toBeUndefined()
    stage.next(EMPTY)
    expect((await read(other)).nextSyncToken).toBe('S1')
    expect(stage.asked).toHaveLength(2)
  })

  test('in the middle of a listing ends it, and the pages before it are for nothing', async () => {
    stage.next({ json: { timeZone: 'UTC', items: [{ id: 'e1' }], nextPageToken: 'P1' } })
    stage.next({ ...backEnd(429, 'rateLimitExceeded'), headers: { 'retry-after': '42' } })
    expect(await failureOf(read())).toMatchObject({ failure: 'RateLimited', status: 429, retryAfterMs: 42_000 })
    expect(stage.client.limit()?.until).toBe(stage.clock.now() + 42_000)
  })

  test('as a date pauses until then', async () => {
    stage.next({ status: 429, text: '', headers: { 'retry-after': 'Mon, 23 Nov 2026 10:05:00 GMT' } })
    await failureOf(stage.client.refresh('1//a'))
    expect(stage.client.limit()?.until).toBe(Date.parse('2026-11-23T10:05:00Z'))
  })

  test('of one person leaves the others alone', async () => {
    stage.next(backEnd(403, 'userRateLimitExceeded', 'usageLimits'), EMPTY)
    expect((await failureOf(read())).failure).toBe('RateLimited')
    expect(stage.client.limit()).toBeUndefined()
    await read()
  })

  test('of the Calendar API leaves the token endpoint alone', async () => {
    stage.next(backEnd(403, 'quotaExceeded', 'usageLimits'), TOKEN)
    await failureOf(read())
    expect((await stage.client.refresh('1//a')).accessToken).toBe('ya29.fresh')
    expect(stage.client.limit()?.failure).toBe('DailyQuotaExceeded')
  })

  test('is found out about by one request, though it hangs: it gives up and the next one asks', async () => {
    stage.next(backEnd(403, 'rateLimitExceeded'))
    const { retryAfterMs = 0 } = await failureOf(read())
    await stage.clock.advance(retryAfterMs)
    stage.next(() => undefined)
    const hanging = failureOf(read())
    await stage.came(2)
    expect((await failureOf(read())).failure).toBe('RateLimited')
    await stage.clock.advance(30_000)
    expect((await hanging).failure).toBe('Unreachable')
    stage.next(EMPTY)
    await read()
    expect(stage.client.limit()).toBeUndefined()
    expect(stage.asked).toHaveLength(3)
  })
})

describe('what is observed', () => {
  test('is each request that was sent, a page at a time, and none that was not', async () => {
    stage.next({ json: { timeZone: 'UTC', nextPageToken: 'P1' } }, backEnd(403, 'rateLimitExceeded'), TOKEN)
    await failureOf(read())
    await failureOf(read())
    await stage.client.refresh('1//a')
    expect(stage.observed.map(([kind, outcome]) => `${kind} ${outcome}`)).toEqual([
      'events.list ok',
      'events.list RateLimited',
      'refresh ok',
    ])
  })

  test('tells the seconds by our clock, whole answers included', async () => {
    stage.next((response) => {
      stage.clock.jump(2_500)
      response.end(JSON.stringify(TOKEN.json))
    })
    await stage.client.refresh('1//a')
    expect(stage.observed).toEqual([['refresh', 'ok', 2.5]])
  })
})
