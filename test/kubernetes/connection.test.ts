import { createServer, type IncomingMessage } from 'node:http'
import type { RequestOptions } from 'node:https'
import { connect as openSocket, type AddressInfo, type Socket } from 'node:net'
import { KubeConfig } from '@kubernetes/client-node'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { connect, CredentialsError, findKubeConfig } from '../../src/kubernetes/connection.ts'
import { ManualClock } from '../support/clock.ts'
import { ScriptedApi } from './support/api.ts'
import { until } from './support/wait.ts'

let clock: ManualClock
let api: ScriptedApi

beforeEach(async () => {
  clock = new ManualClock()
  api = await ScriptedApi.start((_request, reply) => reply.json({}))
})

afterEach(async () => {
  vi.unstubAllEnvs()
  await api.kill()
})

/** A kubeconfig whose plugin answers whatever `next` does. */
function withPlugin(next: () => string): KubeConfig {
  const config = api.kubeConfig()
  Object.assign(config.getCurrentUser() ?? {}, { token: undefined })
  config.addAuthenticator({
    isAuthProvider: () => true,
    applyAuthentication: async (_user, options: RequestOptions) => {
      options.headers = { Authorization: `Bearer ${next()}` }
    },
  })
  return config
}

describe('credentials', () => {
  it('are asked for once a minute at most, however many ask at once', async () => {
    let asked = 0
    const connection = api.connect(
      clock,
      withPlugin(() => `token-${++asked}`),
    )
    const answers = await Promise.all([connection.access(), connection.access(), connection.access()])
    expect(answers.map(({ headers }) => headers.authorization)).toEqual(Array(3).fill('Bearer token-1'))
    clock.jump(59_999)
    expect((await connection.access()).headers.authorization).toBe('Bearer token-1')
    clock.jump(1)
    expect((await connection.access()).headers.authorization).toBe('Bearer token-2')
  })

  it('stay what they are while new ones cannot be had, and are asked for again the next time', async () => {
    let broken = false
    let asked = 0
    const config = withPlugin(() => {
      asked += 1
      if (broken) throw new Error('no such file, says the token abc')
      return `token-${asked}`
    })
    const connection = api.connect(clock, config)
    await connection.access()
    broken = true
    clock.jump(60_000)
    expect((await connection.access()).headers.authorization).toBe('Bearer token-1')
    broken = false
    expect((await connection.access()).headers.authorization).toBe('Bearer token-3')
  })

  it('that never were there are an error that repeats nothing of what the plugin said', async () => {
    const config = withPlugin(() => {
      throw Object.assign(new Error('spawn failed: token abc'), { code: 'ENOENT' })
    })
    const error: unknown = await api
      .connect(clock, config)
      .access()
      .catch((one: unknown) => one)
    expect(error).toBeInstanceOf(CredentialsError)
    expect((error as Error).message).toContain('(ENOENT)')
    expect((error as Error).message).not.toContain('abc')
  })

  it('lose the line break that a token file ends with', async () => {
    const connection = api.connect(
      clock,
      withPlugin(() => 'from-a-file\n'),
    )
    expect((await connection.access()).headers.authorization).toBe('Bearer from-a-file')
  })

  it('that were refused are read anew, but only if they are still the ones in use', async () => {
    let asked = 0
    const connection = api.connect(
      clock,
      withPlugin(() => `token-${++asked}`),
    )
    const first = await connection.access()
    connection.renew(first)
    expect((await connection.access()).headers.authorization).toBe('Bearer token-2')
    connection.renew(first)
    expect((await connection.access()).headers.authorization).toBe('Bearer token-2')
  })
})

describe('connections', () => {
  it('are kept while the certificates are the same, and replaced with them', async () => {
    const config = api.kubeConfig()
    const connection = connect(config, clock)
    const { dispatcher } = await connection.access()
    clock.jump(60_000)
    expect((await connection.access()).dispatcher).toBe(dispatcher)
    Object.assign(config.getCurrentUser() ?? {}, { certData: 'AAAA', keyData: 'AAAA' })
    clock.jump(60_000)
    expect((await connection.access()).dispatcher).not.toBe(dispatcher)
  })

  it('are used again, one request after the other', async () => {
    const connection = api.connect(clock)
    for (let turn = 0; turn < 20; turn++) {
      const { dispatcher } = await connection.access()
      const { body } = await dispatcher.request({ origin: connection.origin, path: '/', method: 'GET' })
      await body.dump()
    }
    expect(api.accepted).toBeLessThan(4)
    await connection.close()
  })

  it('are never used up by watches: the Lease waits for none', async () => {
    api.script = ({ path }, reply) => (path === '/watch' ? reply.begin() : reply.json({}))
    const connection = api.connect(clock)
    const { dispatcher } = await connection.access()
    const get = (path: string) => dispatcher.request({ origin: connection.origin, path, method: 'GET' })
    const watches = await Promise.all(Array.from({ length: 150 }, () => get('/watch')))
    expect((await get('/lease')).statusCode).toBe(200)
    for (const { body } of watches) body.on('error', () => undefined).destroy()
    await connection.close()
    await until('all are closed', () => api.connections === 0)
  })
})

describe('a proxy', () => {
  it('that the kubeconfig names is what connections go through', async () => {
    const asked: string[] = []
    const proxy = createServer().on('connect', ({ url = '' }: IncomingMessage, client: Socket) => {
      asked.push(url)
      const server = openSocket(api.port, '127.0.0.1', () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n')
        server.pipe(client).pipe(server)
      })
      server.on('error', () => client.destroy())
      client.on('error', () => server.destroy())
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    const { port } = proxy.address() as AddressInfo
    const config = api.kubeConfig()
    Object.assign(config.getCurrentCluster() ?? {}, { proxyUrl: `http://127.0.0.1:${port}` })
    const connection = connect(config, clock)
    const { dispatcher } = await connection.access()
    const { statusCode } = await dispatcher.request({ origin: connection.origin, path: '/', method: 'GET' })
    expect([statusCode, asked]).toEqual([200, [`127.0.0.1:${api.port}`]])
    await connection.close()
    await new Promise((resolve) => proxy.close(resolve))
  })
})

describe('the kubeconfig', () => {
  it('that is not to be found is said in words for people', () => {
    vi.stubEnv('KUBECONFIG', '')
    vi.stubEnv('HOME', '/nonexistent')
    expect(() => findKubeConfig()).toThrow('set KUBECONFIG to a file')
  })

  it('that cannot be read is said so too', () => {
    vi.stubEnv('KUBECONFIG', '/nonexistent/kubeconfig')
    expect(() => findKubeConfig()).toThrow('(ENOENT): look at the file that KUBECONFIG names')
  })

  it('tells the namespace and the path', () => {
    const config = new KubeConfig()
    config.loadFromString(`
      apiVersion: v1
      kind: Config
      clusters: [{name: c, cluster: {server: "https://10.0.0.1:6443/k8s/one/"}}]
      users: [{name: u, user: {token: abc}}]
      contexts: [{name: x, context: {cluster: c, user: u, namespace: team}}]
      current-context: x`)
    expect(connect(config, clock)).toMatchObject({
      origin: 'https://10.0.0.1:6443',
      basePath: '/k8s/one',
      namespace: 'team',
    })
  })

  it('without a current context is an error', () => {
    expect(() => connect(new KubeConfig(), clock)).toThrow('No Kubernetes cluster is configured')
  })
})
