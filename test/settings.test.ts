import { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { readSettings, settingsTable, SettingsError, variableOf } from '../src/settings.ts'

const mistakesOf = (flags: Record<string, string>, env: Record<string, string> = {}): string[] => {
  try {
    readSettings(flags, env)
  } catch (error) {
    if (error instanceof SettingsError) return error.message.split('\n')
  }
  return []
}

describe('the settings', () => {
  test('are all valid by default', () => {
    expect(readSettings({}, {})).toEqual({
      googleAccountsURL: 'https://accounts.google.com',
      googleOAuthURL: 'https://oauth2.googleapis.com',
      googleAPIURL: 'https://www.googleapis.com',
      watchNamespaces: [],
      webBindAddress: { host: undefined, port: 8080 },
      webPathPrefix: '/google-calendar',
      webTrustedProxies: [],
      sites: new Map(),
      watchLabelSelector: undefined,
      shardRing: undefined,
      metricsBindAddress: { host: undefined, port: 8081 },
      leaderElect: false,
      workers: 32,
      logLevel: 'info',
      proxy: { httpsProxy: '', httpProxy: '', noProxy: '' },
      podNamespace: undefined,
      podName: 'calendar-operator',
    })
  })

  test('come from flags or, equally, from variables, and a flag wins', () => {
    const env = { CALENDAR_OPERATOR_WORKERS: '3', CALENDAR_OPERATOR_LOG_LEVEL: 'warn' }
    expect(readSettings({ workers: '5' }, env)).toMatchObject({ workers: 5, logLevel: 'warn' })
  })

  test('take the way through a proxy as other programs take it, and do not tell its password when it is wrong', () => {
    const env = { HTTPS_PROXY: 'http://ann:pass@proxy:3128', no_proxy: 'localhost,.svc' }
    const { proxy } = readSettings({}, env)
    expect(proxy).toEqual({ httpsProxy: env.HTTPS_PROXY, httpProxy: '', noProxy: 'localhost,.svc' })
    expect(mistakesOf({}, { HTTPS_PROXY: 'ftp://ann:pass@proxy' })).toEqual([
      'HTTPS_PROXY: expected a proxy, such as http://proxy.example.com:3128',
    ])
  })

  test.each([
    ['proxy.example.com:3128', 'http://proxy.example.com:3128'],
    ['ann:pass@proxy', 'http://ann:pass@proxy'],
    ['socks5://proxy:1080', 'socks5://proxy:1080'],
    ['socks5h://proxy:1080', 'socks5://proxy:1080'],
    ['https://proxy', 'https://proxy'],
  ])('take %s for a proxy, as kubectl and curl do', (HTTPS_PROXY, httpsProxy) => {
    expect(readSettings({}, { HTTPS_PROXY }).proxy.httpsProxy).toBe(httpsProxy)
  })

  test.each(['10.0.0.0/33', 'proxy', '10.0.0.0/8/8', '::1/129', '1.2.3.4/x'])('refuse %s for a network', (text) => {
    expect(mistakesOf({ 'web-trusted-proxies': `10.0.0.0/8, ${text}` })).toEqual([
      expect.stringContaining(`(${JSON.stringify(text)} is not one)`),
    ])
  })

  test.each(['google-calendar', '/google-calendar/', '/', '/a//b', '/a/../b', '/.a', '/a b', '/:tag', '/a*'])(
    'refuse %j for the path of the pages',
    (text) => {
      expect(mistakesOf({ 'web-path-prefix': text })).toEqual([expect.stringContaining('a path such as')])
    },
  )

  test('take a label selector, and name the part that is none', () => {
    expect(readSettings({ 'watch-label-selector': '!shard' }, {}).watchLabelSelector).toEqual({
      matchExpressions: [{ key: 'shard', operator: 'DoesNotExist' }],
    })
    expect(mistakesOf({ 'watch-label-selector': 'shard in (a,b),shard>1' })).toEqual([
      '--watch-label-selector: found "shard in (a,b),shard>1", expected a label selector such as shard=a or !shard, as kubectl takes it ("shard>1" is not a requirement)',
    ])
  })

  test('take the name of a ring, but not beside a label selector', () => {
    expect(readSettings({ 'shard-ring': 'calendar-operator' }, {}).shardRing).toBe('calendar-operator')
    expect(mistakesOf({ 'shard-ring': 'Calendar_Operator' })).toEqual([expect.stringContaining('ControllerRing')])
    expect(mistakesOf({ 'shard-ring': 'x', 'watch-label-selector': 'a=b' })).toEqual([
      expect.stringContaining('set one of them'),
    ])
  })

  test('take the sites of namespaces, a host more than once, in the form in which hosts are compared', () => {
    const sites = 'a.example=x, A.EXAMPLE.=y,a.example=x,,bücher.example=z,::1=z,[::2]=z, localhost = w'
    expect(readSettings({ sites }, {}).sites).toEqual(
      new Map([
        ['a.example', ['x', 'y']],
        ['xn--bcher-kva.example', ['z']],
        ['[::1]', ['z']],
        ['[::2]', ['z']],
        ['localhost', ['w']],
      ]),
    )
    expect(readSettings({}, { CALENDAR_OPERATOR_SITES: 'a.example=x' }).sites.get('a.example')).toEqual(['x'])
  })

  test.each([
    'a.example',
    'a.example=',
    '=x',
    'a.example=X',
    'a.example=x=y',
    'a.example:443=x',
    '[::1]:80=x',
    'https://a.example=x',
    'a.example/=x',
    '*.example=x',
    'u@a.example=x',
    'a b=x',
  ])('refuse %j for a site of a namespace', (text) => {
    expect(mistakesOf({ sites: `b.example=y,${text}` })).toEqual([
      expect.stringContaining(`(${JSON.stringify(text)} is not one)`),
    ])
  })

  test('count a variable that is set to nothing as not set', () => {
    const env = { CALENDAR_OPERATOR_WORKERS: '', CALENDAR_OPERATOR_METRICS_BIND_ADDRESS: '', POD_NAMESPACE: '' }
    expect(readSettings({}, env)).toMatchObject({ workers: 32, podNamespace: undefined })
  })

  test('ignore what Kubernetes sets for a Service of our name', () => {
    const env = {
      CALENDAR_OPERATOR_SERVICE_HOST: '10.0.0.1',
      CALENDAR_OPERATOR_SERVICE_PORT: '8080',
      CALENDAR_OPERATOR_PORT_8080_TCP: 'tcp://10.0.0.1:8080',
    }
    expect(readSettings({}, env)).toEqual(readSettings({}, {}))
  })

  test('know where the pod runs and what it is called', () => {
    const env = { POD_NAMESPACE: 'ops', POD_NAME: 'pod-1', HOSTNAME: 'host-1' }
    expect(readSettings({}, env)).toMatchObject({ podNamespace: 'ops', podName: 'pod-1' })
    expect(readSettings({}, { HOSTNAME: 'host-1' })).toMatchObject({ podName: 'host-1' })
  })
})

describe('an origin', () => {
  test.each([
    ['https://www.googleapis.com', 'https://www.googleapis.com'],
    ['https://www.googleapis.com/', 'https://www.googleapis.com'],
    ['http://127.0.0.1:4567', 'http://127.0.0.1:4567'],
    ['http://[::1]:4567', 'http://[::1]:4567'],
    [' https://x.example:443 ', 'https://x.example'],
  ])('may be %s', (text, origin) => {
    expect(readSettings({ 'google-api-url': text }, {}).googleAPIURL).toBe(origin)
  })

  test.each([
    '',
    'x.example',
    'ftp://x.example',
    'https://x.example/v3',
    'https://x.example?a=b',
    'https://',
    'https://a@b.c',
  ])('may not be "%s"', (text) => expect(mistakesOf({ 'google-api-url': text })).toHaveLength(1))
})

describe('an address to listen on', () => {
  test.each([
    [':8081', { host: undefined, port: 8081 }],
    ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
    ['localhost:80', { host: 'localhost', port: 80 }],
    ['[::1]:8081', { host: '::1', port: 8081 }],
    ['0', undefined],
  ])('may be %s', (text, address) => {
    expect(readSettings({ 'metrics-bind-address': text }, {}).metricsBindAddress).toEqual(address)
  })

  test.each(['', '8081', ':', ':65536', '::1:8081', '[x]:1', ':80a', 'http://x:1'])('may not be "%s"', (text) =>
    expect(mistakesOf({ 'metrics-bind-address': text })).toHaveLength(1),
  )
})

describe('namespaces', () => {
  test('are a list with commas, in which blanks, repeats and a last comma do no harm', () => {
    expect(readSettings({ 'watch-namespaces': 'a, b,,a,' }, {}).watchNamespaces).toEqual(['a', 'b'])
  })

  test.each(['A', 'a b', 'a_b', '-a', 'a.b', `x${'y'.repeat(63)}`])(
    'have names that Kubernetes allows, not "%s"',
    (name) => {
      expect(mistakesOf({ 'watch-namespaces': `good,${name}` })[0]).toContain(`(${JSON.stringify(name)} is not one)`)
    },
  )
})

test.each(['0', '-1', '1.5', '1e2', '0x10', 'many', '1001'])('the number of workers is not "%s"', (text) => {
  expect(mistakesOf({ workers: text })).toEqual([
    `--workers: found ${JSON.stringify(text)}, expected a whole number from 1 to 1000`,
  ])
})

describe('mistakes', () => {
  test('are reported all at once, each with its place, what was found and what was expected', () => {
    const flags = { workers: 'x', 'leader-elect': 'perhaps' }
    expect(mistakesOf(flags, { CALENDAR_OPERATOR_LOG_LEVEL: 'loud', CALENDAR_OPERATOR_WORKERS: 'y' })).toEqual([
      '--leader-elect: found "perhaps", expected true or false',
      '--workers: found "x", expected a whole number from 1 to 1000',
      'CALENDAR_OPERATOR_LOG_LEVEL: found "loud", expected one of debug, info, warn, error',
    ])
  })

  test('never show a secret that was put in the wrong place', () => {
    expect(mistakesOf({ 'google-api-url': 'GOCSPX-abcdef' })[0]).not.toContain('GOCSPX-abcdef')
  })
})

describe('each setting', () => {
  test.each(settingsTable.map((setting) => [setting.name, setting] as const))(
    '%s has a name for a flag',
    (_, setting) => {
      expect(setting.name).toMatch(/^[a-z]+(-[a-z]+)*$/)
      expect(variableOf(setting)).toMatch(/^CALENDAR_OPERATOR_[A-Z]+(_[A-Z]+)*$/)
      expect(new Command().option(`--${setting.name} <x>`).options).toHaveLength(1)
      expect(setting.description).toMatch(/^[A-Z].*\.$/)
    },
  )
})

/** Written by `npx vitest run test/settings.test.ts -u`. */
test('docs/settings.md tells what the table holds', async () => {
  const code = (text: string): string => (text === '' ? '' : `\`${text}\``)
  const rows = settingsTable.map(
    (setting) =>
      `| \`--${setting.name}\` | \`${variableOf(setting)}\` | ${code(setting.default)} | ${setting.description} |`,
  )
  const page = `# Settings of \`calendar-operator run\`

Every setting is a flag and also an environment variable. A flag takes precedence, and an empty variable counts as not set. All
mistakes are reported at once, and the program then ends with exit code 2. An unknown flag is a mistake; an unknown variable
is not, because Kubernetes itself sets some variables with that prefix.

| flag | variable | default | description |
|---|---|---|---|
${rows.join('\n')}

Besides these, \`POD_NAMESPACE\` names the namespace of the Lease (otherwise the kubeconfig's namespace, otherwise \`default\`), and
\`POD_NAME\` (otherwise \`HOSTNAME\`) names this replica in the Lease and in Events. Requests to Google go through \`HTTPS_PROXY\` if it
is set (\`http://\`, \`https://\` or \`socks5://\`; without a scheme, http), except to hosts in \`NO_PROXY\`. The operator finds Kubernetes as
\`kubectl\` does: by the files that \`KUBECONFIG\` lists, otherwise by \`~/.kube/config\`, otherwise by the pod's service account. It connects
through the \`proxy-url\` of the kubeconfig, otherwise through \`HTTPS_PROXY\` unless \`NO_PROXY\` names the API server's address.
`
  await expect(page).toMatchFileSnapshot('../docs/settings.md')
})
