/**
 * How requests reach Google: one pool of connections for everything, a deadline on each, no retries (the queue has the one
 * backoff that counts), and nothing but an answer or `Unreachable`. It looks like `fetch` to the googleapis library, at a
 * third of the cost (docs/decisions/0030-google-transport.md).
 */
import { Agent } from 'undici'
import type { Clock } from '../platform/clock.ts'
import { GoogleError } from './port.ts'

export interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
}

export interface OutgoingRequest {
  url: URL
  method: string
  headers: Record<string, string>
  body?: string
  deadlineMs: number
}

export interface Transport {
  send(request: OutgoingRequest): Promise<Answer>
  close(): Promise<void>
}

const MOST_CONNECTIONS = 64
const MOST_BYTES = 64 * 1024 * 1024

export function createTransport(clock: Clock): Transport {
  const pool = new Agent({
    connections: MOST_CONNECTIONS,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: 10_000 },
  })
  return {
    async send({ url, method, headers, body, deadlineMs }) {
      const abort = new AbortController()
      const cancel = clock.setTimer(deadlineMs, () => abort.abort())
      try {
        const path = url.pathname + url.search
        const response = await pool.request({
          origin: url.origin,
          path,
          method: method as 'GET',
          headers,
          body,
          signal: abort.signal,
        })
        return { status: response.statusCode, headers: response.headers, text: await readText(response.body) }
      } catch (error) {
        throw new GoogleError('Unreachable', abort.signal.aborted ? 'no answer in time' : brokenBy(error))
      } finally {
        cancel()
      }
    },
    close: () => pool.destroy(),
  }
}

async function readText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > MOST_BYTES) throw new Error('TOO_LARGE')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** The system's word for it, such as ECONNRESET: the message may hold addresses. */
function brokenBy(error: unknown): string {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
  return `the connection failed${code === undefined ? '' : ` (${code})`}`
}
