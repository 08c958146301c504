/**
 * A Google that answers what a test has written down, one reply a request, and remembers what it was asked; and our client
 * before it, by a clock that stands still. What is asked beyond the script is answered 599, so that a test sees it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { vi } from 'vitest'
import { createGoogle, type RequestKind, type RunningGoogle } from '../../../src/google/google.ts'
import { GoogleError, type GoogleClient } from '../../../src/google/port.ts'
import { ManualClock } from '../../support/clock.ts'

export interface Asked {
  method: string
  path: string
  query: Record<string, string>
  headers: IncomingMessage['headers']
  body: string
  form: Record<string, string>
}

export interface Written {
  status?: number
  json?: unknown
  text?: string
  headers?: Record<string, string>
  gzip?: boolean
}

/** What is answered, or what is done with the connection instead. */
export type Reply = Written | ((response: ServerResponse, asked: Asked) => void)

export interface Harness {
  clock: ManualClock
  url: string
  google: RunningGoogle
  client: GoogleClient
  asked: Asked[]
  /** Outcomes in order, as they were observed. */
  observed: [RequestKind, string, number][]
  /** Answers that come next, in order. */
  next(...replies: Reply[]): void
  /** Resolves once so many requests have come in all. */
  came(count: number): Promise<void>
  close(): Promise<void>
}

export const CLIENT = { clientId: '1-a.apps.googleusercontent.com', clientSecret: 'GOCSPX-very-secret' }

export async function startHarness(): Promise<Harness> {
  const clock = new ManualClock()
  const script: Reply[] = []
  const asked: Asked[] = []
  const server = createServer((request, response) => void reply(request, response))
  async function reply(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const one = await understood(request)
    asked.push(one)
    const answer = script.shift() ?? { status: 599, text: 'not in the script' }
    if (typeof answer === 'function') answer(response, one)
    else write(answer, response)
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const observed: Harness['observed'] = []
  const observe = (...one: Harness['observed'][number]): void => void observed.push(one)
  const google = createGoogle({ accountsUrl: url, oauthUrl: url, apiUrl: url, clock, random: () => 0.5, observe })
  return {
    ...{ clock, url, google, asked, observed },
    client: google.client(CLIENT),
    next: (...replies) => void script.push(...replies),
    came: (count) =>
      vi.waitFor(() => {
        if (asked.length < count) throw new Error(`only ${asked.length} requests came`)
      }, 60_000),
    async close() {
      await google.close()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
    },
  }
}

async function understood(request: IncomingMessage): Promise<Asked> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
  const body = await text(request)
  const form = Object.fromEntries(new URLSearchParams(body))
  const { method = '', headers } = request
  return { method, path: pathname, query: Object.fromEntries(searchParams), headers, body, form }
}

function write({ status = 200, json, text: plain, headers, gzip }: Written, response: ServerResponse): void {
  const isJSON = plain === undefined
  const body = Buffer.from(plain ?? JSON.stringify(json))
  response.writeHead(status, {
    'content-type': isJSON ? 'application/json; charset=UTF-8' : 'text/html',
    ...(gzip ? { 'content-encoding': 'gzip' } : {}),
    ...headers,
  })
  response.end(gzip ? gzipSync(body) : body)
}

/** What a request failed with, which must be a `GoogleError`. */
export async function failureOf(request: Promise<unknown>): Promise<GoogleError> {
  const error = await request.then(
    () => new Error('it went well'),
    (reason: unknown) => reason,
  )
  if (!(error instanceof GoogleError)) throw error as Error
  return error
}

/** The Calendar back end's envelope. */
export const backEnd = (code: number, reason: string, domain = 'global'): Written => ({
  status: code,
  json: { error: { errors: [{ domain, reason, message: reason }], code, message: reason } },
})
