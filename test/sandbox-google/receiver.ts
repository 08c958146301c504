import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'vitest'
import { eventually, meeting, type Answer, type Harness } from './harness.ts'

export const alice = 'alice@example.com'

/** A notification as it arrived. */
interface Received {
  method: string
  path: string
  headers: IncomingHttpHeaders
  body: string
}

/** An application that receives notifications, and answers each with the next status of `answers`, or 204. */
export interface Receiver {
  origin: string
  received: Received[]
  answers: number[]
  /** The numbers of the messages, in the order in which they arrived. */
  numbers(): number[]
  arrive(count: number): Promise<void>
  close(): void
}

export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = []
  const answers: number[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request
      received.push({ method, path, headers, body: Buffer.concat(chunks).toString() })
      response.writeHead(answers.shift() ?? 204).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    answers,
    numbers: () => received.map(({ headers }) => Number(headers['x-goog-message-number'])),
    arrive: (count) => eventually(() => expect(received).toHaveLength(count)),
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** The body of a request for a channel. */
export const channel = {
  id: 'channel-1',
  type: 'web_hook',
  address: 'https://booking.example.com/notify?x=1',
  token: 'the-token',
}

export interface WatchOptions {
  calendar?: string
  query?: string
  accessToken?: string
}

/** Asks for a channel on a calendar, by default Alice's primary one. */
export function watch(harness: Harness, changes: object = {}, options: WatchOptions = {}): Promise<Answer> {
  const { calendar = 'primary', query = '', ...rest } = options
  const path = `/calendars/${encodeURIComponent(calendar)}/events/watch${query}`
  return harness.api('POST', path, { body: { ...channel, ...changes }, ...rest })
}

/** Adds an event to Alice's calendar. */
export const change = (harness: Harness) =>
  harness.google.addEvent({ calendar: alice, event: meeting('09:00', '10:00') })
