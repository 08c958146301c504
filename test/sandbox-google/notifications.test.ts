/** docs/google-behaviour.md#notifications */
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startGoogle } from '../../sandbox/google/google.ts'
import { httpPost } from '../../sandbox/google/push/post.ts'
import { createAuthority } from '../../sandbox/kubernetes/http/certificates.ts'
import { ManualClock } from '../support/clock.ts'
import { CALENDAR, eventually, meeting, startHarness, type Harness } from './harness.ts'
import { alice, change, channel, startReceiver, watch, type Receiver } from './receiver.ts'

let harness: Harness
let receiver: Receiver

beforeEach(async () => {
  harness = await startHarness()
  receiver = await startReceiver()
  harness.google.switches({ deliverTo: receiver.origin })
})
afterEach(async () => {
  await harness.close()
  receiver.close()
})

const arrive = (count: number) => receiver.arrive(count)
/** The log of deliveries, without what all entries have in common. */
const log = () =>
  harness.google.deliveries().log.map(({ number, state, attempt, status, outcome }) => ({
    number,
    state,
    attempt,
    status,
    outcome,
  }))

/** Makes a channel, and waits until its first message was answered. */
async function watched(): Promise<void> {
  harness.google.switches({ syncFirst: true })
  await watch(harness)
}

describe('a notification', () => {
  it('is a POST without a body to the address, with the channel in its headers', async () => {
    const { body } = await watch(harness)
    await arrive(1)
    expect(receiver.received[0]).toMatchObject({
      method: 'POST',
      path: '/notify?x=1',
      body: '',
      headers: {
        host: 'booking.example.com',
        'x-goog-channel-id': 'channel-1',
        'x-goog-channel-token': 'the-token',
        'x-goog-channel-expiration': 'Mon, 30 Nov 2026 10:00:00 GMT',
        'x-goog-message-number': '1',
        'x-goog-resource-id': body.resourceId,
        'x-goog-resource-uri': body.resourceUri,
        'x-goog-resource-state': 'sync',
        'content-length': '0',
      },
    })
  })

  it('has no token if the channel has none', async () => {
    await watch(harness, { token: undefined })
    await arrive(1)
    expect(receiver.received[0]?.headers).not.toHaveProperty('x-goog-channel-token')
  })

  it('comes for every change, through the API and otherwise, with growing numbers that have gaps', async () => {
    await watched()
    const event = meeting('09:00', '10:00')
    const { id } = (await harness.api('POST', '/calendars/primary/events', { body: event })).body as { id: string }
    await harness.api('PATCH', `/calendars/primary/events/${id}`, { body: { summary: 'New' } })
    await harness.api('DELETE', `/calendars/primary/events/${id}`)
    const added = change(harness)
    harness.google.changeEvent({ calendar: alice, id: added.id, changes: { summary: 'New' } })
    harness.google.deleteEvent({ calendar: alice, id: added.id })
    await arrive(7)
    const numbers = log().map(({ number }) => number)
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b))
    expect(numbers.at(-1)).toBeGreaterThan(7)
    expect(log().map(({ state }) => state)).toEqual(['sync', ...Array<string>(6).fill('exists')])
  })

  it('comes for each write of a client, for a conference that succeeds, and for what a person does', async () => {
    await watched()
    harness.google.switches({ pendingConferences: 1 })
    const path = '/calendars/primary/events'
    const createRequest = { requestId: 'request-one', conferenceSolutionKey: { type: 'hangoutsMeet' } }
    const body = meeting('09:00', '10:00', { id: 'event1', conferenceData: { createRequest } })
    await harness.api('POST', `${path}?conferenceDataVersion=1`, { body })
    await arrive(2)
    await harness.api('GET', `${path}/event1`)
    await arrive(3)
    await harness.api('PUT', `${path}/event1`, { body: meeting('11:00', '12:00') })
    await arrive(4)
    await harness.api('DELETE', `${path}/event1`)
    await arrive(5)
    harness.google.restoreEvent({ calendar: alice, id: 'event1' })
    await arrive(6)
  })

  it('goes to each channel of the calendar, and to no other', async () => {
    harness.google.addAccount({ email: 'bob@example.com' })
    harness.google.share({ calendar: alice, account: 'bob@example.com', role: 'reader' })
    const client = harness.client.client_id
    const { refreshToken } = harness.google.grant({ client, account: 'bob@example.com', scopes: [CALENDAR] })
    const { accessToken } = harness.google.accessToken({ refreshToken })
    await watch(harness)
    await watch(harness, { id: 'bobs' }, { calendar: alice, accessToken })
    await watch(harness, { id: 'other' }, { calendar: 'primary', accessToken })
    await arrive(3)
    change(harness)
    await arrive(5)
    const ids = receiver.received.slice(3).map(({ headers }) => headers['x-goog-channel-id'])
    expect(ids.sort()).toEqual(['bobs', 'channel-1'])
  })

  it('can be sent to a test address for each origin', async () => {
    const other = await startReceiver()
    const deliverTo = { 'https://booking.example.com': receiver.origin, 'https://other.example.com': other.origin }
    harness.google.switches({ deliverTo })
    await watch(harness)
    await watch(harness, { id: 'channel-2', address: 'https://other.example.com/notify' })
    await arrive(1)
    await other.arrive(1)
    other.close()
  })
})

