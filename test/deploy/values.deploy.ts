/** The chart's values: mistakes are reported before anything is installed, and each value has an effect. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readSettings, settingsTable } from '../../src/settings.ts'
import { CHART, helm, helmTemplate, type Values } from './support/render.ts'
import { templateOf, theOnly } from './support/variants.ts'

interface Schema {
  type?: string
  default?: unknown
  properties?: Record<string, Schema>
  additionalProperties?: boolean
}
const schema = JSON.parse(readFileSync(`${CHART}/values.schema.json`, 'utf8')) as Schema

/** `image.tag`: what has a default is a value; what has none, and parts, is a section of them. */
function namesIn({ properties = {} }: Schema, prefix = ''): string[] {
  return Object.entries(properties).flatMap(([name, part]) => {
    if (part.default !== undefined) return [prefix + name]
    return namesIn(part, `${prefix}${name}.`)
  })
}

/** `{ 'image.tag': 'x' }` → `{ image: { tag: 'x' } }` */
function nested(flat: Record<string, unknown>): Values {
  const values: Record<string, unknown> = {}
  for (const [path, value] of Object.entries(flat)) {
    const [section = '', name] = path.split('.')
    values[section] = name === undefined ? value : { ...(values[section] as object | undefined), [name]: value }
  }
  return values
}

const ingress = { 'ingress.enabled': true, 'ingress.host': 'booking.example.com' }
const route = { 'httpRoute.enabled': true, 'httpRoute.host': 'booking.example.com', 'httpRoute.parentRefs': [{ name: 'a' }] }

/** Each value, as somebody may set it, and what has to be set besides for it to count. */
const EXAMPLES: Record<string, [value: unknown, besides?: Record<string, unknown>]> = {
  'image.repository': ['registry.example.com/calendar-operator'],
  'image.tag': ['1.2.3'],
  'image.digest': [`sha256:${'0'.repeat(64)}`],
  'image.pullPolicy': ['Always'],
  imagePullSecrets: [[{ name: 'registry' }]],
  replicas: [2],
  watchNamespaces: [['booking', 'sales']],
  watchLabelSelector: ['calendar-operator.io/installation=b'],
  shardRing: ['calendar-operator'],
  settings: [{ workers: 8 }],
  env: [[{ name: 'HTTPS_PROXY', value: 'http://proxy.example.com:3128' }]],
  resources: [{ requests: { cpu: '1', memory: '1Gi' }, limits: { memory: '2Gi' } }],
  priorityClassName: ['system-cluster-critical'],
  nodeSelector: [{ disk: 'ssd' }],
  tolerations: [[{ key: 'dedicated', operator: 'Exists' }]],
  affinity: [{ nodeAffinity: {} }],
  podLabels: [{ team: 'booking' }],
  podAnnotations: [{ 'example.com/note': 'ours' }],
  'ingress.enabled': [true, { 'ingress.host': 'booking.example.com' }],
  'ingress.className': ['nginx', ingress],
  'ingress.host': ['sales.example.com', ingress],
  'ingress.tlsSecretName': ['booking-tls', ingress],
  'ingress.annotations': [{ 'cert-manager.io/cluster-issuer': 'letsencrypt' }, ingress],
  'httpRoute.enabled': [true, { ...route, 'httpRoute.enabled': false }],
  'httpRoute.host': ['sales.example.com', route],
  'httpRoute.parentRefs': [[{ name: 'public', namespace: 'gateways' }], route],
  'networkPolicy.enabled': [false],
  'networkPolicy.apiServerPorts': [[7443]],
  'networkPolicy.extraEgress': [[{ ports: [{ port: 8888, protocol: 'TCP' }] }]],
  'monitoring.enabled': [true],
  'monitoring.labels': [{ release: 'prometheus' }, { 'monitoring.enabled': true }],
  'rbac.people': [false],
  'crds.enabled': [false],
  'crds.keep': [false],
}

describe('a value', () => {
  it('has an example here, each of them', () => {
    expect(Object.keys(EXAMPLES).sort()).toEqual(namesIn(schema).sort())
  })

  it.each(Object.entries(EXAMPLES))('%s changes what is installed', async (name, [value, besides = {}]) => {
    const before = await helmTemplate(nested(besides))
    const after = await helmTemplate(nested({ ...besides, [name]: value }))
    expect(after).not.toEqual(before)
  })
})

