import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { connect, type Connection } from '../../src/kubernetes/connection.ts'
import { CredentialsError } from '../../src/kubernetes/credentials.ts'
import { findKubeconfig } from '../../src/kubernetes/kubeconfig.ts'
import { ManualClock } from '../support/clock.ts'
import { ScriptedApi } from './support/api.ts'
import { configOf } from './support/kubeconfig.ts'
import { until } from './support/wait.ts'

let clock: ManualClock
let api: ScriptedApi
let directory: string

beforeEach(async () => {
  clock = new ManualClock()
  api = await ScriptedApi.start((_request, reply) => reply.json({}))
  directory = await mkdtemp(join(tmpdir(), 'connection-'))
})

afterEach(async () => {
  await api.kill()
  await rm(directory, { recursive: true })
})

const file = async (name: string, content: string): Promise<string> => {
  const path = join(directory, name)
  await writeFile(path, content)
  return path
}

const to = (user: object): Connection => connect(configOf({ cluster: { server: 'https://10.0.0.1' }, user }), clock)
const tokenOf = async (connection: Connection): Promise<unknown> => (await connection.access()).headers.authorization

/** A plugin that counts how often it is run; what it prints is in `answer`. */
async function plugin(answer: object = { token: 'token-COUNT' }, exec: object = {}): Promise<Connection> {
  await tell(answer)
  const command = await file(
    'plugin',
    `#!/bin/sh\nCOUNT=$(($(cat ${directory}/count 2>/dev/null || echo 0) + 1)); echo $COUNT > ${directory}/count\n` +
      `sed "s/COUNT/$COUNT/" ${directory}/answer\n`,
  )
  await chmod(command, 0o755)
  const apiVersion = 'client.authentication.k8s.io/v1'
  return to({ exec: { apiVersion, command, interactiveMode: 'Never', ...exec } })
}

const tell = (status: object): Promise<string> =>
  file('answer', JSON.stringify({ kind: 'ExecCredential', apiVersion: 'client.authentication.k8s.io/v1', status }))
const runs = async (): Promise<number> => Number(await readFile(join(directory, 'count'), 'utf8').catch(() => '0'))

describe('a token file', () => {
  it('is read once a minute at most, however many requests need it, without its trailing line break', async () => {
    const tokenFile = await file('token', 'one\n')
    const connection = to({ tokenFile })
    const answers = await Promise.all([connection.access(), connection.access(), connection.access()])
    expect(answers.map(({ headers }) => headers.authorization)).toEqual(Array(3).fill('Bearer one'))
    await writeFile(tokenFile, 'two')
    clock.jump(59_999)
    expect(await tokenOf(connection)).toBe('Bearer one')
    clock.jump(1)
    expect(await tokenOf(connection)).toBe('Bearer two')
  })

  it('is read in time, whatever the time of day does', async () => {
    const tokenFile = await file('token', 'one')
    const connection = to({ tokenFile })
    await connection.access()
    await writeFile(tokenFile, 'two')
    clock.setTimeOfDay(-3_600_000)
    clock.jump(60_000)
    expect(await tokenOf(connection)).toBe('Bearer two')
  })

  it('that cannot be read at the moment leaves the old token in use', async () => {
    const tokenFile = await file('token', 'one')
    const connection = to({ tokenFile })
    await connection.access()
    await rm(tokenFile)
    clock.jump(60_000)
    expect(await tokenOf(connection)).toBe('Bearer one')
    await writeFile(tokenFile, 'two')
    expect(await tokenOf(connection)).toBe('Bearer two')
  })

  it('that could never be read is an error that says so', async () => {
    const error: unknown = await tokenOf(to({ tokenFile: join(directory, 'missing') })).catch((one: unknown) => one)
    expect(error).toBeInstanceOf(CredentialsError)
    expect((error as Error).message).toBe("the kubeconfig's token file cannot be read (ENOENT)")
  })

  it('is read again once the server rejects its token, but only if that is still the one in use', async () => {
    const tokenFile = await file('token', 'one')
    const connection = to({ tokenFile })
    const first = await connection.access()
    await writeFile(tokenFile, 'two')
    connection.renew(first)
    expect(await tokenOf(connection)).toBe('Bearer two')
    await writeFile(tokenFile, 'three')
    connection.renew(first)
    expect(await tokenOf(connection)).toBe('Bearer two')
  })
})

