/** docs/google-behaviour.md#push-notifications */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Answer, CALENDAR, DAY, startHarness, refusal, type Harness } from './harness.ts'
import { alice, change, channel, watch as ask, type WatchOptions } from './receiver.ts'

let harness: Harness
beforeEach(async () => {
  harness = await startHarness()
  // Nothing listens there: these tests are not about messages.
  harness.google.switches({ deliverTo: 'http://127.0.0.1:9' })
})
afterEach(() => harness.close())

const watch = (changes: object = {}, options: WatchOptions = {}) => ask(harness, changes, options)
const stop = (body: object, accessToken?: string) =>
  harness.api('POST', '/channels/stop', { body, ...(accessToken === undefined ? {} : { accessToken }) })
const expirationOf = ({ body }: Answer): number => Number(body.expiration)

/** An access token of an account at a client, by default Alice's and the harness's. */
function tokenOf({ account = alice, client = harness.client.client_id }): string {
  const { refreshToken } = harness.google.grant({ client, account, scopes: [CALENDAR] })
  return harness.google.accessToken({ refreshToken }).accessToken
}

describe('events.watch', () => {
  it('answers with the channel', async () => {
    const { status, body } = await watch()
    expect(status).toBe(200)
    expect(body).toEqual({
      kind: 'api#channel',
      id: 'channel-1',
      token: 'the-token',
      resourceId: expect.stringMatching(/^[\w-]{27}$/) as unknown,
      resourceUri: 'https://www.googleapis.com/calendar/v3/calendars/alice%40example.com/events?alt=json',
      expiration: String(harness.clock.now() + 7 * DAY),
    })
  })

  it.each([
    ['an hour by expiration', { expiration: Date.parse('2026-11-23T11:00:00Z') }, 3600],
    ['an hour by expiration as text', { expiration: String(Date.parse('2026-11-23T11:00:00Z')) }, 3600],
    ['two minutes by ttl', { params: { ttl: '120' } }, 120],
    ['the stricter of both', { params: { ttl: '120' }, expiration: Date.parse('2026-11-23T11:00:00Z') }, 120],
    ['a month, cut to a week', { params: { ttl: '2592000' } }, 604_800],
  ])('gives a channel the life that is asked for: %s', async (_what, changes, seconds) => {
    expect(expirationOf(await watch(changes))).toBe(harness.clock.now() + seconds * 1000)
  })

  it('may give a channel a shorter life than any that is asked for', async () => {
    harness.google.switches({ channelLifetime: 30 })
    expect(expirationOf(await watch({ params: { ttl: '3600' } }))).toBe(harness.clock.now() + 30_000)
  })

  it('names a resource by calendar and parameters, not by account or channel', async () => {
    harness.google.addAccount({ email: 'bob@example.com' })
    harness.google.share({ calendar: alice, account: 'bob@example.com', role: 'reader' })
    const accessToken = tokenOf({ account: 'bob@example.com' })
    const idOf = async (id: string, options: WatchOptions) => (await watch({ id }, options)).body.resourceId
    const first = await idOf('a', {})
    expect(await idOf('b', { calendar: alice, accessToken })).toBe(first)
    expect(await idOf('c', { query: '?alt=json&prettyPrint=false' })).toBe(first)
    expect(await idOf('d', { query: '?eventTypes=default' })).not.toBe(first)
    const { id: calendar } = harness.google.addCalendar({ owner: alice })
    expect(await idOf('e', { calendar })).not.toBe(first)
  })

  it.each([
    ['no id', { id: '' }, '400 required'],
    ['an id that is too long', { id: 'x'.repeat(65) }, '400 channelIdInvalid'],
    ['an id with other characters', { id: 'a b' }, '400 channelIdInvalid'],
    ['another type', { type: 'email' }, '400 invalid'],
    ['no address', { address: '' }, '400 required'],
    ['an address that is not https', { address: 'http://booking.example.com/' }, '400 push.webhookUrlNotHttps'],
    ['an address that is no URL', { address: 'booking' }, '400 push.webhookUrlNotHttps'],
    ['a host without a domain', { address: 'https://operator/' }, '401 push.webhookUrlUnauthorized'],
    ['a name of a cluster', { address: 'https://operator.ns.svc/' }, '401 push.webhookUrlUnauthorized'],
    ['an IP address', { address: 'https://192.0.2.1/' }, '401 push.webhookUrlUnauthorized'],
    ['an IPv6 address', { address: 'https://[2001:db8::1]/' }, '401 push.webhookUrlUnauthorized'],
    ['a token that is too long', { token: 'x'.repeat(257) }, '400 invalid'],
    ['an expiration in the past', { expiration: 1 }, '400 invalid'],
    ['a ttl that is no number', { params: { ttl: 'week' } }, '400 invalid'],
    ['a ttl of nothing', { params: { ttl: '0' } }, '400 invalid'],
  ])('refuses %s', async (_what, changes, expected) => {
    expect(refusal(await watch(changes))).toBe(expected)
    expect(harness.google.channels()).toEqual([])
  })

  it.each([
    ['the longest id', { id: 'x'.repeat(64) }],
    ['every character of an id', { id: 'aZ09-_+/=' }],
    ['the longest token', { token: 'x'.repeat(256) }],
    ['no token', { token: undefined }],
    ['the other name of the type', { type: 'webhook' }],
    ['a test address that it was told to accept', { address: 'http://localhost:8080/notify' }],
  ])('accepts %s', async (_what, changes) => {
    harness.google.switches({ acceptedOrigins: ['http://localhost:8080'] })
    const { status, body } = await watch(changes)
    expect({ status, hasToken: 'token' in body }).toEqual({
      status: 200,
      hasToken: !('token' in changes && !changes.token),
    })
  })

  it('refuses an id that the project has used, also when that channel has ended', async () => {
    const { body } = await watch()
    expect(refusal(await watch())).toBe('400 channelIdNotUnique')
    await stop({ id: 'channel-1', resourceId: body.resourceId })
    expect(refusal(await watch())).toBe('400 channelIdNotUnique')
    const { clientId: client } = harness.google.addClient({ project: 'another' })
    expect((await watch({}, { accessToken: tokenOf({ client }) })).status).toBe(200)
  })

  it('refuses a calendar that cannot be watched, and one that the account cannot see', async () => {
    const { id: calendar } = harness.google.addCalendar({ owner: alice, summary: 'Holidays', pushSupported: false })
    expect(refusal(await watch({}, { calendar }))).toBe('400 pushNotSupportedForRequestedResource')
    harness.google.addAccount({ email: 'bob@example.com' })
    expect(refusal(await watch({}, { calendar: 'bob@example.com' }))).toBe('404 notFound')
  })

  it.each([
    ['channelIdNotUnique', '400 channelIdNotUnique'],
    ['pushNotSupportedForRequestedResource', '400 pushNotSupportedForRequestedResource'],
    ['push.webhookUrlNotHttps', '400 push.webhookUrlNotHttps'],
    ['push.webhookUrlUnauthorized', '401 push.webhookUrlUnauthorized'],
    ['rateLimitExceeded403', '403 rateLimitExceeded RATE_LIMIT_EXCEEDED'],
    ['429', '429 rateLimitExceeded RATE_LIMIT_EXCEEDED'],
    ['quotaExceeded', '403 quotaExceeded'],
  ] as const)('is refused by the fault %s', async (fault, expected) => {
    harness.google.addFault({ fault, kind: 'events.watch', times: 1 })
    expect(refusal(await watch())).toBe(expected)
    expect((await watch()).status).toBe(200)
  })
})

