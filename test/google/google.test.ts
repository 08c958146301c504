import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { GoogleClient } from '../../src/google/port.ts'
import { backEnd, CLIENT, failureOf, startHarness, type Harness, type Written } from './support/harness.ts'
import { listEvents, type WholeListing } from './support/listing.ts'

let harness: Harness
beforeEach(async () => {
  harness = await startHarness()
})
afterEach(() => harness.close())

const TOKEN: Written = { json: { access_token: 'ya29.fresh', expires_in: 3599 } }
const PROOF: Written = { status: 400, json: { error: 'invalid_grant' } }
const EMPTY: Written = { json: { timeZone: 'Europe/Paris', items: [], nextSyncToken: 'S1' } }
const WITHOUT_SECRET = { clientId: CLIENT.clientId }

const read = (client = harness.client): Promise<WholeListing> =>
  listEvents(client, 'ya29.access', { calendarId: 'a', detail: 'Busy', from: { syncToken: 'S0' } })

describe('clients', () => {
  test('two secrets of one client live side by side, as they may at Google', () => {
    const other = harness.google.client({ ...WITHOUT_SECRET, clientSecret: 'second' })
    expect(harness.google.client(CLIENT)).toBe(harness.client)
    expect(harness.google.client({ ...WITHOUT_SECRET, clientSecret: 'second' })).toBe(other)
  })

  const accepted = async (clientSecret: string): Promise<GoogleClient> => {
    const client = harness.google.client({ ...WITHOUT_SECRET, clientSecret })
    harness.next(PROOF)
    await client.verify()
    return client
  }

  test('a secret that was rotated away twice is forgotten', async () => {
    harness.next(PROOF)
    await harness.client.verify()
    for (const clientSecret of ['second', 'third']) await accepted(clientSecret)
    expect(harness.google.client(CLIENT)).not.toBe(harness.client)
  })

  test('the latest secrets are those that are asked for, not those that came last', async () => {
    harness.next(PROOF)
    await harness.client.verify()
    for (let turn = 0; turn < 9; turn++) {
      await accepted(`rotated ${turn}`)
      expect(harness.google.client(CLIENT)).toBe(harness.client)
    }
  })

  test('made-up secrets push no accepted one out, however many, and are forgotten themselves', async () => {
    harness.next(PROOF)
    await harness.client.verify()
    const first = harness.google.client({ ...WITHOUT_SECRET, clientSecret: 'mistake' })
    for (let turn = 0; turn < 1_000; turn++)
      harness.google.client({ ...WITHOUT_SECRET, clientSecret: `mistake ${turn}` })
    expect(harness.google.client(CLIENT)).toBe(harness.client)
    expect(harness.google.client({ ...WITHOUT_SECRET, clientSecret: 'mistake' })).not.toBe(first)
  })
})

