/**
 * Sends requests to Google over one connection pool, with a deadline for each request, and without retries (the queue's backoff
 * retries) or redirects. The result is a whole answer or a `GoogleError` (docs/decisions/0030-google-transport.md).
 */
import { promisify } from 'node:util'
import { gunzip, gunzipSync } from 'node:zlib'
import { Agent, EnvHttpProxyAgent, type Dispatcher } from 'undici'
import { errorCode } from '../platform/errors.ts'
import type { Clock } from '../platform/clock.ts'
import { Exchange, type WholeAnswer } from '../platform/http-exchange.ts'
import { BodyBudget, SMALL_BYTES, type AnswerOwner, type BodyLease } from './body-budget.ts'
import { GoogleError } from './port.ts'

/** A whole answer, decoded as text. */
export interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
  /** Must be called when `text` is no longer needed, to make room for other large answers. */
  release: () => void
}

/** The method of a request. */
export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

/** A request to Google. */
interface OutgoingRequest {
  url: Pick<URL, 'origin' | 'pathname' | 'search'>
  method: Method
  headers: Record<string, string>
  body?: string
  /** For the whole request, except for the time that a large answer waits for a slot. */
  deadlineMs: number
  /** The owner of the answer, if it may be large. */
  owner?: AnswerOwner
}

/** Sends requests. */
export interface Transport {
  /** Sends one request. @throws GoogleError if there is no whole answer, whatever its status. */
  send(request: OutgoingRequest): Promise<Answer>
  close(): Promise<void>
}

/** The values of the environment variables of these names. An empty value means: not set. */
export interface Proxy {
  httpsProxy: string
  httpProxy: string
  noProxy: string
}

const NO_PROXY: Proxy = { httpsProxy: '', httpProxy: '', noProxy: '' }
const KEEP_ALIVE_MS = 60_000
/** zlib takes no smaller buffers than 64 bytes. */
const MIN_BUFFER_BYTES = 1024

/** The connections to Google, as far as a transport uses them. */
export type Pool = Pick<Dispatcher, 'dispatch' | 'destroy'>

/**
 * Creates a pool of connections, which opens them when it has requests. Their number is not limited, because those who send are:
 * a request that waits for a connection would use up its deadline, whoever occupies the others.
 */
export function createPool(proxy: Proxy = NO_PROXY): Pool {
  const options = {
    keepAliveTimeout: KEEP_ALIVE_MS,
    // Instead, the deadline of each request applies, by our own clock.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: 10_000 },
  }
  // The other one would look for the proxy of each request.
  if (proxy.httpProxy === '' && proxy.httpsProxy === '') return new Agent(options)
  // All three are passed, empty or not; otherwise undici would read the environment.
  return new EnvHttpProxyAgent({ ...options, ...proxy })
}

/** Creates a transport over a pool, which it closes. Sends nothing. */
export function createTransport(clock: Clock, pool: Pool): Transport {
  const budget = new BodyBudget(clock)
  return {
    async send(request) {
      const lease = budget.lease(request.owner)
      const sending = new Sending(pool, clock, request, lease)
      try {
        const { statusCode: status, headers, body } = await sending.answer
        const text = isPlain(body, headers) ? body.toString('utf8') : await unpackedText(body, headers, sending)
        return { status, headers, text, release: releaseOf(lease) }
      } catch (error) {
        lease.release()
        if (error instanceof GoogleError) throw error
        throw new GoogleError('Unreachable', error instanceof LateError ? 'no answer in time' : brokenBy(error))
      } finally {
        sending.end()
      }
    },
    close: () => pool.destroy(),
  }
}

/** Not a function within `send`, which would keep alive what those have in common: the exchange, with all bytes of the answer. */
const releaseOf = (lease: BodyLease) => (): void => lease.release()

/** The deadline of a request has passed. */
class LateError extends Error {}

/** A request, from the moment it is sent, with its deadline and the room for its answer. */
class Sending {
  readonly #clock: Clock
  readonly #deadlineMs: number
  readonly #lease: BodyLease
  readonly #exchange: Exchange
  #cancelDeadline: () => void

  constructor(pool: Pool, clock: Clock, { url, method, headers, body, deadlineMs }: OutgoingRequest, lease: BodyLease) {
    this.#clock = clock
    this.#deadlineMs = deadlineMs
    this.#lease = lease
    const options = { origin: url.origin, path: url.pathname + url.search, method, headers, body }
    this.#exchange = new Exchange(pool, options, (bytes) => (bytes > lease.bytes ? this.#makeRoom(bytes) : undefined))
    this.#cancelDeadline = this.#startDeadline()
  }

  get answer(): Promise<WholeAnswer> {
    return this.#exchange.answer
  }

  /** How many bytes the answer may have before `grow`. */
  get bytes(): number {
    return this.#lease.bytes
  }

  /**
   * Waits for more room. This is not Google's fault: the deadline stops, and then begins anew.
   *
   * @throws GoogleError if the answer may not be larger.
   */
  async grow(): Promise<void> {
    this.#cancelDeadline()
    await this.#lease.grow()
    this.#cancelDeadline = this.#startDeadline()
  }

  end(): void {
    this.#cancelDeadline()
  }

  #startDeadline(): () => void {
    return this.#clock.setTimer(this.#deadlineMs, () => this.#exchange.abort(new LateError()))
  }

  async #makeRoom(bytes: number): Promise<void> {
    // Twice, if one chunk exceeds both limits.
    while (bytes > this.#lease.bytes) await this.grow()
  }
}

/** Whether the body is not compressed. Google compresses if the request asks for it. */
const isPlain = (body: Buffer, headers: Answer['headers']): boolean =>
  body.length === 0 || (headers['content-encoding'] ?? 'identity') === 'identity'

async function unpackedText(
  body: Buffer,
  headers: Answer['headers'],
  room: Pick<Sending, 'bytes' | 'grow'>,
): Promise<string> {
  if (headers['content-encoding'] !== 'gzip') {
    throw new GoogleError('Unreachable', 'the answer is encoded in a way that was not requested')
  }
  for (;;) {
    const unpacked = await gunzipped(body, room.bytes)
    if (unpacked) return unpacked.toString('utf8')
    await room.grow()
  }
}

/** Decompresses; undefined if the result would have more than `maxBytes` bytes. */
async function gunzipped(bytes: Buffer, maxBytes: number): Promise<Buffer | undefined> {
  const options = { maxOutputLength: maxBytes, chunkSize: bufferSize(bytes, maxBytes) }
  try {
    // For a small answer a thread costs more than it saves.
    return maxBytes > SMALL_BYTES ? await promisify(gunzip)(bytes, options) : gunzipSync(bytes, options)
  } catch (error) {
    if (errorCode(error) === 'ERR_BUFFER_TOO_LARGE') return undefined
    throw new GoogleError('Unreachable', 'the answer could not be decompressed')
  }
}

/**
 * The size of a buffer that holds all that a gzip says it contains (RFC 1952, ISIZE), and is not full then: zlib would ask for
 * another one.
 */
function bufferSize(bytes: Buffer, maxBytes: number): number {
  const unpacked = bytes.length < 4 ? 0 : bytes.readUInt32LE(bytes.length - 4)
  return Math.min(Math.max(unpacked + 1, MIN_BUFFER_BYTES), maxBytes)
}

/** Names the system's code, such as ECONNRESET; the message itself may contain addresses. */
function brokenBy(error: unknown): string {
  const code = errorCode(error)
  return `the connection failed${code === undefined ? '' : ` (${code})`}`
}
