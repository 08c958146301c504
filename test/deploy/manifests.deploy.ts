/** What holds for whatever is installed, looked at without a cluster. */
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { readSettings, settingsTable, variableOf } from '../../src/settings.ts'
import manifest from '../../package.json' with { type: 'json' }
import { version } from '../../src/version.ts'
import { shippedRoles } from '../support/shipped-roles.ts'
import { RULES, type PodSpec } from './support/pod-security.ts'
import { CHART, NAMESPACE, titleOf, type Manifest } from './support/render.ts'
import { ofKind, templateOf, theOnly, VARIANTS } from './support/variants.ts'

type Labels = Record<string, string>
interface Selector {
  matchLabels: Labels
}
interface Port {
  name?: string
  port: number | string
  targetPort?: string
}
interface Binding {
  roleRef: { kind: string; name: string }
  subjects: { kind: string; name: string; namespace: string }[]
}

/** As much of any kind's spec as is looked at here. */
interface Spec {
  selector: Selector | (Labels & { matchLabels?: undefined })
  podSelector: Selector
  ports: Port[]
  ingress: { ports: Port[] }[]
  endpoints: object[]
}

const specOf = (manifest: Manifest): Spec => manifest.spec as Spec
const selected = ({ selector }: Pick<Spec, 'selector'>): Labels =>
  selector.matchLabels ?? selector
const root = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

/** `--log-level=debug` → log-level: debug; a switch is `true`. What is no flag of `run` is undefined. */
function flagsIn([command, ...args]: readonly string[] = []): Record<string, string> | undefined {
  const flags = args.map((arg) => /^--([a-z-]+)(?:=(.*))?$/s.exec(arg))
  const known = flags.every((flag) => settingsTable.some(({ name, value }) => name === flag?.[1] && (flag[2] ?? !value)))
  if (command !== 'run' || !known) return undefined
  return Object.fromEntries(flags.map((flag) => [flag?.[1] ?? '', flag?.[2] ?? 'true']))
}

