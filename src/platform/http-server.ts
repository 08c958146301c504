/**
 * An HTTP server with limits that protect it against slow, large and numerous requests. One serves the health endpoints, and another
 * one the sign-in pages.
 */
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from './clock.ts'
import type { Log } from './log.ts'

/** What an HTTP server needs. */
export interface HttpServerDeps {
  clock: Pick<Clock, 'setTimer'>
  log: Pick<Log, 'warn'>
}

/** The address to listen on. */
export interface BindAddress {
  /** Undefined: every address of this machine. */
  host: string | undefined
  /** 0: any free port. */
  port: number
}

/** The options of an HTTP server. */
interface HttpServerOptions extends BindAddress {
  /** The setting that names the address, for error messages: `--web-bind-address`. */
  setting: string
  /** How long running requests may take to end at shutdown, in ms. */
  graceMs: number
}

/** An HTTP server that can be started and stopped. */
export interface HttpServer {
  /** Undefined while the server does not listen. */
  readonly port: number | undefined
  /** @throws Error that names the setting and the address, if the server cannot listen there. */
  start(): Promise<void>
  /** Accepts no more connections, waits for running requests, and then closes the rest. */
  stop(): Promise<void>
}

/** In ms. Node looks for sockets that exceed these limits every thirty seconds unless it is told otherwise. */
const TIMEOUTS = { headersTimeout: 5_000, requestTimeout: 10_000, connectionsCheckingInterval: 1_000 }
const MAX_HEADER_BYTES = 16 * 1024
/** Open connections at a time, at about 20 kB each. The server closes every further connection at once. */
const MAX_CONNECTIONS = 4_096
/**
 * Connections that wait to be accepted. With Node's default of 511, the kernel drops some of a thousand connections that
 * arrive at once, and their browsers wait ten seconds and more before they try again. (The kernel has a limit of its own, too.)
 */
const BACKLOG = 4_096

/** Creates an HTTP server. */
export function createHttpServer(
  { clock, log }: HttpServerDeps,
  options: HttpServerOptions,
  listener: RequestListener,
): HttpServer {
  const server = createServer({ ...TIMEOUTS, maxHeaderSize: MAX_HEADER_BYTES }, listener)
  server.maxConnections = MAX_CONNECTIONS
  return {
    get port() {
      return (server.address() as AddressInfo | null)?.port
    },
    async start() {
      await listen(server, options)
      // Without a listener, a connection that cannot be accepted (no file descriptor left) would end the process.
      server.on('error', (error) => log.warn({ error }, 'a connection could not be accepted'))
    },
    stop: async () => (server.listening ? close(server, options.graceMs, clock) : undefined),
  }
}

const listen = (server: Server, { setting, host, port }: HttpServerOptions): Promise<void> =>
  new Promise((resolve, reject) => {
    const fail = (cause: Error): void => {
      reject(new Error(`${setting}: cannot listen on ${host ?? ''}:${port}: ${cause.message}`, { cause }))
    }
    server.once('error', fail)
    server.listen({ host, port, backlog: BACKLOG }, () => {
      server.off('error', fail)
      resolve()
    })
  })

const close = (server: Server, graceMs: number, clock: Pick<Clock, 'setTimer'>): Promise<void> =>
  new Promise((resolve) => {
    const closeAll = (): void => server.closeAllConnections()
    const cancel = graceMs > 0 ? clock.setTimer(graceMs, closeAll) : undefined
    server.close(() => {
      cancel?.()
      resolve()
    })
    if (graceMs === 0) closeAll()
  })
