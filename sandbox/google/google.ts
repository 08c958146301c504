/**
 * A simulated Google for the demo and for tests: one HTTP server on loopback in place of accounts.google.com,
 * oauth2.googleapis.com and www.googleapis.com. It follows docs/google-behaviour.md, and is never kinder than Google. Its state
 * is in memory, in `state/`. `oauth/` has projects, clients, accounts and grants; `calendar/` has events, listings and sync;
 * `push/` has channels and notifications; `quota/` counts requests; `server/` receives them; `control/` has the operations that
 * drive it. It may import `src/resources` and nothing else of `src`, so that it
 * does not repeat a mistake of the client.
 */
import { randomInt } from 'node:crypto'
import type { RequestListener, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Operations, operationsOn } from './control/operations.ts'
import { closePush, newPush } from './push/delivery.ts'
import { httpPost } from './push/post.ts'
import type { Post } from './state/push-records.ts'
import { newTraffic } from './quota/traffic.ts'
import { newRequestLog } from './state/request-log.ts'
import { newServer } from './server/server.ts'
import { defaultSwitches, type SandboxClock, type GoogleState } from './state/state.ts'

/** What a simulated Google is started with. */
interface GoogleOptions {
  clock: SandboxClock
  /** Random numbers in [0, 1); by default unguessable ones. */
  random?: () => number
  /** Sends notifications; by default over HTTP. */
  post?: Post
  /** The port; by default any free one. */
  port?: number
}

/** The handle of a running simulated Google, with its control operations. */
export interface SimulatedGoogle extends Operations {
  /** The origin for accounts, oauth2 and www: `http://127.0.0.1:<port>`. */
  readonly url: string
  /** Serves a request that has arrived at another server. */
  readonly serve: RequestListener
  /** Ends deliveries, closes every connection and stops listening. */
  close(): Promise<void>
}

/** Starts a simulated Google on loopback. */
export async function startGoogle(options: GoogleOptions): Promise<SimulatedGoogle> {
  const state = newState(options)
  const operations = operationsOn(state)
  const server = newServer(state, operations)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  state.listener = listenerOf(server, port)
  state.url = `http://127.0.0.1:${port}`
  const close = async (): Promise<void> => {
    await closePush(state.push)
    await new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  }
  const serve: RequestListener = (...exchange) => void server.emit('request', ...exchange)
  return { ...operations, url: state.url, serve, close }
}

function listenerOf(server: Server, port: number): GoogleState['listener'] {
  return {
    beginOutage() {
      if (server.listening) server.close()
      // The answer to the request for this outage may still be on its way.
      setImmediate(() => server.closeAllConnections())
    },
    endOutage() {
      if (!server.listening) server.listen(port, '127.0.0.1')
    },
  }
}

const MANTISSA = 2 ** 40

function newState({ clock, random, post = httpPost() }: GoogleOptions): GoogleState {
  const state: GoogleState = {
    url: '',
    now: () => clock.now() + state.aheadMs,
    setTimer: (delayMs, fire) => clock.setTimer(delayMs, fire),
    aheadMs: 0,
    random: random ?? (() => randomInt(MANTISSA) / MANTISSA),
    counter: 0,
    projects: new Map(),
    clients: new Map(),
    accounts: new Map(),
    calendars: new Map(),
    conferencePolls: new Map(),
    mails: [],
    refreshTokens: new Map(),
    accessTokens: new Map(),
    codes: new Map(),
    restrictions: new Set(),
    push: newPush(post),
    faults: [],
    listener: { beginOutage: () => undefined, endOutage: () => undefined },
    hanging: new Map(),
    log: newRequestLog(),
    traffic: newTraffic(),
    switches: { ...defaultSwitches },
  }
  return state
}
