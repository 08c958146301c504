/**
 * Connects through a SOCKS5 proxy (RFC 1928, RFC 1929), which resolves host names. Node has no SOCKS client, and undici's is not
 * finished.
 */
import { once } from 'node:events'
import { connect, isIP, type Socket } from 'node:net'
import { buildConnector } from 'undici'
import type { TlsOptions } from './credentials.ts'

const VERSION = 5
const NO_AUTHENTICATION = 0
const PASSWORD = 2
const CONNECT = 1
const IPV4 = 1
const DOMAIN = 3
const ADDRESS_BYTES: Record<number, number> = { [IPV4]: 4, 4: 16 }
const MAX_SILENCE_MS = 10_000

/** Creates a connector for undici's `Agent`. */
export function socksConnector(proxy: URL, tls: TlsOptions): buildConnector.connector {
  const encrypt = buildConnector({ ...tls })
  return (options, callback) => {
    const port = Number(options.port) || (options.protocol === 'https:' ? 443 : 80)
    tunnel(proxy, options.hostname, port).then(
      (socket) => {
        if (options.protocol === 'https:') encrypt({ ...options, httpSocket: socket }, callback)
        else callback(null, socket)
      },
      (error: unknown) => callback(error as Error, null),
    )
  }
}

async function tunnel(proxy: URL, host: string, port: number): Promise<Socket> {
  const socket = connect(Number(proxy.port) || 1080, proxy.hostname.replace(/^\[|\]$/g, ''))
  socket.setTimeout(MAX_SILENCE_MS, () => socket.destroy(new Error('the SOCKS proxy does not answer')))
  try {
    await once(socket, 'connect')
    await authenticate(socket, decodeURIComponent(proxy.username), decodeURIComponent(proxy.password))
    socket.write(Buffer.from([VERSION, CONNECT, 0, ...addressOf(host.replace(/^\[|\]$/g, '')), port >> 8, port & 0xff]))
    const [, status = 255, , kind = 0] = await read(socket, 4)
    if (status !== 0) throw new Error(`the SOCKS proxy refused the connection (${status})`)
    const length = ADDRESS_BYTES[kind] ?? (await read(socket, 1))[0] ?? 0
    await read(socket, length + 2)
    socket.setTimeout(0)
    return socket
  } catch (error) {
    socket.destroy()
    throw error
  }
}

/** The proxy resolves names. */
const addressOf = (host: string): number[] =>
  isIP(host) === 4 ? [IPV4, ...host.split('.').map(Number)] : [DOMAIN, Buffer.byteLength(host), ...Buffer.from(host)]

async function authenticate(socket: Socket, user: string, password: string): Promise<void> {
  socket.write(Buffer.from(user === '' ? [VERSION, 1, NO_AUTHENTICATION] : [VERSION, 2, NO_AUTHENTICATION, PASSWORD]))
  const [, method] = await read(socket, 2)
  if (method === NO_AUTHENTICATION) return
  if (method !== PASSWORD || user === '')
    throw new Error('the SOCKS proxy requires an authentication method that is not available')
  const [name, word] = [Buffer.from(user), Buffer.from(password)]
  socket.write(Buffer.from([1, name.length, ...name, word.length, ...word]))
  const [, status] = await read(socket, 2)
  if (status !== 0) throw new Error('the SOCKS proxy refused the name or the password')
}

/** Reads exactly this many bytes, because the following bytes no longer belong to the proxy's protocol. */
async function read(socket: Socket, bytes: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  let missing = bytes
  while (missing > 0) {
    // Takes what has arrived: while a part is left there, `readable` is emitted again at once, and nothing further arrives.
    const piece = socket.read(Math.min(missing, socket.readableLength)) as Buffer | null
    if (piece) {
      pieces.push(piece)
      missing -= piece.length
    } else if (socket.readableEnded || socket.destroyed) throw new Error('the SOCKS proxy hung up')
    else await moreOrEnd(socket)
  }
  return Buffer.concat(pieces)
}

/** Waits until there is more to read, or nothing follows. Leaves no listeners behind, because an answer may have many pieces. */
async function moreOrEnd(socket: Socket): Promise<void> {
  const waiting = new AbortController()
  const options = { signal: waiting.signal }
  try {
    await Promise.race([once(socket, 'readable', options), once(socket, 'end', options)])
  } finally {
    waiting.abort()
  }
}