describe.each(VARIANTS)('$variant', ({ render }) => {
  let manifests: Manifest[]
  let pod: PodSpec
  let labels: Record<string, string>
  beforeAll(async () => {
    manifests = await render()
    const template = templateOf(manifests)
    pod = template.spec
    labels = template.metadata.labels
  })
  const container = () => pod.containers[0]!
  const portNames = () => (container().ports ?? []).map(({ name }) => name)

  describe('makes a pod that', () => {
    it.each(RULES)('$rule', ({ holds, broken }) => {
      expect(holds(pod)).toBeTruthy()
      expect(holds(broken(pod))).toBeFalsy()
    })

    it('has its arguments and variables taken by the program', () => {
      const flags = flagsIn(container().args)
      const variables = (container().env ?? []).map(({ name, value = '' }) => [name, value])
      const env = Object.fromEntries(variables) as Record<string, string>
      const ours = Object.keys(env).filter((name) => name.startsWith('CALENDAR_OPERATOR_'))
      const settings = readSettings(flags ?? { 'no-such': 'flags' }, env)
      expect(flags).toBeDefined()
      expect(settings).toMatchObject({ leaderElect: true })
      expect(settingsTable.map(variableOf)).toEqual(expect.arrayContaining(ours))
      const { webBindAddress, metricsBindAddress } = settings
      const listening = [webBindAddress?.port, metricsBindAddress?.port]
      expect(container().ports?.map(({ containerPort }) => containerPort)).toEqual(listening)
    })

    it('gets its own name and namespace', () => {
      const fields = (container().env ?? []).filter(({ valueFrom }) => valueFrom !== undefined)
      expect(fields.map(({ name, valueFrom }) => [name, valueFrom])).toEqual([
        ['POD_NAMESPACE', { fieldRef: { fieldPath: 'metadata.namespace' } }],
        ['POD_NAME', { fieldRef: { fieldPath: 'metadata.name' } }],
      ])
    })

    it('has longer to end than it waits, and then takes, after SIGTERM', () => {
      const { preStop } = container().lifecycle as { preStop: { sleep: { seconds: number } } }
      const takes = 10
      expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(preStop.sleep.seconds + takes)
    })
  })

  it('selects that pod by whatever selects pods, and by labels that no upgrade changes', () => {
    const byThemselves = ofKind(manifests, 'Deployment', 'Service', 'PodDisruptionBudget').map(specOf)
    const { podSelector } = specOf(theOnly(manifests, 'NetworkPolicy'))
    const spread = (pod.topologySpreadConstraints ?? []) as { labelSelector: Selector }[]
    const selectors = [
      ...byThemselves.map(selected),
      podSelector.matchLabels,
      ...spread.map(({ labelSelector }) => labelSelector.matchLabels),
    ]
    for (const selector of selectors) expect(selector).toEqual({ 'app.kubernetes.io/name': 'calendar-operator' })
    expect(labels).toMatchObject({ 'app.kubernetes.io/name': 'calendar-operator' })
  })

  it('speaks of ports by the names that the container gives them', () => {
    const { ingress } = specOf(theOnly(manifests, 'NetworkPolicy'))
    expect(ingress.flatMap(({ ports }) => ports.map(({ port }) => port))).toEqual(portNames())
    const served = ofKind(manifests, 'Service').flatMap((one) => specOf(one).ports)
    expect(served.map(({ targetPort }) => targetPort).sort()).toEqual(portNames().sort())
    for (const probe of ['livenessProbe', 'readinessProbe']) {
      expect(portNames()).toContain((container()[probe] as { httpGet: { port: string } }).httpGet.port)
    }
  })

  it('leads Ingress, HTTPRoute and ServiceMonitor to a port that a Service has', () => {
    const services = ofKind(manifests, 'Service')
    const web = services.find(({ metadata }) => metadata.name === 'calendar-operator-web')
    expect(specOf(web!).ports).toMatchObject([{ port: 80, targetPort: 'web' }])
    for (const route of ofKind(manifests, 'Ingress', 'HTTPRoute')) {
      expect(JSON.stringify(route)).toMatch(/"name":"calendar-operator-web","port":(80|\{"number":80\})/)
    }
    for (const monitor of ofKind(manifests, 'ServiceMonitor')) {
      const { endpoints } = specOf(monitor)
      const wanted = Object.entries(selected(specOf(monitor)))
      const found = services.filter(({ metadata }) => wanted.every(([key, value]) => metadata.labels?.[key] === value))
      expect(found.map(({ metadata }) => metadata.name)).toEqual(['calendar-operator-metrics'])
      expect(endpoints).toEqual([{ port: 'metrics', honorLabels: true }])
    }
  })

  it('binds only roles of deploy/rbac, with their rules, and only to the account that the pod runs as', () => {
    const shipped = (['common', 'leases', 'cluster-wide', 'namespaced', 'people'] as const).flatMap(shippedRoles)
    const roles = ofKind(manifests, 'Role', 'ClusterRole')
    for (const { kind, metadata, rules } of roles) {
      const source = shipped.find((role) => role.kind === kind && role.metadata.name === metadata.name)
      expect({ kind, name: metadata.name, rules }).toEqual({ kind, name: metadata.name, rules: source?.rules })
    }
    for (const manifest of ofKind(manifests, 'RoleBinding', 'ClusterRoleBinding')) {
      const { roleRef, subjects } = manifest as unknown as Binding
      const { namespace } = roleRef.kind === 'Role' ? manifest.metadata : {}
      const titles = roles.map(titleOf)
      expect(titles).toContain(titleOf({ ...manifest, kind: roleRef.kind, metadata: { name: roleRef.name, namespace } }))
      expect(subjects).toEqual([{ kind: 'ServiceAccount', name: pod.serviceAccountName, namespace: NAMESPACE }])
    }
    expect(titleOf(theOnly(manifests, 'ServiceAccount'))).toBe(`ServiceAccount ${NAMESPACE}/${pod.serviceAccountName}`)
  })

  it('grants rights only in the namespaces that the operator serves', () => {
    const told = container().env?.find(({ name }) => name === 'CALENDAR_OPERATOR_WATCH_NAMESPACES')?.value
    const elsewhere = ofKind(manifests, 'Role').flatMap(({ metadata }) => metadata.namespace ?? '')
    const everywhere = ofKind(manifests, 'ClusterRoleBinding').map(({ metadata }) => metadata.name)
    expect(elsewhere.filter((name) => name !== NAMESPACE).sort()).toEqual(told?.split(',').sort() ?? [])
    expect(everywhere).toEqual(told === undefined ? ['calendar-operator'] : [])
  })

  it('is of one version: that of the program, on every object and in the name of the image', () => {
    expect(container().image).toBe(`${manifest.release.image}:${version}`)
    for (const manifest of ofKind(manifests, 'Deployment', 'Service', 'CustomResourceDefinition', 'Role', 'NetworkPolicy')) {
      expect(manifest.metadata.labels).toMatchObject({ 'app.kubernetes.io/version': version })
    }
  })

  it('alerts by the rules that ship for a plain Prometheus', () => {
    for (const rule of ofKind(manifests, 'PrometheusRule')) expect(rule.spec).toEqual(parse(root('deploy/alerts/rules.yaml')))
  })
})

it('the chart is of the version of the program, and of the Kubernetes that the documentation asks for', () => {
  const chart = parse(readFileSync(`${CHART}/Chart.yaml`, 'utf8')) as Record<string, string>
  expect([chart.version, chart.appVersion]).toEqual([version, version])
  const [, oldest] = /Kubernetes (\d+\.\d+) or later/.exec(root('docs/install.md')) ?? []
  expect(chart.kubeVersion).toBe(`>=${oldest}.0-0`)
})
