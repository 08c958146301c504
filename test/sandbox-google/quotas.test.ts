/** docs/google-behaviour.md#quotas */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CALENDAR, startHarness, refusal, type Harness } from './harness.ts'

let harness: Harness
beforeEach(async () => {
  harness = await startHarness()
  harness.google.switches({ accessTokenLifetime: 100_000_000 })
})
afterEach(() => harness.close())

const alice = 'alice@example.com'
const bob = 'bob@example.com'

/** A request of an account at a client, by default a new account at the harness's client. */
const as = (account: string, client = harness.client.client_id): (() => Promise<string>) => {
  const { refreshToken } = harness.google.grant({ client, account, scopes: [CALENDAR] })
  const { accessToken } = harness.google.accessToken({ refreshToken })
  return async () => refusal(await harness.api('GET', '/users/me/calendarList', { accessToken }))
}
const wait = (ms: number) => harness.google.advance({ ms })

describe('a minute’s quota', () => {
  it('counts a user’s requests in a sliding window', async () => {
    harness.google.setProject({ perMinutePerUser: 2 })
    const request = as(alice)
    expect(await request()).toBe('200')
    wait(30_000)
    expect(await request()).toBe('200')
    expect(await request()).toBe('403 userRateLimitExceeded RATE_LIMIT_EXCEEDED')
    wait(29_999)
    expect(await request()).toMatch(/^403/)
    wait(1)
    expect(await request()).toBe('200')
    expect(await request()).toMatch(/^403/)
  })

  it('of one user leaves the others alone', async () => {
    harness.google.setProject({ perMinutePerUser: 1 })
    harness.google.addAccount({ email: bob })
    const [mine, theirs] = [as(alice), as(bob)]
    await mine()
    expect(await mine()).toMatch(/^403/)
    expect(await theirs()).toBe('200')
  })

  it('counts a project’s requests over its users and clients', async () => {
    harness.google.setProject({ perMinute: 2 })
    harness.google.addAccount({ email: bob })
    const { clientId } = harness.google.addClient()
    expect([await as(alice)(), await as(bob, clientId)()]).toEqual(['200', '200'])
    expect(await as(alice)()).toBe('403 rateLimitExceeded RATE_LIMIT_EXCEEDED')
    const elsewhere = harness.google.addClient({ project: 'another' })
    expect(await as(alice, elsewhere.clientId)()).toBe('200')
  })

  it('answers with 429 too, where only the name of the limit says whose it is', async () => {
    harness.google.switches({ rateLimitStatus: 429 })
    harness.google.setProject({ perMinutePerUser: 1 })
    await harness.list()
    const answer = await harness.list()
    expect(refusal(answer)).toBe('429 rateLimitExceeded RATE_LIMIT_EXCEEDED')
    expect(answer.body.error).toMatchObject({
      status: 'RESOURCE_EXHAUSTED',
      details: [{ metadata: { quota_limit: 'Queries per minute per user' } }],
    })
  })

  it('is not spent at the token endpoint', async () => {
    harness.google.setProject({ perMinute: 1 })
    await harness.refresh()
    await harness.refresh()
    expect((await harness.list()).status).toBe(200)
  })
})

describe('the daily quota', () => {
  it.each([
    ['in winter', '2026-11-23T10:00:00Z', '2026-11-24T08:00:00Z'],
    ['in summer', '2027-07-01T10:00:00Z', '2027-07-02T07:00:00Z'],
  ])('starts again at midnight in California, %s', async (_when, from, midnight) => {
    wait(Date.parse(from) - harness.clock.now())
    harness.google.setProject({ perDay: 1 })
    const request = as(alice)
    expect(await request()).toBe('200')
    expect(await request()).toBe('403 dailyLimitExceeded RATE_LIMIT_EXCEEDED')
    wait(Date.parse(midnight) - Date.parse(from) - 1)
    expect(await request()).toMatch(/^403/)
    wait(1)
    expect(await request()).toBe('200')
  })
})

describe('the busiest minute', () => {
  const busiest = () => harness.google.busiestMinutes()

  it('is the fullest sliding minute of a project, a client and an account', async () => {
    harness.google.addAccount({ email: bob })
    const { clientId } = harness.google.addClient()
    const [mine, theirs] = [as(alice), as(bob, clientId)]
    await mine()
    wait(40_000)
    await mine()
    await theirs()
    wait(19_999)
    await mine()
    wait(1)
    await theirs()
    const endedAt = '2026-11-23T10:00:59.999Z'
    const { projects, clients } = busiest()
    expect(projects).toMatchObject([{ name: 'sandbox-project', requests: 4, endedAt }])
    expect(projects[0]?.accounts).toMatchObject([
      { name: alice, requests: 3, endedAt },
      { name: bob, requests: 2 },
    ])
    expect(clients).toMatchObject([
      { name: harness.client.client_id, requests: 3, accounts: [{ name: alice, requests: 3 }] },
      { name: clientId, requests: 2, accounts: [{ name: bob, requests: 2 }] },
    ])
  })

  it('counts what was refused or hit by a fault, and no other endpoint', async () => {
    harness.google.setProject({ perMinute: 1 })
    harness.google.addFault({ fault: '503', kind: 'events.list', times: 1 })
    await harness.list()
    await harness.list()
    await harness.list()
    await harness.refresh()
    expect(busiest().projects).toMatchObject([{ requests: 3 }])
  })

  it('is looked for anew after a reset, with the requests of the minute before', async () => {
    await harness.list()
    await harness.list()
    harness.google.resetBusiestMinutes()
    expect(busiest().projects).toMatchObject([{ requests: 0 }])
    wait(59_999)
    await harness.list()
    expect(busiest().projects).toMatchObject([{ requests: 3 }])
    const over = await fetch(`${harness.google.url}/_control/busiestMinutes`)
    expect(await over.json()).toEqual(busiest())
  })
})
