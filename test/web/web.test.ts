/** The server: starting, stopping, and connections that it can't accept. */
import { createServer, type AddressInfo, type Server } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { WebDeps } from '../../src/web/port.ts'
import { KeyRing } from '../../src/web/key-ring.ts'
import { createWeb } from '../../src/web/web.ts'
import { ManualClock } from '../support/clock.ts'

let clock: ManualClock
let other: Server

beforeEach(async () => {
  clock = new ManualClock()
  other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
})

afterEach(() => new Promise((resolve) => other.close(resolve)))

function newWeb(port: number) {
  const warnings: string[] = []
  const cluster = {
    readSecret: () => Promise.resolve(undefined),
    create: (secret: object) => Promise.resolve(secret),
    watchSecret: () => undefined,
  }
  const shared = {
    cluster,
    clock,
    log: { warn: (_: object, message: string) => void warnings.push(message) },
    randomBytes: (count: number) => Buffer.alloc(count, 1),
    namespace: 'operator',
  } as unknown as ConstructorParameters<typeof KeyRing>[0]
  const deps = { ...shared, keys: new KeyRing(shared) } as unknown as WebDeps
  return { web: createWeb(deps, { host: '127.0.0.1', port, trustedProxies: [] }), warnings }
}

test('a port that is taken fails the start, which names the setting and leaves nothing behind', async () => {
  const { port } = other.address() as AddressInfo
  const { web } = newWeb(port)
  await expect(web.start()).rejects.toThrow(`--web-bind-address: cannot listen on 127.0.0.1:${port}: `)
  expect(clock.pending).toEqual([])
  expect(web.port).toBeUndefined()
  await web.stop()
})

test('a server that never began can be ended', async () => {
  const { web } = newWeb(0)
  await web.stop()
  expect(web.port).toBeUndefined()
})
