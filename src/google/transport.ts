/**
 * Sends requests to Google over one connection pool, with a deadline for each request, and without retries (the queue's backoff
 * retries) or redirects. The result is a whole answer or a `GoogleError` (docs/decisions/0030-google-transport.md).
 */
import { promisify } from 'node:util'
import { gunzip, gunzipSync } from 'node:zlib'
import { Agent, EnvHttpProxyAgent, type Dispatcher } from 'undici'
import { errorCode } from '../platform/errors.ts'
import type { Clock } from '../platform/clock.ts'
import { Exchange } from '../platform/http-exchange.ts'
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
    async send({ url, deadlineMs, owner, ...request }) {
      const lease = budget.lease(owner)
      const { origin, pathname, search } = url
      const exchange = new Exchange(pool, { ...request, origin, path: pathname + search }, (bytes) =>
        bytes > lease.bytes ? makeRoom(bytes) : undefined,
      )
      const deadline = new Deadline(clock, deadlineMs, () => exchange.abort(new LateError()))
      const grow = (): Promise<void> => deadline.suspended(() => lease.grow())
      const makeRoom = async (bytes: number): Promise<void> => {
        // Twice, if one chunk exceeds both limits.
        while (bytes > lease.bytes) await grow()
      }
      try {
        const { statusCode: status, headers, body } = await exchange.answer
        const text = await decodedText({ bytes: body, headers }, lease, grow)
        return { status, headers, text, release: releaseOf(lease) }
      } catch (error) {
        lease.release()
        if (error instanceof GoogleError) throw error
        throw new GoogleError('Unreachable', error instanceof LateError ? 'no answer in time' : brokenBy(error))
      } finally {
        deadline.end()
      }
    },
    close: () => pool.destroy(),
  }
}

/** Not a function within `send`, which would keep alive what those have in common: the exchange, with all bytes of the answer. */
const releaseOf = (lease: BodyLease) => (): void => lease.release()

/** The deadline of a request has passed. */
class LateError extends Error {}

class Deadline {
  readonly #start: () => void
  #cancel: () => void = () => undefined

  constructor(clock: Clock, ms: number, passed: () => void) {
    this.#start = () => (this.#cancel = clock.setTimer(ms, passed))
    this.#start()
  }

  /** Stops the deadline during a wait that is not Google's fault, and then restarts it from the beginning. */
  async suspended(wait: () => Promise<void>): Promise<void> {
    this.#cancel()
    await wait()
    this.#start()
  }

  end(): void {
    this.#cancel()
  }
}

/** Decompresses the body if Google has compressed it, which most requests ask for. */
async function decodedText(
  { bytes, headers }: { bytes: Buffer; headers: Answer['headers'] },
  lease: BodyLease,
  grow: () => Promise<void>,
): Promise<string> {
  const encoding = headers['content-encoding'] ?? 'identity'
  if (encoding === 'identity' || bytes.length === 0) return bytes.toString('utf8')
  if (encoding !== 'gzip') throw new GoogleError('Unreachable', 'the answer is encoded in a way that was not requested')
  for (;;) {
    const unpacked = await gunzipped(bytes, lease.bytes)
    if (unpacked) return unpacked.toString('utf8')
    await grow()
  }
}

/** Decompresses; undefined if the result would have more than `maxBytes` bytes. */
async function gunzipped(bytes: Buffer, maxBytes: number): Promise<Buffer | undefined> {
  const options = { maxOutputLength: maxBytes }
  try {
    // For a small answer a thread costs more than it saves.
    return maxBytes > SMALL_BYTES ? await promisify(gunzip)(bytes, options) : gunzipSync(bytes, options)
  } catch (error) {
    if (errorCode(error) === 'ERR_BUFFER_TOO_LARGE') return undefined
    throw new GoogleError('Unreachable', 'the answer could not be decompressed')
  }
}

/** Names the system's code, such as ECONNRESET; the message itself may contain addresses. */
function brokenBy(error: unknown): string {
  const code = errorCode(error)
  return `the connection failed${code === undefined ? '' : ` (${code})`}`
}