describe('a plugin', () => {
  it('is run once for concurrent requests, and not again while its credentials are valid', async () => {
    const connection = await plugin()
    await Promise.all([connection.access(), connection.access()])
    clock.jump(3_600_000)
    expect(await tokenOf(connection)).toBe('Bearer token-1')
    expect(await runs()).toBe(1)
  })

  it('is run again as soon as its credentials expire', async () => {
    const connection = await plugin({
      token: 'token-COUNT',
      expirationTimestamp: new Date(clock.now() + 30_000).toISOString(),
    })
    await connection.access()
    clock.jump(29_999)
    expect(await tokenOf(connection)).toBe('Bearer token-1')
    clock.jump(1)
    expect(await tokenOf(connection)).toBe('Bearer token-2')
  })

  it('is run again when the server rejects its credentials, but not for each of many rejections', async () => {
    const connection = await plugin()
    const first = await connection.access()
    clock.jump(10_000)
    connection.renew(first)
    const second = await connection.access()
    expect(second.headers.authorization).toBe('Bearer token-2')
    connection.renew(second)
    expect(await tokenOf(connection)).toBe('Bearer token-2')
    expect(await runs()).toBe(2)
  })

  it('that fails is an error, since its old credentials have expired; it is run again some seconds later', async () => {
    const expirationTimestamp = new Date(clock.now() + 30_000).toISOString()
    const connection = await plugin({ token: 'secret-COUNT', expirationTimestamp })
    await connection.access()
    await writeFile(join(directory, 'answer'), 'secret-abc is no JSON')
    clock.jump(30_000)
    const error: unknown = await tokenOf(connection).catch((one: unknown) => one)
    expect((error as Error).message).toBe(
      'the plugin plugin printed no JSON: expected an ExecCredential of client.authentication.k8s.io/v1',
    )
    await tokenOf(connection).catch(() => undefined)
    expect(await runs()).toBe(2)
    await tell({ token: 'token-COUNT' })
    clock.jump(5_000)
    expect(await tokenOf(connection)).toBe('Bearer token-3')
  })

  it.each<[string, object, string]>([
    ['is missing', { command: '/nonexistent/plugin' }, 'could not be run (ENOENT)'],
    ['fails', { command: '/bin/false' }, 'ended with exit code 1'],
    ['wants to ask a person', { interactiveMode: 'Always' }, 'standard input is not a terminal'],
  ])('that %s is an error in words for people', async (_what, exec, words) => {
    const connection = await plugin({}, exec)
    await expect(connection.access()).rejects.toThrow(words)
  })
})

