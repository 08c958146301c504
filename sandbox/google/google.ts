/**
 * A simulated Google for the demo and for tests: one HTTP server on loopback that plays accounts.google.com,
 * oauth2.googleapis.com and www.googleapis.com by path, after the documented behaviour and no kinder than that. Its
 * state lives in memory: oauth/ holds projects, clients, accounts and grants, calendar/ events, listings and sync,
 * http/ the way in, control/ what drives it. It may import types of src/resources and nothing else of the product, so
 * that a mistake of the client's is not repeated here.
 */
import { randomInt } from 'node:crypto'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Operations, operationsOn } from './control/operations.ts'
import { newRequestLog } from './control/request-log.ts'
import { newServer } from './http/server.ts'
import { defaultSwitches, type SandboxClock, type GoogleState } from './state.ts'

export interface GoogleOptions {
  clock: SandboxClock
  /** Uniform in [0, 1); left out: unguessable. */
  random?: () => number
  /** Left out: any free one. */
  port?: number
}

export interface SimulatedGoogle extends Operations {
  /** The origin to use for accounts, oauth2 and www alike: `http://127.0.0.1:<port>`. */
  readonly url: string
  /** Cuts every connection and stops listening. */
  close(): Promise<void>
}

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
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { ...operations, url: state.url, close }
}

function listenerOf(server: Server, port: number): GoogleState['listener'] {
  return {
    leave() {
      if (server.listening) server.close()
      // The answer to whoever asked for this may be on its way.
      setImmediate(() => server.closeAllConnections())
    },
    comeBack() {
      if (!server.listening) server.listen(port, '127.0.0.1')
    },
  }
}

const MANTISSA = 2 ** 40

function newState({ clock, random }: GoogleOptions): GoogleState {
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
    refreshTokens: new Map(),
    accessTokens: new Map(),
    codes: new Map(),
    restrictions: new Set(),
    channels: new Map(),
    faults: [],
    listener: { leave: () => undefined, comeBack: () => undefined },
    hanging: new Map(),
    log: newRequestLog(),
    switches: { ...defaultSwitches },
  }
  return state
}
