/** What a kubeconfig says, and what is wrong with it. `beside-kubectl.test.ts` compares the same with kubectl, where there is one. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseKubeconfig } from '../../src/kubernetes/kubeconfig-file.ts'
import { findKubeconfig, type ClusterConfig } from '../../src/kubernetes/kubeconfig.ts'
import { configOf } from './support/kubeconfig.ts'

const V1 = 'client.authentication.k8s.io/v1'
const SECRET = 'ya29-secret'
const base64 = (text: string): string => Buffer.from(text).toString('base64')

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kubeconfig-'))
})
afterEach(() => rm(directory, { recursive: true }))

async function file(name: string, content: object | string): Promise<string> {
  const path = join(directory, name)
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

const context = (name: string, rest: object = {}): object => ({ name, context: { cluster: name, user: name, ...rest } })
const cluster = (name: string, server: string): object => ({ name, cluster: { server } })
const user = (name: string, token: string): object => ({ name, user: { token } })
const userOf = (config: object): ClusterConfig['user'] =>
  configOf({ cluster: { server: 'https://a' }, user: config }).user
const clusterOf = (config: object): ClusterConfig['cluster'] =>
  configOf({ cluster: { server: 'https://a', ...config } }).cluster

describe('several files', () => {
  it('are merged: the first that names something wins, with all of its fields', async () => {
    const first = await file('first', {
      contexts: [context('a')],
      clusters: [cluster('a', 'https://first')],
    })
    const second = await file('second', {
      'current-context': 'a',
      contexts: [context('a', { namespace: 'second' })],
      clusters: [cluster('a', 'https://second')],
      users: [user('a', 'second')],
    })
    const third = await file('third', { 'current-context': 'b', users: [user('a', 'third')] })
    const KUBECONFIG = ['', first, join(directory, 'missing'), second, first, third].join(':')
    expect(findKubeconfig({ env: { KUBECONFIG } })).toMatchObject({
      server: new URL('https://first'),
      namespace: undefined,
      user: { token: 'second' },
    })
  })

  it('are each named once where none of them has a current context', async () => {
    const empty = await file('empty', '')
    const find = (): unknown =>
      findKubeconfig({ env: { KUBECONFIG: `${empty}:${empty}` }, serviceAccount: join(directory, 'none') })
    expect(find).toThrow(`No Kubernetes cluster is configured (${empty} has no current context): set KUBECONFIG`)
  })

  it('are not read where KUBECONFIG is empty: the one of the home folder is', async () => {
    await mkdir(join(directory, '.kube'))
    await file('.kube/config', {
      'current-context': 'a',
      contexts: [context('a', { user: '' })],
      clusters: [cluster('a', 'https://home')],
    })
    expect(findKubeconfig({ env: { KUBECONFIG: '', HOME: directory } }).server.host).toBe('home')
    expect(() => findKubeconfig({ env: {}, serviceAccount: join(directory, 'none') })).toThrow(
      'is configured: set KUBECONFIG',
    )
  })
})

describe('a context', () => {
  const find = async (content: object): Promise<ClusterConfig> =>
    findKubeconfig({ env: { KUBECONFIG: await file('config', { 'current-context': 'a', ...content }) } })

  it('without a user sends no credentials', async () => {
    const found = await find({ contexts: [context('a', { user: '' })], clusters: [cluster('a', 'https://a')] })
    expect(found.user).toMatchObject({ token: '', tokenFile: '', username: '', exec: undefined })
  })

  it.each([
    ['the current context "a" does not exist', {}],
    ['context "a" names the cluster "a", which does not exist', { contexts: [context('a')] }],
    [
      'context "a" names the user "a", who does not exist',
      { contexts: [context('a')], clusters: [cluster('a', 'https://a')] },
    ],
  ])('that leads nowhere is an error: %s', async (words, content) => {
    await expect(find(content)).rejects.toThrow(words.replace('the current', 'current'))
  })

  it.each([
    ['https://10.0.0.1:6443/k8s', 'https://10.0.0.1:6443/k8s'],
    ['HTTP://10.0.0.1', 'http://10.0.0.1/'],
    ['10.0.0.1:8080', 'http://10.0.0.1:8080/'],
  ])('whose cluster has the server %s uses %s', (server, url) => {
    expect(configOf({ cluster: { server } }).server.href).toBe(url)
  })

  it.each<[string, object, object]>([
    ['its cluster has no server', { server: '' }, {}],
    ['a server that is not a URL', { server: 'https://:x' }, {}],
    ['proxy-url is not the URL of', { 'proxy-url': 'ftp://a' }, {}],
    [
      'certificate-authority and certificate-authority-data',
      { 'certificate-authority': 'a', 'certificate-authority-data': base64('a') },
      {},
    ],
    ['insecure-skip-tls-verify is true beside', { 'insecure-skip-tls-verify': true, 'certificate-authority': 'a' }, {}],
    ['both a token and a user name or password', {}, { token: SECRET, username: 'bob' }],
    ['both a token and a user name or password', {}, { tokenFile: 'a', password: SECRET }],
    [
      'client-certificate and client-certificate-data',
      {},
      { 'client-certificate': 'a', 'client-certificate-data': base64('a'), 'client-key': 'a' },
    ],
    ['client-key and client-key-data', {}, { 'client-key': 'a', 'client-key-data': base64('a') }],
    ['a client certificate without a key', {}, { 'client-certificate-data': base64('a') }],
    ['stands without as', {}, { 'as-uid': '1' }],
    ['stands without as', {}, { 'as-groups': ['a'] }],
    ['stands without as', {}, { 'as-user-extra': { a: ['b'] } }],
    [
      'both exec and auth-provider',
      {},
      { exec: { command: 'a', apiVersion: V1, interactiveMode: 'Never' }, 'auth-provider': { name: 'oidc' } },
    ],
    ['exec has no command', {}, { exec: { apiVersion: V1, interactiveMode: 'Never' } }],
    ['exec.apiVersion is neither', {}, { exec: { command: 'a', apiVersion: `${V1}alpha1` } }],
    ['exec.apiVersion is neither', {}, { exec: { command: 'a', apiVersion: `x.${V1}` } }],
    [
      'exec.env has no name',
      {},
      { exec: { command: 'a', apiVersion: V1, interactiveMode: 'Never', env: [{ value: 'a' }] } },
    ],
    ['exec.interactiveMode is neither', {}, { exec: { command: 'a', apiVersion: V1 } }],
  ])('cannot be used if %s', (words, ofCluster, ofUser) => {
    const resolve = (): unknown => configOf({ cluster: { server: 'https://a', ...ofCluster }, user: ofUser })
    expect(resolve).toThrow(words)
    expect(resolve).not.toThrow(SECRET)
  })
})

describe('a user', () => {
  it('has paths that are relative to the folder of its file', () => {
    expect(userOf({ tokenFile: 'sub/token' }).tokenFile).toBe('/etc/sub/token')
    expect(userOf({ tokenFile: '/run/token' }).tokenFile).toBe('/run/token')
    expect(userOf({}).tokenFile).toBe('')
  })

  it('has a plugin, whose command is looked up in PATH unless it is a path', () => {
    const commandOf = (command: string): unknown =>
      userOf({ exec: { command, apiVersion: V1, interactiveMode: 'Never' } }).exec?.command
    expect([commandOf('login'), commandOf('./bin/login'), commandOf('/bin/login')]).toEqual([
      'login',
      '/etc/bin/login',
      '/bin/login',
    ])
  })

  it('has a plugin that may ask a person by default in v1beta1 only', () => {
    expect(userOf({ exec: { command: 'a', apiVersion: `${V1}beta1` } }).exec?.interactiveMode).toBe('IfAvailable')
  })

  it('has all other fields as they are written', () => {
    const provider = { name: 'oidc', config: { 'id-token': 'x' } }
    expect(
      userOf({ token: 'tea', as: 'bob', 'as-groups': ['g'], 'as-user-extra': { k: ['v'] }, 'auth-provider': provider }),
    ).toMatchObject({
      token: 'tea',
      as: 'bob',
      asGroups: ['g'],
      asUserExtra: { k: ['v'] },
      authProvider: provider,
    })
    expect(userOf({ 'auth-provider': { name: 'oidc' } }).authProvider).toEqual({ name: 'oidc', config: {} })
  })
})

describe('a cluster', () => {
  it('has its certificates in base64, which may be wrapped', () => {
    const encoded = base64('an authority')
    expect(
      clusterOf({ 'certificate-authority-data': `${encoded.slice(0, 6)}\r\n${encoded.slice(6)}\n` }),
    ).toMatchObject({
      certificateAuthorityData: 'an authority',
    })
  })

  it('tells a plugin what its extension of that name holds', () => {
    const extensions = [
      { name: 'other', extension: 1 },
      { name: 'client.authentication.k8s.io/exec', extension: { audience: 'a' } },
    ]
    expect(clusterOf({ extensions }).execConfig).toEqual({ audience: 'a' })
    expect(clusterOf({ extensions: extensions.slice(0, 1) }).execConfig).toBeUndefined()
  })
})

describe('a file', () => {
  it.each([
    ['kind is not Config', { kind: 'Secret' }],
    ['apiVersion is not v1', { apiVersion: 'v2' }],
    ['is not an object', ['Config']],
    ['is not an object', 'text'],
    ['clusters is not a list', { clusters: 'a' }],
    ['clusters[1] is not an object', { clusters: [{ name: 'a' }, 'b'] }],
    ['clusters names "a" twice', { clusters: [{ name: 'a' }, { name: 'a' }] }],
    ['token is not text: put it into quotes', { users: [{ user: { token: 12345 } }] }],
    ['as-groups holds something that is not text', { users: [{ user: { 'as-groups': [12345] } }] }],
    [
      'insecure-skip-tls-verify is neither true nor false',
      { clusters: [{ cluster: { 'insecure-skip-tls-verify': 'yes' } }] },
    ],
    ['client-key-data is not base64', { users: [{ user: { 'client-key-data': 'a=b=' } }] }],
    ['client-key-data is not base64', { users: [{ user: { 'client-key-data': '-----BEGIN' } }] }],
    ['client-key-data is not base64', { users: [{ user: { 'client-key-data': 'abcde' } }] }],
  ])('is refused, with its name and the field, if %s', (words, content) => {
    const parse = (): unknown => parseKubeconfig(JSON.stringify(content), '/etc/kubeconfig')
    expect(parse).toThrow(words)
    expect(parse).toThrow('/etc/kubeconfig')
    expect(parse).not.toThrow('12345')
  })

  it('may be empty, may name no version, and may hold more than this program knows', () => {
    const nothing = { currentContext: '', clusters: new Map(), users: new Map(), contexts: new Map() }
    for (const text of ['', '---\n', '{"preferences": {}, "kind": "", "clusters": null}']) {
      expect(parseKubeconfig(text, '/etc/kubeconfig')).toEqual(nothing)
    }
  })

  it('may use anchors and merge keys', () => {
    const text = 'base: &base {server: "https://a"}\nclusters: [{name: a, cluster: {<<: *base, tls-server-name: b}}]'
    expect(parseKubeconfig(text, '/etc/kubeconfig').clusters.get('a')).toMatchObject({
      server: 'https://a',
      tlsServerName: 'b',
    })
  })

  it('that is not YAML is refused with the line, which is not repeated', () => {
    const parse = (): unknown => parseKubeconfig(`a: 1\nb: [${SECRET}`, '/etc/kubeconfig')
    expect(parse).toThrow('/etc/kubeconfig: line 2 is not YAML')
    expect(parse).not.toThrow(SECRET)
  })
})

describe('in a pod', () => {
  const env = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '6443' }

  it('the service account is used, through the proxy of the environment', async () => {
    await file('token', 'of-the-pod')
    const found = findKubeconfig({
      env: { ...env, HTTPS_PROXY: 'http://10.1.1.1:3128' },
      serviceAccount: directory,
      isTerminal: true,
    })
    expect(found).toMatchObject({
      server: new URL('https://10.0.0.1:6443'),
      namespace: undefined,
      proxy: 'http://10.1.1.1:3128',
      caIsOptional: true,
      isTerminal: false,
      user: { tokenFile: join(directory, 'token') },
      cluster: { certificateAuthority: join(directory, 'ca.crt') },
    })
  })

  it.each([
    ['its token', env, false],
    ['the address of the server', { KUBERNETES_SERVICE_PORT: '6443' }, true],
    ['the port of the server', { KUBERNETES_SERVICE_HOST: '10.0.0.1' }, true],
  ])('nothing is found without %s', async (_, from, hasToken) => {
    if (hasToken) await file('token', 'of-the-pod')
    expect(() => findKubeconfig({ env: from, serviceAccount: directory })).toThrow(
      'No Kubernetes cluster is configured',
    )
  })
})
