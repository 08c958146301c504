import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DAY, eventually, meeting, startHarness, refusal, type Harness } from './harness.ts'

let harness: Harness
let receiver: Server
let received: { path: string; headers: IncomingHttpHeaders }[]
let answers: number[]

beforeEach(async () => {
  harness = await startHarness()
  received = []
  answers = []
  receiver = createServer((request, response) => {
    received.push({ path: request.url ?? '', headers: request.headers })
    response.writeHead(answers.shift() ?? 204).end()
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  harness.google.switches({ deliverTo: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}` })
})
afterEach(async () => {
  await harness.close()
  receiver.closeAllConnections()
  receiver.close()
})

const alice = 'alice@example.com'
const request = {
  id: 'channel-1',
  type: 'web_hook',
  address: 'https://booking.example.com/notify?x=1',
  token: 'the-token',
}
const watch = (changes: object = {}) =>
  harness.api('POST', '/calendars/primary/events/watch', { body: { ...request, ...changes } })
const change = () => harness.google.addEvent({ calendar: alice, event: meeting('09:00', '10:00') })
const arrive = (count: number) => eventually(() => expect(received).toHaveLength(count))

describe('push channels', () => {
  it('last seven days, and start with a sync message with number 1', async () => {
    const { body } = await watch()
    expect(body).toMatchObject({ kind: 'api#channel', id: 'channel-1', token: 'the-token' })
    expect(Number(body.expiration)).toBe(harness.clock.now() + 7 * DAY)
    await arrive(1)
    expect(received[0]).toMatchObject({
      path: '/notify?x=1',
      headers: {
        'x-goog-channel-id': 'channel-1',
        'x-goog-message-number': '1',
        'x-goog-resource-id': body.resourceId,
        'x-goog-resource-state': 'sync',
        'x-goog-channel-token': 'the-token',
        'content-length': '0',
      },
    })
  })

  it('notify of every change, with growing numbers', async () => {
    await watch()
    await arrive(1)
    change()
    await arrive(2)
    expect(received[1]?.headers['x-goog-resource-state']).toBe('exists')
    expect(Number(received[1]?.headers['x-goog-message-number'])).toBeGreaterThan(1)
  })

  it('may lose messages or send them twice', async () => {
    await watch()
    await arrive(1)
    harness.google.switches({ notifications: 'duplicate' })
    change()
    await arrive(3)
    expect(received[1]?.headers['x-goog-message-number']).toBe(received[2]?.headers['x-goog-message-number'])
    harness.google.switches({ notifications: 'drop' })
    change()
    harness.google.switches({ notifications: 'normal' })
    change()
    await arrive(4)
  })

  it('retry after 503, and not after other errors', async () => {
    answers = [503, 204]
    await watch()
    await eventually(() => expect(harness.clock.pending).toHaveLength(1))
    await harness.clock.advance(1000)
    await arrive(2)
    answers = [404]
    change()
    await arrive(3)
    await eventually(() => expect(harness.google.channels()[0]?.lastStatus).toBe(404))
    expect(harness.clock.pending).toEqual([])
  })

  it('end when their owner stops them, or when they expire', async () => {
    const { body } = await watch()
    const stop = (resourceId: unknown) =>
      harness.api('POST', '/channels/stop', { body: { id: 'channel-1', resourceId } })
    expect((await stop('wrong')).status).toBe(404)
    expect((await stop(body.resourceId)).status).toBe(204)
    expect((await stop(body.resourceId)).status).toBe(404)
    await watch({ id: 'channel-2', expiration: harness.clock.now() + 60_000 })
    await arrive(2)
    harness.google.advance({ ms: 60_000 })
    change()
    expect(harness.google.channels()).toMatchObject([{ id: 'channel-2', alive: false, messages: 1 }])
  })

  it.each([
    ['an address that is not https', { address: 'http://booking.example.com/' }, '400 push.webhookUrlNotHttps'],
    ['an id that is too long', { id: 'x'.repeat(65) }, '400 channelIdInvalid'],
    ['a token that is too long', { token: 'x'.repeat(257) }, '400 invalid'],
    ['no address', { address: '' }, '400 required'],
  ])('are refused for %s', async (_what, changes, expected) => {
    expect(refusal(await watch(changes))).toBe(expected)
  })

  it('are refused for an id in use, and for calendars that cannot be watched', async () => {
    await watch()
    expect(refusal(await watch())).toBe('400 channelIdNotUnique')
    const { id } = harness.google.addCalendar({ owner: alice, summary: 'Holidays', pushSupported: false })
    const answer = await harness.api('POST', `/calendars/${id}/events/watch`, { body: { ...request, id: 'channel-2' } })
    expect(refusal(answer)).toBe('400 pushNotSupportedForRequestedResource')
  })
})