describe('the first message', () => {
  it('can come before the answer of events.watch', async () => {
    harness.google.switches({ syncFirst: true })
    await watch(harness)
    expect(receiver.received).toHaveLength(1)
  })

  it('can come after it', async () => {
    harness.google.addFault({ fault: 'delayed', kind: 'notification.sync', ms: 5000 })
    await watch(harness)
    expect(receiver.received).toEqual([])
    await harness.clock.advance(5000)
    await arrive(1)
  })

  it('can be lost', async () => {
    harness.google.addFault({ fault: 'lost', kind: 'notification.sync' })
    await watched()
    change(harness)
    await arrive(1)
    expect(receiver.numbers()[0]).toBeGreaterThan(1)
    expect(log()[0]).toEqual({ number: 1, state: 'sync', attempt: 0, status: 0, outcome: 'lost' })
  })
})

describe('the answer', () => {
  it.each([200, 201, 202, 204])('%d means received', async (status) => {
    receiver.answers.push(status)
    await watched()
    expect(log()).toEqual([{ number: 1, state: 'sync', attempt: 1, status, outcome: 'received' }])
  })

  it.each([301, 400, 401, 404, 410, 429, 501])('%d is final', async (status) => {
    receiver.answers.push(status)
    await watched()
    expect(log()).toMatchObject([{ status, outcome: 'failed' }])
    expect(harness.clock.pending).toEqual([])
    expect(harness.google.channels()).toMatchObject([{ alive: true, lastStatus: status }])
  })

  it.each([500, 502, 503, 504])('%d leads to further attempts with exponential backoff', async (status) => {
    receiver.answers.push(status, status, status, 204)
    await watched()
    for (const wait of [1000, 2000, 4000]) {
      await eventually(() => expect(harness.clock.pending).toHaveLength(1))
      expect(log().at(-1)?.outcome).toBe('retried')
      await harness.clock.advance(wait)
    }
    await eventually(() => expect(log().at(-1)?.outcome).toBe('received'))
    expect(log().map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4])
    expect(new Set(receiver.numbers())).toEqual(new Set([1]))
  })

  it('503 every time ends the attempts after the fifth', async () => {
    receiver.answers.push(503, 503, 503, 503, 503)
    await watched()
    for (const wait of [1000, 2000, 4000, 8000]) {
      await eventually(() => expect(harness.clock.pending).toHaveLength(1))
      await harness.clock.advance(wait)
    }
    await eventually(() => expect(log().at(-1)?.outcome).toBe('failed'))
    expect(log()).toHaveLength(5)
    expect(harness.clock.pending).toEqual([])
  })

  it('503 leads to no further attempt once the channel has ended', async () => {
    receiver.answers.push(503)
    await watched()
    harness.google.endChannel({ id: 'channel-1' })
    receiver.answers.push(503)
    await harness.clock.advance(1000)
    await eventually(() => expect(log().at(-1)?.outcome).toBe('failed'))
    expect(log()).toHaveLength(2)
  })

  it('of a server whose certificate is not trusted never comes', async () => {
    const { certificate, server } = await createAuthority({ dns: ['localhost'], ip: ['127.0.0.1'] })
    const listener = createServer({ key: server.key, cert: server.certificate }, (_request, response) => {
      response.writeHead(204).end()
    })
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
    const address = `https://localhost:${(listener.address() as AddressInfo).port}/`
    const { signal } = new AbortController()
    await expect(httpPost()({ address, headers: {} }, signal)).rejects.toThrow(/certificate/)
    expect(await httpPost(certificate)({ address, headers: {} }, signal)).toBe(204)
    listener.close()
  })

  it('that never comes is a failed message', async () => {
    harness.google.switches({ deliverTo: 'http://127.0.0.1:9' })
    await watched()
    expect(log()).toMatchObject([{ status: 0, outcome: 'failed' }])
  })
})