describe('who shares a limit', () => {
  const verified = async (clientSecret: string, ...answers: Written[]): Promise<GoogleClient> => {
    const client = harness.google.client({ ...WITHOUT_SECRET, clientSecret })
    for (const answer of answers) {
      harness.next(answer)
      await client.verify().catch(() => undefined)
    }
    return client
  }
  const LIMITED: Written = { status: 429, text: '' }
  const WRONG: Written = { status: 401, json: { error: 'invalid_client' } }

  test('somebody else’s client id with a wrong secret pauses nobody but itself', async () => {
    const good = await verified('good', PROOF)
    const wrong = await verified('wrong', WRONG, LIMITED)
    expect(wrong.limit()?.failure).toBe('RateLimited')
    expect((await failureOf(wrong.verify())).message).toBe('Google is limiting this client just now')
    expect(good.limit()).toBeUndefined()
    harness.next(TOKEN)
    expect((await good.refresh('1//a')).accessToken).toBe('ya29.fresh')
    const other = await verified('wrong too')
    expect(other.limit()).toBeUndefined()
  })

  test('the Calendar API’s limits are not shared with a secret that Google has not accepted either', async () => {
    const good = await verified('good', PROOF)
    const unproven = harness.google.client({ ...WITHOUT_SECRET, clientSecret: 'unproven' })
    harness.next(backEnd(403, 'rateLimitExceeded'))
    await failureOf(read(unproven))
    expect(good.limit()).toBeUndefined()
  })

  test.each<[string, Written]>([
    ['a token', TOKEN],
    ['a refusal of the grant', PROOF],
    ['the end of a session', { status: 400, json: { error: 'invalid_grant', error_subtype: 'invalid_rapt' } }],
  ])('a secret counts as accepted once Google has answered %s', async (_what, answer) => {
    const good = await verified('good', PROOF)
    const other = harness.google.client({ ...WITHOUT_SECRET, clientSecret: 'other' })
    harness.next(answer)
    await other.refresh('1//a').catch(() => undefined)
    harness.next(backEnd(403, 'rateLimitExceeded'))
    await failureOf(read(other))
    expect(good.limit()).toEqual(other.limit())
  })

  test('what limited the first secret before it was accepted applies to the others, too', async () => {
    harness.next(backEnd(403, 'rateLimitExceeded'))
    await failureOf(read())
    await verified(CLIENT.clientSecret, PROOF)
    expect(harness.client.limit()?.failure).toBe('RateLimited')
    expect((await verified('second', PROOF)).limit()).toEqual(harness.client.limit())
  })

  test('a secret that Google refuses from some day on is by itself from then on', async () => {
    const good = await verified('good', PROOF)
    const removed = await verified('removed', PROOF, WRONG, LIMITED)
    expect(removed.limit()?.failure).toBe('RateLimited')
    expect(good.limit()).toBeUndefined()
  })

  test('a forgotten secret that Google still accepts is by itself, and pushes none of the others out', async () => {
    const forgotten = await verified('first', PROOF)
    const second = await verified('second', PROOF)
    await verified('third', PROOF)
    harness.next(PROOF, LIMITED)
    await forgotten.verify()
    await failureOf(forgotten.verify())
    expect(harness.google.client({ ...WITHOUT_SECRET, clientSecret: 'second' })).toBe(second)
    expect(second.limit()).toBeUndefined()
  })

  test('the first secret takes no limit along when Google refuses it, and leaves none behind', async () => {
    const first = await verified('first', PROOF)
    const second = await verified('second', PROOF)
    await verified('first', WRONG, LIMITED)
    expect(first.limit()?.failure).toBe('RateLimited')
    expect(second.limit()).toBeUndefined()
  })

  test('a secret that was rotated away is by itself from then on, and brings nothing along', async () => {
    const rotated = await verified('rotated', PROOF)
    const good = await verified('second', PROOF)
    await verified('third', PROOF, LIMITED)
    expect(good.limit()?.failure).toBe('RateLimited')
    expect(rotated.limit()).toBeUndefined()
  })

  test.each(['Unreachable', 'Unknown'])('%s says nothing about a secret', async (failure) => {
    const good = await verified('good', PROOF)
    const answer: Written = failure === 'Unknown' ? { status: 400, text: '' } : { status: 503, text: '' }
    await verified('other', answer, LIMITED)
    expect(good.limit()).toBeUndefined()
    // Nor about one that was good.
    const limited = await verified('good', answer, LIMITED)
    expect(limited.limit()).toBeDefined()
    expect((await verified('second', PROOF)).limit()).toEqual(limited.limit())
  })
})

describe('an access token that can be none', () => {
  test.each(['a\nb', 'a b', '€', '', 'a'.repeat(5_000)])(
    '%j is not sent, and a new one is asked for',
    async (token) => {
      const request = { calendarId: 'a', detail: 'Busy', from: { syncToken: 'S0' } } as const
      expect((await failureOf(harness.client.events(token, request, () => undefined))).failure).toBe('Unauthenticated')
      expect((await failureOf(harness.client.calendar(token, 'primary'))).failure).toBe('Unauthenticated')
      expect(harness.asked).toEqual([])
    },
  )
})