describe('connections', () => {
  it('are kept while the certificates are the same, and replaced when those change', async () => {
    const ca = await file('ca', 'AAAA')
    const config = configOf({ cluster: { server: 'https://10.0.0.1', 'certificate-authority': ca } })
    const connection = connect(config, clock)
    const { dispatcher } = await connection.access()
    clock.jump(60_000)
    expect((await connection.access()).dispatcher).toBe(dispatcher)
    await writeFile(ca, 'BBBB')
    clock.jump(60_000)
    expect((await connection.access()).dispatcher).not.toBe(dispatcher)
  })

  it('are reused, one request after the other, and none is opened after the end', async () => {
    const connection = api.connect(clock)
    const get = async () => {
      const { dispatcher } = await connection.access()
      return dispatcher.request({ origin: connection.origin, path: '/', method: 'GET' })
    }
    for (let turn = 0; turn < 20; turn++) await (await get()).body.dump()
    expect(api.accepted).toBeLessThan(4)
    await connection.close()
    await expect(get()).rejects.toThrow('destroyed')
  })

  it('are never used up by watches: the Lease does not wait for one', async () => {
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

describe('the kubeconfig', () => {
  it('that cannot be found is reported in a message for people', () => {
    expect(() => findKubeconfig({ env: { KUBECONFIG: '', HOME: '/nonexistent' } })).toThrow('set KUBECONFIG to a file')
  })

  it('that does not exist, or has no current context, is named', async () => {
    const empty = await file('empty', 'kind: Config')
    const find = () => findKubeconfig({ env: { KUBECONFIG: `/nonexistent:${empty}` }, serviceAccount: '/nonexistent' })
    expect(find).toThrow(`(/nonexistent does not exist, ${empty} has no current context): set KUBECONFIG`)
  })

  it.each([
    ['a: [', 'line 1 is not YAML (BAD_INDENT)'],
    ['users: [{name: a, user: {token: 12345}}]', 'token is not text: put it into quotes'],
    ['clusters: {}', 'clusters is not a list'],
    ['users: [{name: a}, {name: a}]', 'users names "a" twice'],
    ['current-context: gone', 'current context "gone" does not exist'],
  ])('that says %s is refused, with the place and without the value', async (text, words) => {
    const KUBECONFIG = await file('config', text)
    expect(() => findKubeconfig({ env: { KUBECONFIG } })).toThrow(words)
    expect(() => findKubeconfig({ env: { KUBECONFIG } })).not.toThrow('12345')
  })

  it('that may not be read is reported, too', async () => {
    expect(() => findKubeconfig({ env: { KUBECONFIG: directory } })).toThrow('(EISDIR): look at the file')
  })

  it('gives the namespace and the path', () => {
    const config = configOf({ cluster: { server: 'https://10.0.0.1:6443/k8s/one/' }, namespace: 'team' })
    expect(connect(config, clock)).toMatchObject({
      origin: 'https://10.0.0.1:6443',
      basePath: '/k8s/one',
      namespace: 'team',
    })
  })

  it('whose user has no credentials sends anonymous requests', async () => {
    expect((await to({}).access()).headers).toEqual({})
  })

  it('with plain HTTP sends no credentials, only the impersonation headers', async () => {
    const user = { token: 'tea', as: 'bob' }
    const connection = connect(configOf({ cluster: { server: 'http://10.0.0.1' }, user }), clock)
    expect((await connection.access()).headers).toEqual({ 'impersonate-user': 'bob' })
  })
})

describe('in a pod', () => {
  const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443', HOME: '/nonexistent' }

  beforeEach(async () => {
    await file('token', 'of-the-pod\n')
    await file('namespace', 'team\n')
    await file('ca.crt', 'AAAA')
  })

  it('the service account is used: its token and certificate authority are read again every minute', async () => {
    const connection = connect(findKubeconfig({ env, serviceAccount: directory }), clock)
    expect(connection).toMatchObject({ origin: 'https://[fd00::1]', namespace: 'team' })
    const before = await connection.access()
    expect(before.headers.authorization).toBe('Bearer of-the-pod')
    await file('ca.crt', 'BBBB')
    await file('token', 'rotated')
    clock.jump(60_000)
    const after = await connection.access()
    expect(after.headers.authorization).toBe('Bearer rotated')
    expect(after.dispatcher).not.toBe(before.dispatcher)
  })

  it('a kubeconfig with a current context has priority, and one without has not', async () => {
    const said = `{clusters: [{name: a, cluster: {server: "https://elsewhere"}}], contexts: [{name: a, context: {cluster: a}}]`
    const KUBECONFIG = await file('config', `${said}, current-context: a}`)
    const sources = { env: { ...env, KUBECONFIG }, serviceAccount: directory }
    expect(findKubeconfig(sources).server.host).toBe('elsewhere')
    await file('config', `${said}}`)
    expect(findKubeconfig(sources).server.host).toBe('[fd00::1]')
  })
})
