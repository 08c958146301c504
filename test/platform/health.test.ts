import { afterEach, describe, expect, test } from 'vitest'
import { Gauge, Registry } from 'prom-client'
import { createHealthServer, type HealthOptions } from '../../src/platform/health.ts'
import type { HttpServer } from '../../src/platform/http-server.ts'
import { ManualClock } from '../support/clock.ts'

const servers: HttpServer[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()))
})

async function serve(options: Partial<HealthOptions> = {}) {
  const registry = new Registry()
  const deps = { clock: new ManualClock(), log: { warn: () => undefined } }
  const server = createHealthServer(deps, {
    host: '127.0.0.1',
    port: 0,
    registry,
    alive: () => true,
    ready: () => true,
    ...options,
  })
  await server.start()
  servers.push(server)
  const get = async (path: string, init?: RequestInit): Promise<[number, string]> => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, init)
    return [response.status, await response.text()]
  }
  return { server, registry, get }
}

describe('the server for machines', () => {
  test('says whether the program lives and is ready, as of now', async () => {
    const now = { alive: true, ready: false }
    const { get } = await serve({ alive: () => now.alive, ready: () => now.ready })
    expect([await get('/healthz'), await get('/readyz')]).toEqual([
      [200, 'ok\n'],
      [503, 'not ok\n'],
    ])
    Object.assign(now, { alive: false, ready: true })
    expect([await get('/healthz'), await get('/readyz?verbose')]).toEqual([
      [503, 'not ok\n'],
      [200, 'ok\n'],
    ])
  })

  test('shows the metrics', async () => {
    const { get, registry } = await serve()
    new Gauge({ name: 'answer', help: 'Of everything.', registers: [registry] }).set(42)
    const [status, text] = await get('/metrics')
    expect([status, text]).toEqual([200, expect.stringContaining('answer 42')])
  })

  test('answers 500 when the metrics fail, and continues', async () => {
    const { get, registry } = await serve()
    new Gauge({
      name: 'broken',
      help: 'Broken.',
      registers: [registry],
      collect: () => {
        throw new Error('no')
      },
    })
    expect((await get('/metrics'))[0]).toBe(500)
    expect(await get('/healthz')).toEqual([200, 'ok\n'])
  })

  test.each(['/', '/metrics/', '/debug', '//healthz', '/constructor'])('knows no %s', async (path) => {
    expect((await (await serve()).get(path))[0]).toBe(404)
  })

  test('takes no orders', async () => {
    expect((await (await serve()).get('/healthz', { method: 'POST' }))[0]).toBe(405)
  })

  test('lets its port go when it is closed, though somebody keeps a connection', async () => {
    const { server, get } = await serve()
    await get('/healthz')
    const { port } = server
    await server.stop()
    const again = await serve({ port })
    expect(again.server.port).toBe(port)
  })

  test('names the setting and the address when the port is taken', async () => {
    const { server } = await serve()
    await expect(serve({ port: server.port })).rejects.toThrow(
      `--metrics-bind-address: cannot listen on 127.0.0.1:${server.port}: listen EADDRINUSE`,
    )
  })
})
