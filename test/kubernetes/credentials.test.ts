/** Which of the credentials of a kubeconfig are sent. `beside-kubectl.test.ts` compares the same with kubectl, where there is one. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createCredentials } from '../../src/kubernetes/credentials.ts'
import type { ClusterConfig } from '../../src/kubernetes/kubeconfig.ts'
import { ManualClock } from '../support/clock.ts'
import { configOf } from './support/kubeconfig.ts'

const V1 = 'client.authentication.k8s.io/v1'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'credentials-'))
})
afterEach(() => rm(directory, { recursive: true }))

const file = async (name: string, content: string): Promise<string> => {
  const path = join(directory, name)
  await writeFile(path, content)
  return path
}
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const config = (user: object, cluster: object = {}): ClusterConfig =>
  configOf({ cluster: { server: 'https://10.0.0.1', ...cluster }, user }, { env: { PATH: process.env.PATH } })
const read = (from: ClusterConfig): ReturnType<ReturnType<typeof createCredentials>['read']> =>
  createCredentials(from, new ManualClock()).read()
const authorizationOf = async (user: object): Promise<unknown> => (await read(config(user))).headers.authorization

/** A plugin that answers with this status. */
async function exec(status: object): Promise<object> {
  const command = await file(
    'login',
    `#!/bin/sh\ncat <<'EOF'\n${JSON.stringify({ kind: 'ExecCredential', apiVersion: V1, status })}\nEOF\n`,
  )
  await chmod(command, 0o755)
  return { apiVersion: V1, command, interactiveMode: 'Never' }
}

describe('a token', () => {
  it('of a file has priority over one in the kubeconfig while the file can be read and is not empty', async () => {
    const tokenFile = await file('token', ' of-the-file\n')
    expect(await authorizationOf({ token: 'inline', tokenFile })).toBe('Bearer of-the-file')
    await file('token', '\n')
    expect(await authorizationOf({ token: 'inline', tokenFile })).toBe('Bearer inline')
    await rm(tokenFile)
    expect(await authorizationOf({ token: 'inline', tokenFile })).toBe('Bearer inline')
  })

  it('of an empty file is none, which is an error', async () => {
    const tokenFile = await file('token', '\n')
    await expect(authorizationOf({ tokenFile })).rejects.toThrow('the token file is empty')
  })

  it('has priority over a plugin', async () => {
    expect(await authorizationOf({ token: 'inline', exec: await exec({ token: 'of-the-plugin' }) })).toBe(
      'Bearer inline',
    )
  })
})

describe('a user name and a password', () => {
  it('are sent as HTTP asks for, and have priority over a plugin', async () => {
    const user = { username: 'bob', password: 'p:ä', exec: await exec({ token: 'of-the-plugin' }) }
    expect(await authorizationOf(user)).toBe(`Basic ${base64('bob:p:ä')}`)
  })
})

describe('a plugin', () => {
  it('may give a token, a certificate or both, and says when they expire', async () => {
    const expirationTimestamp = '2026-12-01T00:00:00Z'
    const expiresAt = Date.parse(expirationTimestamp)
    expect(await read(config({ exec: await exec({ token: 'tea', expirationTimestamp }) }))).toEqual({
      headers: { authorization: 'Bearer tea' },
      tls: {},
      expiresAt,
    })
    const pem = { clientCertificateData: 'CERT', clientKeyData: 'KEY' }
    expect(await read(config({ exec: await exec(pem) }))).toEqual({
      headers: {},
      tls: { cert: 'CERT', key: 'KEY' },
      expiresAt: Infinity,
    })
  })

  it('is not asked if the kubeconfig has a certificate', async () => {
    const user = {
      'client-certificate-data': base64('CERT'),
      'client-key-data': base64('KEY'),
      exec: await exec({ token: 'of-the-plugin' }),
    }
    expect(await read(config(user))).toEqual({ headers: {}, tls: { cert: 'CERT', key: 'KEY' } })
  })
})

describe('an auth provider', () => {
  /** An id token that the library need not renew. */
  const idToken = ['{"alg":"none"}', '{"exp":4102444800}', 'x']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.')

  it('of OpenID Connect gives its id token', async () => {
    const provider = {
      name: 'oidc',
      config: { 'id-token': idToken, 'client-id': 'c', 'idp-issuer-url': 'https://127.0.0.1:1' },
    }
    expect(await authorizationOf({ 'auth-provider': provider })).toBe(`Bearer ${idToken}`)
  })

  it('of another kind is an error that says what to use', async () => {
    await expect(authorizationOf({ 'auth-provider': { name: 'gcp' } })).rejects.toThrow('use exec')
  })
})

describe('TLS', () => {
  it('uses what the kubeconfig holds or what its files hold', async () => {
    const cluster = { 'tls-server-name': 'api.internal', 'certificate-authority': await file('ca', 'CA') }
    const user = { 'client-certificate': await file('cert', 'CERT'), 'client-key': await file('key', 'KEY') }
    expect((await read(config(user, cluster))).tls).toEqual({
      ca: 'CA',
      cert: 'CERT',
      key: 'KEY',
      servername: 'api.internal',
    })
    const inline = { 'certificate-authority-data': base64('CA') }
    expect((await read(config({ 'client-key-data': base64('KEY') }, inline))).tls).toEqual({ ca: 'CA' })
  })

  it('verifies the server unless the kubeconfig says otherwise', async () => {
    expect((await read(config({}))).tls).toEqual({})
    expect((await read(config({}, { 'insecure-skip-tls-verify': true }))).tls).toEqual({ rejectUnauthorized: false })
  })

  it('needs the certificate authority that a kubeconfig names; in a pod, the one of the system does', async () => {
    const from = config({}, { 'certificate-authority': join(directory, 'missing') })
    await expect(read(from)).rejects.toThrow("the kubeconfig's certificate authority file cannot be read (ENOENT)")
    expect((await read({ ...from, caIsOptional: true })).tls).toEqual({})
  })
})

describe('impersonation', () => {
  it('sends who it is, with names of headers escaped', async () => {
    const user = {
      as: 'bob',
      'as-uid': '42',
      'as-groups': ['one', 'two'],
      'as-user-extra': { 'a/b%ü': ['x', 'y'], 'c.d-e_f': ['z'] },
    }
    expect((await read(config(user))).headers).toEqual({
      'impersonate-user': 'bob',
      'impersonate-uid': '42',
      'impersonate-group': ['one', 'two'],
      'impersonate-extra-a%2Fb%25%C3%BC': ['x', 'y'],
      'impersonate-extra-c.d-e_f': ['z'],
    })
    expect((await read(config({ as: 'bob' }))).headers).toEqual({ 'impersonate-user': 'bob' })
  })
})
