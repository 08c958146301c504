/**
 * The room of the web: the pages on which people sign in with Google, and the way back from there. Any replica serves them,
 * whether it leads or not: what they need is read from the cluster, and what they keep is one Secret an Agent. It may touch
 * Kubernetes and Google through their ports only, and shows nobody anything that is not on `pages/`.
 */
import { createAdaptorServer } from '@hono/node-server'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '../platform/clock.ts'
import { SIGN_IN_PREFIX, signInURLOf } from '../resources/names.ts'
import type { Agent } from '../resources/types.ts'
import { Keys } from './key-ring.ts'
import { networksOf } from './limits.ts'
import { tagOf } from './signed-tokens.ts'
import type { WebDeps } from './port.ts'
import { Routes } from './routes.ts'

export type { WebDeps } from './port.ts'

export interface WebOptions {
  /** Undefined: every address of this machine. */
  host: string | undefined
  /** 0: any that is free. */
  port: number
  /** The path under which the pages are, on each site; the usual one where nothing is said. */
  pathPrefix?: string
  /** Networks whose `X-Forwarded-For` is believed. */
  trustedProxies: readonly string[]
}

export interface Web {
  /** Of the server, once it listens. */
  readonly port: number | undefined
  /** Fails, with a message that names the address, where it can't listen. */
  start(): Promise<void>
  /** Takes no more connections, lets what is under way come to its end for a while, and cuts off the rest. */
  stop(): Promise<void>
  /** The page on which this Agent's person signs in; undefined while there are no keys. */
  signInURL(agent: Agent, siteURI: string): string | undefined
}

/** Of sockets, in ms. Node looks for those that are over their time only every thirty seconds unless it is told. */
const DEADLINES = { headersTimeout: 5_000, requestTimeout: 10_000, connectionsCheckingInterval: 1_000 }
/**
 * Of connections that wait to be taken. With Node's 511, some of a thousand people who come at once are told nothing for ten
 * seconds and more: the system drops them, and their browsers ask again later and later. (It has a limit of its own, too.)
 */
const BACKLOG = 4_096
/** Of connections at a time: some 20 kB each. What comes beyond is closed at once, whoever opens it. */
const MAX_CONNECTIONS = 4_096
/** How long a sign-in that is under way has to come to its end: Google's code is used up, and the grant not yet kept. */
const GRACE_MS = 5_000

export function createWeb(deps: WebDeps, options: WebOptions): Web {
  const keys = new Keys(deps)
  const { pathPrefix = SIGN_IN_PREFIX, trustedProxies } = options
  const app = new Routes(deps, { keys, pathPrefix, proxies: networksOf(trustedProxies) }).app()
  const limits = { ...DEADLINES, maxHeaderSize: 16 * 1024 }
  const server = createAdaptorServer({ fetch: app.fetch, serverOptions: limits }) as Server
  server.maxConnections = MAX_CONNECTIONS
  return {
    get port() {
      return (server.address() as AddressInfo | null)?.port
    },
    async start() {
      await keys.start()
      try {
        await listen(server, options)
      } catch (error) {
        keys.stop()
        throw error
      }
      // Without a listener, a connection that could not be accepted (no file descriptor left) would end the process.
      server.on('error', (error) => deps.log.warn({ error }, 'a connection could not be accepted'))
    },
    async stop() {
      keys.stop()
      if (server.listening) await ended(server, deps.clock)
    },
    signInURL({ metadata: { uid } }, siteURI) {
      const tag = keys.current && uid !== undefined ? tagOf(uid, keys.current) : undefined
      return tag === undefined ? undefined : signInURLOf(siteURI, tag, pathPrefix)
    },
  }
}

const ended = (server: Server, clock: Pick<Clock, 'setTimer'>): Promise<void> =>
  new Promise((resolve) => {
    const cancel = clock.setTimer(GRACE_MS, () => server.closeAllConnections())
    server.close(() => {
      cancel()
      resolve()
    })
  })

const listen = (server: Server, { host, port }: WebOptions): Promise<void> =>
  new Promise((resolve, reject) => {
    const fail = (cause: Error): void => {
      reject(new Error(`--web-bind-address: cannot listen on ${host ?? ''}:${port}: ${cause.message}`, { cause }))
    }
    server.once('error', fail)
    server.listen({ host, port, backlog: BACKLOG }, () => {
      server.off('error', fail)
      resolve()
    })
  })