describe('channels.stop', () => {
  it('ends a channel, and answers 404 when it has ended', async () => {
    const { resourceId } = (await watch()).body
    expect((await stop({ id: 'channel-1', resourceId })).status).toBe(204)
    expect(harness.google.channels()).toMatchObject([{ id: 'channel-1', alive: false, ended: 'stopped' }])
    const again = await stop({ id: 'channel-1', resourceId })
    expect(refusal(again)).toBe('404 notFound')
    expect(again.body.error?.message).toBe("Channel 'channel-1' not found for project '100000000001'")
  })

  it('answers 404 after the expiration', async () => {
    const { resourceId } = (await watch({ params: { ttl: '60' } })).body
    harness.google.advance({ ms: 60_000 })
    expect(refusal(await stop({ id: 'channel-1', resourceId }))).toBe('404 notFound')
  })

  it('is for the account and client that made the channel', async () => {
    const { resourceId } = (await watch()).body
    harness.google.addAccount({ email: 'bob@example.com' })
    harness.google.share({ calendar: alice, account: 'bob@example.com', role: 'writer' })
    const { clientId: client } = harness.google.addClient()
    for (const other of [{ account: 'bob@example.com' }, { client }]) {
      expect(refusal(await stop({ id: 'channel-1', resourceId }, tokenOf(other)))).toBe('404 notFound')
    }
    expect((await stop({ id: 'channel-1', resourceId }, tokenOf({}))).status).toBe(204)
  })

  it('needs both ids', async () => {
    const { resourceId } = (await watch()).body
    expect(refusal(await stop({ id: 'channel-1' }))).toBe('400 required')
    expect(refusal(await stop({ resourceId }))).toBe('400 required')
    expect(refusal(await stop({ id: 'channel-1', resourceId: 'wrong' }))).toBe('404 notFound')
    expect(harness.google.channels()).toMatchObject([{ alive: true }])
  })

  it('may take a while, during which it can be repeated', async () => {
    harness.google.switches({ stopDelay: 30 })
    const { resourceId } = (await watch()).body
    expect((await stop({ id: 'channel-1', resourceId })).status).toBe(204)
    change(harness)
    expect(harness.google.channels()).toMatchObject([{ alive: true, messages: expect.any(Number) as number }])
    expect(harness.google.channels()[0]?.messages).toBeGreaterThan(1)
    expect((await stop({ id: 'channel-1', resourceId })).status).toBe(204)
    harness.google.advance({ ms: 30_000 })
    expect((await stop({ id: 'channel-1', resourceId })).status).toBe(404)
  })
})

describe('a channel', () => {
  it('can end silently, long before its expiration', async () => {
    const { resourceId } = (await watch()).body
    harness.google.endChannel({ id: 'channel-1' })
    change(harness)
    expect(harness.google.channels()).toMatchObject([{ alive: false, ended: 'silently', messages: 1 }])
    expect((await stop({ id: 'channel-1', resourceId })).status).toBe(404)
    expect(() => harness.google.endChannel({ id: channel.address })).toThrow('there is no channel')
  })

  it('sends no message after its expiration', async () => {
    await watch({ params: { ttl: '60' } })
    harness.google.advance({ ms: 59_999 })
    change(harness)
    const { messages } = harness.google.channels()[0]!
    expect(messages).toBeGreaterThan(1)
    harness.google.advance({ ms: 1 })
    change(harness)
    expect(harness.google.channels()).toMatchObject([{ alive: false, messages }])
  })
})