describe('a limit over HTTP', () => {
  test('is one for all secrets of a client, and none for other clients', async () => {
    harness.next(PROOF, PROOF, backEnd(403, 'rateLimitExceeded'))
    await harness.client.verify()
    await harness.google.client({ ...WITHOUT_SECRET, clientSecret: 'rotated' }).verify()
    await failureOf(read())
    const rotated = harness.google.client({ ...WITHOUT_SECRET, clientSecret: 'rotated' })
    expect((await failureOf(read(rotated))).message).toBe('Google is limiting this client just now')
    expect(rotated.limit()).toEqual(harness.client.limit())
    const other = harness.google.client({ clientId: 'other', clientSecret: 'other' })
    expect(other.limit()).toBeUndefined()
    harness.next(EMPTY)
    const request = { calendarId: 'b', detail: 'Busy', from: { syncToken: 'S0' } } as const
    expect((await listEvents(other, 'ya29.bob', request)).nextSyncToken).toBe('S1')
    expect(harness.asked).toHaveLength(4)
  })

  test('in the middle of a listing ends it, and the pages before it are for nothing', async () => {
    harness.next({ json: { timeZone: 'UTC', items: [{ id: 'e1' }], nextPageToken: 'P1' } })
    harness.next({ ...backEnd(429, 'rateLimitExceeded'), headers: { 'retry-after': '42' } })
    expect(await failureOf(read())).toMatchObject({ failure: 'RateLimited', status: 429, retryAfterMs: 42_000 })
    expect(harness.client.limit()?.leftMs).toBe(42_000)
  })

  test('as a date pauses until then', async () => {
    harness.next({ status: 429, text: '', headers: { 'retry-after': 'Mon, 23 Nov 2026 10:05:00 GMT' } })
    await failureOf(harness.client.refresh('1//a'))
    expect(harness.client.limit()?.leftMs).toBe(5 * 60_000)
  })

  test('of one person leaves the others alone', async () => {
    harness.next(backEnd(403, 'userRateLimitExceeded', 'usageLimits'), EMPTY)
    expect((await failureOf(read())).failure).toBe('RateLimited')
    expect(harness.client.limit()).toBeUndefined()
    await read()
  })

  test('of the Calendar API leaves the token endpoint alone', async () => {
    harness.next(backEnd(403, 'quotaExceeded', 'usageLimits'), TOKEN)
    await failureOf(read())
    expect((await harness.client.refresh('1//a')).accessToken).toBe('ya29.fresh')
    expect(harness.client.limit()?.failure).toBe('DailyQuotaExceeded')
  })

  test('is found out about by one request, though it hangs: it gives up and the next one asks', async () => {
    harness.next(backEnd(403, 'rateLimitExceeded'))
    const { retryAfterMs = 0 } = await failureOf(read())
    await harness.clock.advance(retryAfterMs)
    harness.next(() => undefined)
    const hanging = failureOf(read())
    await harness.came(2)
    expect((await failureOf(read())).failure).toBe('RateLimited')
    await harness.clock.advance(30_000)
    expect((await hanging).failure).toBe('Unreachable')
    harness.next(EMPTY)
    await read()
    expect(harness.client.limit()).toBeUndefined()
    expect(harness.asked).toHaveLength(3)
  })
})

describe('what is observed', () => {
  test('is each request that was sent, a page at a time, and none that was not', async () => {
    harness.next({ json: { timeZone: 'UTC', nextPageToken: 'P1' } }, backEnd(403, 'rateLimitExceeded'), TOKEN)
    await failureOf(read())
    await failureOf(read())
    await harness.client.refresh('1//a')
    expect(harness.observed.map(([kind, outcome]) => `${kind} ${outcome}`)).toEqual([
      'events.list ok',
      'events.list RateLimited',
      'refresh ok',
    ])
  })

  test('tells the seconds by our clock, whole answers included', async () => {
    harness.next((response) => {
      harness.clock.jump(2_500)
      response.end(JSON.stringify(TOKEN.json))
    })
    await harness.client.refresh('1//a')
    expect(harness.observed).toEqual([['refresh', 'ok', 2.5]])
  })
})

describe('a listing that is large in all', () => {
  test('delays no other client while its next page is awaited', async () => {
    const other = harness.google.client({ clientId: '2-b.apps.googleusercontent.com', clientSecret: 'GOCSPX-other' })
    const large = 'x'.repeat(2_200_000)
    const first: Written = { json: { timeZone: 'Europe/Paris', items: [large], nextPageToken: 'P2' } }
    let answerAlice = (): void => undefined
    harness.next(first, (response) => {
      answerAlice = () => void response.setHeader('content-type', 'application/json').end(JSON.stringify(EMPTY.json))
    })
    const alice = read()
    await harness.came(2)
    harness.next(first, EMPTY)
    const request = { calendarId: 'b', detail: 'Busy', from: { syncToken: 'S0' } } as const
    expect((await listEvents(other, 'ya29.bob', request)).nextSyncToken).toBe('S1')
    answerAlice()
    await alice
  })
})
