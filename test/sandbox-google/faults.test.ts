import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually, ids, meeting, startHarness, refusal, type Harness } from './harness.ts'

let harness: Harness
beforeEach(async () => {
  harness = await startHarness()
})
afterEach(() => harness.close())

describe('faults by name', () => {
  it.each([
    ['rateLimitExceeded403', '403 rateLimitExceeded RATE_LIMIT_EXCEEDED'],
    ['userRateLimitExceeded403', '403 userRateLimitExceeded RATE_LIMIT_EXCEEDED'],
    ['429', '429 rateLimitExceeded RATE_LIMIT_EXCEEDED'],
    ['quotaExceeded', '403 quotaExceeded'],
    ['dailyLimitExceeded', '403 dailyLimitExceeded RATE_LIMIT_EXCEEDED'],
    ['accessNotConfigured', '403 accessNotConfigured SERVICE_DISABLED'],
    ['500', '500 backendError'],
    ['503', '503 backendError'],
    ['authError', '401 authError ACCESS_TOKEN_EXPIRED'],
    ['forbidden', '403 forbidden'],
    ['notFound', '404 notFound'],
    ['conflict', '409 conflict'],
    ['fullSyncRequired', '410 fullSyncRequired'],
    ['updatedMinTooLongAgo', '410 updatedMinTooLongAgo'],
    ['conditionNotMet', '412 conditionNotMet'],
  ] as const)('%s answers %s', async (fault, expected) => {
    harness.google.addFault({ fault, times: 1, retryAfter: 7 })
    const answer = await harness.list()
    expect(refusal(answer)).toBe(expected)
    expect(answer.headers.get('retry-after')).toBe('7')
    expect((await harness.list()).status).toBe(200)
  })

  it('hit the requests of a rule: a kind, a path, an account, a client, after so many and so often', async () => {
    const { addFault } = harness.google
    addFault({
      fault: '500',
      kind: 'events.*',
      path: '*/primary/*',
      account: 'Alice@example.com',
      client: harness.client.client_id,
      skip: 1,
      times: 2,
    })
    const statuses = []
    for (let n = 0; n < 4; n++) statuses.push((await harness.list()).status)
    expect(statuses).toEqual([200, 500, 500, 200])
    addFault({ fault: '500', account: 'bob@example.com' })
    addFault({ fault: '500', kind: 'events.get' })
    addFault({ fault: '500', path: '/calendar/v3/calendars/alice@example.com/events' })
    expect((await harness.list()).status).toBe(200)
    expect((await harness.api('GET', '/calendars/alice%40example.com/events')).status).toBe(500)
    expect(harness.google.faults().map(({ struck }) => struck)).toEqual([2, 0, 0, 1])
  })

  it('break the connection, before or after the request took effect', async () => {
    harness.google.addFault({ fault: 'reset', times: 1 })
    await expect(insert('aaaaa')).rejects.toThrow()
    harness.google.addFault({ fault: 'commitThenDrop', times: 1 })
    await expect(insert('bbbbb')).rejects.toThrow()
    expect(ids(await harness.list())).toEqual(['bbbbb'])
  })

  it('fail after the request took effect, so that a repetition meets it', async () => {
    harness.google.addFault({ fault: 'commitThenFail', kind: 'events.insert', times: 1 })
    expect(refusal(await insert('aaaaa'))).toBe('503 backendError')
    expect(refusal(await insert('aaaaa'))).toBe('409 duplicate')
    harness.google.addFault({ fault: 'commitThenFail', kind: 'events.delete', times: 1, status: 500 })
    const remove = () => harness.api('DELETE', '/calendars/primary/events/aaaaa')
    expect([refusal(await remove()), refusal(await remove())]).toEqual(['500 backendError', '410 deleted'])
  })

  it('delay the answer of a request that took effect', async () => {
    harness.google.addFault({ fault: 'commitThenSlow', kind: 'events.insert', times: 1, ms: 60_000 })
    const slow = insert('aaaaa')
    await eventually(() => expect(harness.google.events({ calendar: 'alice@example.com' })).toHaveLength(1))
    expect(ids(await harness.list())).toEqual(['aaaaa'])
    await harness.clock.advance(60_000)
    expect((await slow).status).toBe(200)
  })

  it('send half a body, or a page of HTML', async () => {
    harness.google.addFault({ fault: 'truncated', times: 1 })
    await expect(harness.list()).rejects.toThrow()
    harness.google.addFault({ fault: 'html', times: 1, status: 200 })
    const response = await fetch(`${harness.google.url}/calendar/v3/calendars/primary/events`)
    expect(response.headers.get('content-type')).toMatch(/html/)
    expect(response.status).toBe(200)
  })

  it('hold requests until they are cleared, and the log has these requests meanwhile', async () => {
    const { id } = harness.google.addFault({ fault: 'hang' })
    const answer = harness.list()
    await eventually(() =>
      expect(harness.google.requests().log).toMatchObject([{ kind: 'events.list', status: 0, fault: 'hang' }]),
    )
    harness.google.clearFaults({ id })
    expect((await answer).status).toBe(200)
  })

  it('delay an answer by the sandbox’s clock', async () => {
    harness.google.addFault({ fault: 'slow', ms: 5000 })
    const answer = harness.list()
    await eventually(() => expect(harness.clock.pending).toHaveLength(1))
    await harness.clock.advance(5000)
    expect((await answer).status).toBe(200)
  })

  it('are refused if they are unknown', () => {
    expect(() => harness.google.addFault({ fault: 'nonsense' as 'reset' })).toThrow(/no fault "nonsense"; there are/)
    expect(() => harness.google.addFault({ fault: 'org_internal' })).toThrow(/"kind": "authorize"/)
  })

  function insert(id: string) {
    return harness.api('POST', '/calendars/primary/events', { body: { id, ...meeting('09:00', '10:00') } })
  }
})

describe('the request log', () => {
  it('counts by kind, distinguishes full and incremental syncs, and contains no token', async () => {
    await harness.refresh()
    const { body } = await harness.list()
    await harness.list({ syncToken: body.nextSyncToken ?? '' })
    await fetch(`${harness.google.url}/revoke?token=${harness.refreshToken}`, { method: 'POST' })
    const { total, byKind, log } = harness.google.requests()
    expect(total).toBe(4)
    expect(byKind).toEqual({ 'token.refresh': 1, 'events.list': 2, revoke: 1 })
    expect(log.map(({ sync }) => sync)).toEqual([undefined, 'full', 'incremental', undefined])
    expect(log[0]).toMatchObject({ client: harness.client.client_id, account: 'alice@example.com', status: 200 })
    const text = JSON.stringify(log)
    for (const secret of [harness.refreshToken, body.nextSyncToken ?? '', harness.client.client_secret]) {
      expect(text).not.toContain(secret)
    }
    expect(harness.google.requests({ kind: 'events.list', last: 1 }).log).toMatchObject([{ sync: 'incremental' }])
    harness.google.resetRequests()
    expect(harness.google.requests()).toEqual({ total: 0, byKind: {}, log: [] })
  })
})
