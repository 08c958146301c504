/**
 * How requests reach Google: one pool of connections for everything, a deadline on each, no retries (the queue has the one
 * backoff that counts), no redirects followed, and nothing but a whole answer or a `GoogleError`
 * (docs/decisions/0030-google-transport.md).
 */
import { gunzipSync } from 'node:zlib'
import { EnvHttpProxyAgent } from 'undici'
import type { Clock } from '../platform/clock.ts'
import { GoogleError } from './port.ts'

export interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
}

export interface OutgoingRequest {
  url: URL
  method: 'GET' | 'POST'
  headers: Record<string, string>
  body?: string
  deadlineMs: number
}

export interface Transport {
  send(request: OutgoingRequest): Promise<Answer>
  close(): Promise<void>
}

/** As in the environment variables of these names. An empty one is none. */
export interface Proxy {
  httpsProxy: string
  httpProxy: string
  noProxy: string
}

const NO_PROXY: Proxy = { httpsProxy: '', httpProxy: '', noProxy: '' }
const MOST_CONNECTIONS = 32
const KEEP_ALIVE_MS = 60_000
/** A page of 2,500 events with long descriptions is some 20 MB. */
const MOST_BYTES = 64 * 1024 * 1024

export function createTransport(clock: Clock, proxy: Proxy = NO_PROXY): Transport {
  // Each is given, empty or not: it would else look into the environment by itself.
  const pool = new EnvHttpProxyAgent({
    ...proxy,
    connections: MOST_CONNECTIONS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // The deadline below counts, by our own clock.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: 10_000 },
  })
  return {
    async send({ url, deadlineMs, ...request }) {
      const abort = new AbortController()
      const cancel = clock.setTimer(deadlineMs, () => abort.abort())
      try {
        const { origin, pathname, search } = url
        const response = await pool.request({ ...request, origin, path: pathname + search, signal: abort.signal })
        const bytes = await readAll(response.body)
        return { status: response.statusCode, headers: response.headers, text: textOf(bytes, response.headers) }
      } catch (error) {
        if (error instanceof GoogleError) throw error
        throw new GoogleError('Unreachable', abort.signal.aborted ? 'no answer in time' : brokenBy(error))
      } finally {
        cancel()
      }
    },
    close: () => pool.destroy(),
  }
}

async function readAll(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > MOST_BYTES) throw tooLarge()
    chunks.push(chunk)
  }
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)
}

/** The googleapis library asks for gzip, and Google obliges. */
function textOf(bytes: Buffer, headers: Answer['headers']): string {
  const encoding = headers['content-encoding'] ?? 'identity'
  if (encoding === 'identity' || bytes.length === 0) return bytes.toString('utf8')
  if (encoding !== 'gzip') throw new GoogleError('Unreachable', 'the answer is encoded in a way nobody asked for')
  try {
    return gunzipSync(bytes, { maxOutputLength: MOST_BYTES }).toString('utf8')
  } catch (error) {
    if (codeOf(error) === 'ERR_BUFFER_TOO_LARGE') throw tooLarge()
    throw new GoogleError('Unreachable', 'the answer could not be decompressed')
  }
}

const tooLarge = (): GoogleError => new GoogleError('Unknown', 'the answer is larger than 64 MiB')

/** The system's word for it, such as ECONNRESET: the message may hold addresses. */
function brokenBy(error: unknown): string {
  const code = codeOf(error)
  return `the connection failed${code === undefined ? '' : ` (${code})`}`
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
