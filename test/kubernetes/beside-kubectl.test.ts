import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findKubectl } from '../real/assets.ts'
import { Bench, type Attempt } from './support/beside.ts'

const kubectl = findKubectl()
let bench: Bench

beforeAll(async () => {
  bench = await Bench.start()
  await bench.startSocks()
})
afterAll(() => bench.stop())

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const cluster = (more: object = {}): object => ({
  server: `https://127.0.0.1:${bench.port}`,
  'certificate-authority-data': base64(bench.authority.certificate),
  ...more,
})

/** A kubeconfig in which everything is called `name`. */
const config = (name: string, user: object = { token: `token-of-${name}` }, more: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Config',
  clusters: [{ name, cluster: cluster(more) }],
  users: [{ name, user }],
  contexts: [{ name, context: { cluster: name, user: name } }],
  'current-context': name,
})
const one = (user?: object, more?: object, env: Record<string, string> = {}): Attempt => ({
  files: { config: config('a', user, more) },
  env: { KUBECONFIG: 'DIR/config', ...env },
})
const list = (files: Record<string, unknown>, kubeconfig: string): Attempt => ({
  files,
  env: { KUBECONFIG: kubeconfig },
})
const plugin = (answer: object, exec: object = {}, version = 'v1', script = ''): Attempt => ({
  files: {
    'bin/plugin': `#!/bin/sh\n${script}\ncat <<EOF\n${JSON.stringify({
      apiVersion: `client.authentication.k8s.io/${version}`,
      kind: 'ExecCredential',
      ...answer,
    })}\nEOF\n`,
    config: config('a', {
      exec: {
        apiVersion: `client.authentication.k8s.io/${version}`,
        command: './bin/plugin',
        interactiveMode: 'Never',
        ...exec,
      },
    }),
  },
  env: { KUBECONFIG: 'DIR/config', FROM_OUTSIDE: 'outside' },
})
/** A plugin whose token is what `print` prints. */
const telling = (print: string, exec: object = {}): Attempt =>
  plugin({ status: { token: '$TOLD' } }, exec, 'v1', `TOLD=$(${print} | sha256sum | cut -c1-64)`)
const certificate = (): object => ({
  'client-certificate-data': base64(bench.client.certificate),
  'client-key-data': base64(bench.client.key),
})