describe('a mistake in the values is refused with a message that names the place and what was expected:', () => {
  const MISTAKES: [values: Values, message: string][] = [
    [{ replica: 2 }, "additional properties 'replica' not allowed"],
    [{ image: { repo: 'x' } }, "at '/image': additional properties 'repo' not allowed"],
    [{ ingress: { hosts: ['a'] } }, "at '/ingress': additional properties 'hosts' not allowed"],
    [{ settings: { 'log-levle': 'info' } }, "at '/settings': additional properties 'log-levle' not allowed"],
    [{ settings: { 'leader-elect': false } }, "at '/settings': additional properties 'leader-elect' not allowed"],
    [{ settings: { 'log-level': 'loud' } }, "at '/settings/log-level': value must be one of 'debug', 'info', 'warn', 'error'"],
    [{ settings: { workers: 'many' } }, "at '/settings/workers': got string, want integer"],
    [{ replicas: 0 }, "at '/replicas': minimum: got 0, want 1"],
    [{ watchNamespaces: 'booking' }, "at '/watchNamespaces': got string, want array"],
    [{ watchNamespaces: ['Booking'] }, "at '/watchNamespaces/0': 'Booking' does not match pattern"],
    [{ image: { tag: 1.2 } }, "at '/image/tag': got number, want string"],
    [{ image: { digest: 'sha256:abc' } }, "at '/image/digest': 'sha256:abc' does not match pattern"],
    [{ crds: { keep: 'yes' } }, "at '/crds/keep': got string, want boolean"],
    [{ ingress: { enabled: true } }, "at '/ingress/host': minLength: got 0, want 1"],
    [{ httpRoute: { enabled: true, host: 'a.example.com' } }, "at '/httpRoute/parentRefs': minItems: got 0, want 1"],
    [{ resources: { limit: { memory: '1Gi' } } }, "at '/resources': additional properties 'limit' not allowed"],
    [{ env: [{ name: 'A', from: 'b' }] }, "at '/env/0': additional properties 'from' not allowed"],
  ]

  it.each(MISTAKES)('%j', async (values, message) => {
    const refused = await helmTemplate(values).catch((error: unknown) => String(error))
    expect(refused).toContain("values don't meet the specifications of the schema")
    expect(refused).toContain(message)
  })
})

describe('two values that exclude each other', () => {
  it('are refused before anything is installed: a ring and a label selector', async () => {
    const refused = helmTemplate({ shardRing: 'calendar-operator', watchLabelSelector: 'shard=a' })
    await expect(refused).rejects.toThrow('set shardRing or watchLabelSelector, not both')
  })
})

describe('a ring of an installation that serves only some namespaces', () => {
  const ringOf = async (values: Values) =>
    (await helmTemplate({ shardRing: 'calendar-operator', ...values })).find(({ kind }) => kind === 'ControllerRing')

  it('has the Agents of these namespaces only', async () => {
    const values = { watchNamespaces: ['booking', 'clinic'] }
    const matchExpressions = [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: values.watchNamespaces }]
    expect(await ringOf(values)).toMatchObject({ spec: { namespaceSelector: { matchExpressions } } })
    expect(await ringOf({})).not.toHaveProperty('spec.namespaceSelector')
  })
})

describe('the settings among the values', () => {
  const offered = Object.keys(schema.properties?.settings?.properties ?? {})
  /** What the chart itself says, by other values or for good: the ports are those of its Services. */
  const CHARTS_OWN = [
    ...['leader-elect', 'metrics-bind-address', 'shard-ring', 'watch-label-selector', 'watch-namespaces'],
    'web-bind-address',
  ]

  it("are the program's, less those that the chart itself says", () => {
    expect([...offered, ...CHARTS_OWN].sort()).toEqual(settingsTable.map(({ name }) => name).sort())
  })

  it('reach the program as they were written', async () => {
    const settings = { workers: 8, 'log-level': 'warn', 'web-trusted-proxies': '10.0.0.0/8, fd00::/8' }
    const [container] = templateOf(await helmTemplate({ settings })).spec.containers
    const flags = container?.args?.flatMap((arg) => [...arg.matchAll(/^--([a-z-]+)=(.*)$/g)]).map(([, ...flag]) => flag)
    const read = readSettings(Object.fromEntries(flags ?? []) as Record<string, string>, {})
    expect(read).toMatchObject({ workers: 8, logLevel: 'warn', webTrustedProxies: ['10.0.0.0/8', 'fd00::/8'] })
  })

  it('say the path that leads to the pages, too', async () => {
    const settings = { 'web-path-prefix': '/booking/google-calendar' }
    const host = { enabled: true, host: 'booking.example.com' }
    const manifests = await helmTemplate({ settings, ingress: host, httpRoute: { ...host, parentRefs: [{ name: 'a' }] } })
    for (const kind of ['Ingress', 'HTTPRoute']) {
      expect(JSON.stringify(theOnly(manifests, kind).spec)).toContain('"/booking/google-calendar/"')
    }
  })
})

describe('a proxy', () => {
  const proxied = (value: string | undefined) => helmTemplate({ env: [{ name: 'HTTPS_PROXY', value }] })
  const portsOut = async (value: string) => {
    const { egress } = theOnly(await proxied(value), 'NetworkPolicy').spec as { egress: { ports: { port: number }[] }[] }
    return egress.at(-1)?.ports.map(({ port }) => port)
  }

  it('is let through by the NetworkPolicy, at the port that it says', async () => {
    expect(await portsOut('http://proxy.example.com:3128')).toEqual([3128])
    expect(await portsOut('http://proxy.example.com:8888/')).toEqual([8888])
    expect(await portsOut('https://proxy.example.com')).toContain(6443)
  })
})

it('the chart has nothing for Helm to complain of', async () => {
  expect(await helm(['lint', CHART, '--strict', '--namespace', 'calendar-operator'])).toContain('0 chart(s) failed')
})