describe('faults', () => {
  const fault = (request: object) => harness.google.addFault({ fault: 'lost', times: 1, ...request })

  it('lose messages, whose numbers are used up', async () => {
    await watched()
    fault({})
    change(harness)
    change(harness)
    const outcomes = ['received', 'lost', 'received']
    await eventually(() => expect(log().map(({ outcome }) => outcome)).toEqual(outcomes))
    expect(receiver.numbers()).toEqual([log()[0]?.number, log()[2]?.number])
  })

  it('repeat messages, with the same number', async () => {
    await watched()
    fault({ fault: 'duplicated' })
    change(harness)
    await arrive(3)
    const [, second, third] = receiver.numbers()
    expect(second).toBe(third)
  })

  it('delay messages', async () => {
    await watched()
    fault({ fault: 'delayed', ms: 60_000 })
    change(harness)
    change(harness)
    await arrive(2)
    await harness.clock.advance(59_000)
    expect(receiver.received).toHaveLength(2)
    await harness.clock.advance(1000)
    await arrive(3)
    expect(receiver.numbers()[2]).toBeLessThan(receiver.numbers()[1]!)
  })

  it('let a message come after the next one', async () => {
    await watched()
    fault({ fault: 'reordered', times: 2 })
    change(harness)
    change(harness)
    await arrive(3)
    const [, second, third] = receiver.numbers()
    expect(third).toBeLessThan(second!)
  })

  it('leave out numbers', async () => {
    await watched()
    fault({ fault: 'numberGap', gap: 500 })
    change(harness)
    await arrive(2)
    expect(receiver.numbers()[1]).toBeGreaterThan(500)
  })

  it('hit the calendars, accounts and messages that they name', async () => {
    await watched()
    fault({ account: 'bob@example.com' })
    fault({ path: '*/calendars/bob@example.com/events' })
    fault({ kind: 'notification.sync' })
    change(harness)
    await arrive(2)
    fault({ kind: 'notification.*', path: '*/calendars/alice@example.com/events', account: alice })
    change(harness)
    expect(log().at(-1)).toMatchObject({ outcome: 'lost' })
  })

  it('of notifications leave requests alone, and those of requests notifications', async () => {
    fault({ times: 9 })
    harness.google.addFault({ fault: '503', path: '*/alice@example.com/events' })
    expect((await watch(harness)).status).toBe(200)
    expect(log()).toMatchObject([{ outcome: 'lost' }])
    expect(() => harness.google.addFault({ fault: 'lost', kind: 'events.list' })).toThrow('hits notifications')
  })
})

describe('the log of deliveries', () => {
  it('shows each attempt without token and address, and over HTTP by channel', async () => {
    await watched()
    expect(harness.google.deliveries()).toEqual({
      total: 1,
      log: [
        {
          at: '2026-11-23T10:00:00.000Z',
          channel: 'channel-1',
          calendar: alice,
          account: alice,
          client: harness.client.client_id,
          number: 1,
          state: 'sync',
          attempt: 1,
          status: 204,
          outcome: 'received',
        },
      ],
    })
    const answer = await fetch(`${harness.google.url}/_control/deliveries?channel=another`)
    expect(await answer.json()).toEqual({ total: 1, log: [] })
    harness.google.resetDeliveries()
    expect(harness.google.deliveries()).toEqual({ total: 0, log: [] })
  })

  it('is of limited length', async () => {
    harness.google.addFault({ fault: 'lost' })
    const ids = Array.from({ length: 50 }, (_, n) => `channel-${n}`)
    await Promise.all(ids.map((id) => watch(harness, { id })))
    const { id } = change(harness)
    const rename = (n: number) => harness.google.changeEvent({ calendar: alice, id, changes: { summary: `Name ${n}` } })
    for (let n = 0; n < 400; n++) rename(n)
    const { total, log: kept } = harness.google.deliveries()
    expect({ total, kept: kept.length }).toEqual({ total: 50 * 402, kept: 10_100 })
  })
})

describe('the shutdown', () => {
  it('ends deliveries that wait for an answer, and further attempts', async () => {
    const clock = new ManualClock()
    const aborted: (() => void)[] = []
    let asked = 0
    const google = await startGoogle({
      clock,
      post: (_notification, signal) =>
        new Promise((resolve, reject) => {
          asked += 1
          if (asked === 1) resolve(503)
          else signal.addEventListener('abort', () => aborted.push(() => reject(new Error('aborted'))))
        }),
    })
    google.addAccount({ email: alice })
    const { clientId: client } = google.addClient()
    const { refreshToken } = google.grant({ client, account: alice, scopes: [CALENDAR] })
    const { accessToken } = google.accessToken({ refreshToken })
    const init = { method: 'POST', headers: { authorization: `Bearer ${accessToken}` }, body: JSON.stringify(channel) }
    await fetch(`${google.url}/calendar/v3/calendars/primary/events/watch`, init)
    await eventually(() => expect(clock.pending).toHaveLength(1))
    google.addEvent({ calendar: alice, event: meeting('09:00', '10:00') })
    const closed = google.close()
    expect(aborted).toHaveLength(1)
    // It still listens, because it waits for the delivery to end.
    expect((await fetch(google.url)).status).toBe(200)
    aborted[0]?.()
    await closed
    expect(clock.pending).toEqual([])
    expect(google.deliveries().log).toMatchObject([{ outcome: 'retried' }, { outcome: 'failed' }])
    expect(asked).toBe(2)
  })
})