const cases: Record<string, () => Attempt> = {
  // Which file
  'one file': () => one(),
  'the file of the home folder': () => ({ files: { '.kube/config': config('home') } }),
  'the file of the home folder, where the variable is empty': () => ({
    files: { '.kube/config': config('home') },
    env: { KUBECONFIG: '' },
  }),
  'two files with a current context': () => list({ a: config('a'), b: config('b') }, 'DIR/a:DIR/b'),
  'the other way round': () => list({ a: config('a'), b: config('b') }, 'DIR/b:DIR/a'),
  'the same name in two files': () =>
    list({ a: config('a', { token: 'first' }), b: config('a', { token: 'second', as: 'bob' }) }, 'DIR/a:DIR/b'),
  'a missing and an empty file in the list': () =>
    list({ empty: '', comment: '# nothing\n', a: config('a') }, 'DIR/missing:DIR/empty:DIR/comment::DIR/a'),
  'a list of which each says a part': () =>
    list(
      {
        context: { contexts: [{ name: 'x', context: { cluster: 'a', user: 'b' } }], 'current-context': 'x' },
        a: { clusters: (config('a') as { clusters: object[] }).clusters },
        b: { users: [{ name: 'b', user: { token: 'of-b' } }] },
      },
      'DIR/context:DIR/a:DIR/b',
    ),
  'the same file twice': () => list({ a: config('a') }, 'DIR/a:DIR/a'),
  'a file that is no YAML in the list': () => list({ a: config('a'), bad: 'a: [' }, 'DIR/a:DIR/bad'),
  'a file of another kind': () => list({ a: { ...config('a'), kind: 'Secret' } }, 'DIR/a'),
  'the same name twice in one file': () =>
    list({ a: { ...config('a'), users: [1, 2].map((n) => ({ name: 'a', user: { token: `t${n}` } })) } }, 'DIR/a'),
  'only files that are missing': () => list({}, 'DIR/missing'),
  'no current context': () => list({ a: { ...config('a'), 'current-context': '' } }, 'DIR/a'),
  'a current context that does not exist': () => list({ a: { ...config('a'), 'current-context': 'b' } }, 'DIR/a'),
  'a cluster that does not exist': () => list({ a: { ...config('a'), clusters: [] } }, 'DIR/a'),
  'a user that does not exist': () => list({ a: { ...config('a'), users: [] } }, 'DIR/a'),
  'YAML with comments and quotes': () =>
    list(
      {
        a: `# mine
apiVersion: v1
kind: Config
clusters:
- cluster: {server: "https://127.0.0.1:${bench.port}", certificate-authority-data: ${base64(bench.authority.certificate)}}
  name: 'a'
contexts: [{name: a, context: {cluster: a, user: a}}]
current-context: a
users: [{name: a, user: {token: "quoted"}}]
`,
      },
      'DIR/a',
    ),
  'a number for a token': () => one({ token: 12345 }),
  // Who
  'a token file': () => ({
    files: { 'sub/token': 'from-a-file\n', 'sub/config': config('a', { tokenFile: 'token' }) },
    env: { KUBECONFIG: 'DIR/sub/config' },
  }),
  'a token and a token file': () => ({
    files: { token: 'from-a-file', config: config('a', { token: 'inline', tokenFile: 'DIR/token' }) },
    env: { KUBECONFIG: 'DIR/config' },
  }),
  'a token and a token file that is missing': () => one({ token: 'inline', tokenFile: 'DIR/missing' }),
  'a token file that is missing': () => one({ tokenFile: 'DIR/missing' }),
  'a name and a password': () => one({ username: 'bob', password: 'p:ä' }),
  'a name with a token': () => one({ username: 'bob', password: 'p', token: 't' }),
  'a client certificate': () => one(certificate()),
  'a client certificate and a token': () => one({ ...certificate(), token: 't' }),
  'a client certificate in files': () => ({
    files: {
      'tls/crt': bench.client.certificate,
      'tls/key': bench.client.key,
      config: config('a', { 'client-certificate': 'tls/crt', 'client-key': 'tls/key' }),
    },
    env: { KUBECONFIG: 'DIR/config' },
  }),
  'a client certificate without a key': () => one({ 'client-certificate-data': base64(bench.client.certificate) }),
  impersonation: () =>
    one({
      token: 't',
      as: 'bob',
      'as-uid': '42',
      'as-groups': ['one', 'two'],
      'as-user-extra': { 'example.com/a%b': ['x', 'y'] },
    }),
  'impersonation of groups alone': () => one({ token: 't', 'as-groups': ['one'] }),
  // Plugins
  'a plugin': () => plugin({ status: { token: 'from-a-plugin' } }),
  'a plugin with a certificate': () =>
    plugin({ status: { clientCertificateData: bench.client.certificate, clientKeyData: bench.client.key } }),
  'a plugin of v1beta1 that does not say whether it asks': () =>
    plugin({ status: { token: 'beta' } }, { interactiveMode: undefined }, 'v1beta1'),
  'a plugin of v1 that does not say whether it asks': () =>
    plugin({ status: { token: 't' } }, { interactiveMode: undefined }),
  'a plugin that must ask a person': () => plugin({ status: { token: 't' } }, { interactiveMode: 'Always' }),
  'a plugin that may ask a person': () => plugin({ status: { token: 't' } }, { interactiveMode: 'IfAvailable' }),
  'a plugin of an unknown version': () => plugin({ status: { token: 't' } }, {}, 'v1alpha1'),
  'a plugin that answers in another version': () =>
    plugin({ apiVersion: 'client.authentication.k8s.io/v1beta1', status: { token: 't' } }),
  'a plugin that answers nothing': () => plugin({}),
  'a plugin that fails': () => plugin({ status: { token: 't' } }, {}, 'v1', 'exit 3'),
  'a plugin that is missing': () => plugin({ status: { token: 't' } }, { command: 'no-such-plugin' }),
  'a plugin beside a token': () => {
    const attempt = plugin({ status: { token: 'of-the-plugin' } })
    const { exec } = (attempt.files?.config as { users: { user: { exec: object } }[] }).users[0]!.user
    return { ...attempt, files: { ...attempt.files, config: config('a', { exec, token: 'inline' }) } }
  },
  'what a plugin is told, without the cluster': () => telling('printf %s "$KUBERNETES_EXEC_INFO"'),
  'what a plugin is told of the cluster': () => {
    const attempt = telling('printf %s "$KUBERNETES_EXEC_INFO"', { provideClusterInfo: true })
    const extension = { audience: 'cluster-a', list: [1] }
    const made = attempt.files?.config as { clusters: { cluster: Record<string, unknown> }[] }
    made.clusters[0]!.cluster.extensions = [{ name: 'client.authentication.k8s.io/exec', extension }]
    return attempt
  },
  'a plugin with arguments and variables of its own': () =>
    telling('printf "%s," "$@" "$OWN" "$FROM_OUTSIDE"', {
      args: ['one', 'two three'],
      env: [
        { name: 'OWN', value: 'mine' },
        { name: 'FROM_OUTSIDE', value: 'overridden' },
      ],
    }),
  // Where
  'a path under which the API is served': () =>
    one(undefined, { server: `https://127.0.0.1:${bench.port}/k8s/clusters/one` }),
  'a path with a slash at its end': () => one(undefined, { server: `https://127.0.0.1:${bench.port}/k8s/` }),
  'a server without a scheme': () => one(undefined, { server: `127.0.0.1:${bench.port}` }),
  'a server that is not given': () => one(undefined, { server: '' }),
  'a server name': () => one(undefined, { 'tls-server-name': 'api.internal' }),
  'a server name that is not in the certificate': () => one(undefined, { 'tls-server-name': 'elsewhere' }),
  'no authority for the certificate': () => one(undefined, { 'certificate-authority-data': undefined }),
  'a certificate that is not looked at': () =>
    one(undefined, { 'certificate-authority-data': undefined, 'insecure-skip-tls-verify': true }),
  'a certificate that is not looked at, and an authority': () => one(undefined, { 'insecure-skip-tls-verify': true }),
  'an authority in a file': () => ({
    files: {
      'x/ca': bench.authority.certificate,
      'x/config': config('a', undefined, { 'certificate-authority-data': undefined, 'certificate-authority': 'ca' }),
    },
    env: { KUBECONFIG: 'DIR/x/config' },
  }),
  // Through what
  'a proxy of the cluster': () => ({
    files: { config: config('a', undefined, { 'proxy-url': `http://127.0.0.1:${bench.proxyPort}` }) },
    env: { KUBECONFIG: 'DIR/config' },
  }),
  'a proxy of the cluster with a password': () => ({
    files: { config: config('a', undefined, { 'proxy-url': `http://ann:p%40ss@127.0.0.1:${bench.proxyPort}` }) },
    env: { KUBECONFIG: 'DIR/config' },
  }),
  'a SOCKS proxy': () => one(undefined, { 'proxy-url': `socks5://127.0.0.1:${bench.socksPort}` }),
  'a SOCKS proxy that resolves the name': () =>
    one(undefined, {
      server: `https://api.internal:${bench.port}`,
      'proxy-url': `socks5://127.0.0.1:${bench.socksPort}`,
    }),
  'an invalid proxy of the cluster': () => one(undefined, { 'proxy-url': 'ftp://127.0.0.1' }),
  ...Object.fromEntries(
    (
      [
        ['of the environment', {}],
        ['of the environment, without a scheme', { HTTPS_PROXY: 'PROXY' }],
        ['in small letters', { HTTPS_PROXY: '', https_proxy: 'http://PROXY' }],
        ['in both, of which the capital one is used', { https_proxy: 'http://127.0.0.1:1' }],
        ['for http only', { HTTPS_PROXY: '', HTTP_PROXY: 'http://PROXY' }],
        ['with all excepted', { NO_PROXY: '*' }],
        ['with the domain excepted', { NO_PROXY: 'internal' }],
        ['with what is below the domain excepted', { NO_PROXY: '.internal' }],
        ['with the host excepted, in small letters', { no_proxy: 'example.com, api.internal' }],
        ['with the host and another port excepted', { NO_PROXY: 'api.internal:1' }],
        ['with a domain excepted that only looks alike', { NO_PROXY: 'ternal' }],
      ] as [string, Record<string, string>][]
    ).map(([what, env]) => [
      `a proxy ${what}`,
      () =>
        one(
          undefined,
          { server: `https://api.internal:${bench.port}` },
          {
            HTTPS_PROXY: 'http://PROXY',
            ...env,
          },
        ),
    ]),
  ),
  'a proxy of the environment for this machine itself': () => one(undefined, {}, { HTTPS_PROXY: 'http://PROXY' }),
  'a proxy of the environment beside one of the cluster': () => ({
    files: { config: config('a', undefined, { 'proxy-url': `http://127.0.0.1:${bench.proxyPort}` }) },
    env: { KUBECONFIG: 'DIR/config', HTTPS_PROXY: 'http://127.0.0.1:1', NO_PROXY: '*' },
  }),
}

describe.skipIf(!kubectl)('beside kubectl, the same is sent for', () => {
  it.each(Object.keys(cases))('%s', async (name) => {
    const attempt = cases[name]?.() ?? {}
    const { kubectl: theirs, ours } = await bench.compare(kubectl ?? '', attempt)
    expect(ours).toEqual(theirs)
  })
})
