/**
 * Installed, upgraded and uninstalled on a real API server, by kubectl and by Helm, in a namespace that enforces the restricted
 * Pod Security standard. KWOK plays the nodes: whether a container works that they would start is test/image's question.
 */
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { OPERATOR_USER } from '../journeys/support/roles.ts'
import { startRealKubernetes, type RealKubernetes } from '../real/cluster.ts'
import { definitionsOfOthers } from './ecosystem/definitions.ts'
import { inventory } from './support/inventory.ts'
import { addNodes } from './support/nodes.ts'
import { CHART, DEPLOY, helm, inDirectory, NAMESPACE, RELEASE, type Values } from './support/render.ts'

/**
 * The namespace controller begins after five seconds. Each time that something is left, or that it fails because a CRD goes at the
 * same moment, it waits again, for up to a minute. So a slow machine needs minutes where a fast one needs ten seconds.
 */
const DELETION_MS = 600_000
/** The time limit of a test that waits for a deletion, and installs something before. */
const WITH_DELETION_MS = 2 * DELETION_MS

let kubernetes: RealKubernetes
let kubeconfig: string
let removeNodes: () => Promise<void>
/** What was there before anything of ours. */
let before: string[]

beforeAll(async () => {
  kubernetes = await startRealKubernetes({ controllerManager: true, definitions: false })
  kubeconfig = await kubernetes.kubeconfig()
  await kubernetes.apply(...(await definitionsOfOthers()))
  await kubectl('wait', '--for=condition=Established', 'crd', '--all')
  removeNodes = await addNodes(kubernetes)
  await kubectl('create', 'namespace', 'booking')
  await vi.waitFor(() => kubectl('get', 'serviceaccount', 'default', '-n', 'booking'), 90_000)
  before = await inventory(kubernetes)
})
afterAll(async () => {
  await removeNodes()
  await kubernetes.stop()
})

const kubectl = (...args: string[]): Promise<string> => kubernetes.kubectl(...args)
const untilAvailable = (): Promise<string> =>
  kubectl('rollout', 'status', 'deployment/calendar-operator', '-n', NAMESPACE, '--timeout=180s')
const additions = async (): Promise<string[]> => {
  const now = await inventory(kubernetes)
  return now.filter((title) => !before.includes(title))
}
const untilAdditionsAre = (expected: string[]): Promise<void> =>
  vi.waitFor(async () => expect(await additions()).toEqual(expected), { timeout: 150_000, interval: 500 })
/** `kubectl delete`, which waits. @throws Error that says what namespaces and CRDs wait for */
const remove = (...what: string[]): Promise<unknown> =>
  kubectl('delete', ...what, `--timeout=${DELETION_MS / 1000}s`).catch(async (error: unknown) => {
    const waiting = await kubectl('get', 'namespaces,customresourcedefinitions', '-o', `jsonpath=${CONDITIONS}`)
    throw new Error(`${String(error)}\n${waiting}`)
  })
const CONDITIONS =
  '{range .items[?(@.metadata.deletionTimestamp)]}{.kind} {.metadata.name}: {.status.conditions}{"\\n"}{end}'
const mayOperator = (what: string, where: string): Promise<boolean> =>
  kubectl('auth', 'can-i', ...what.split(' '), ...where.split(' '), '--as', OPERATOR_USER).then(
    () => true,
    () => false,
  )
const readyPods = async (): Promise<number> =>
  Number(await kubectl('get', 'deployment', 'calendar-operator', '-n', NAMESPACE, '-o', 'jsonpath={.status.readyReplicas}'))

/** An Agent and its integration, as somebody has them who uses the operator. */
const people = (): Promise<void> =>
  kubernetes.apply(
    ...['agent', 'calendarintegration'].map((kind) =>
      readFileSync(join(DEPLOY, `../docs/reference/examples/${kind}.yaml`), 'utf8'),
    ),
  )
const PEOPLE = ['Agent booking/alice', 'CalendarIntegration booking/google']
const DEFINITIONS = ['agents', 'bookings', 'calendarintegrations'].map((name) => `CustomResourceDefinition ${name}.calendar-operator.io`)

interface Rights {
  everywhere: boolean
}
async function expectRights({ everywhere }: Rights): Promise<void> {
  expect(await mayOperator('list agents.calendar-operator.io', '-n booking')).toBe(true)
  expect(await mayOperator('get secrets/calendar-operator-keys', `-n ${NAMESPACE}`)).toBe(true)
  expect(await mayOperator('list secrets', '-n default')).toBe(everywhere)
  expect(await mayOperator('list namespaces', '--all-namespaces')).toBe(everywhere)
  expect(await mayOperator('create pods', '-n booking')).toBe(false)
}

describe.each([
  { path: '', replicas: 1, everywhere: true },
  { path: 'overlays/cluster-wide', replicas: 1, everywhere: true },
  { path: 'overlays/high-availability', replicas: 2, everywhere: true },
  { path: 'overlays/namespaced', replicas: 1, everywhere: false },
])('kubectl apply -k deploy/$path', ({ path, replicas, everywhere }) => {
  const folder = join(DEPLOY, path)
  beforeAll(async () => {
    await kubectl('apply', '-k', folder)
  })

  it('makes a Deployment that becomes available', async () => {
    await untilAvailable()
    expect(await readyPods()).toBe(replicas)
  })

  it('gives the rights that it says', () => expectRights({ everywhere }))

  it('has nothing to change the next time', async () => {
    expect(await kubectl('diff', '-k', folder)).toBe('')
  })

  it('is taken away whole', async () => {
    await remove('-k', folder)
    await untilAdditionsAre([])
  }, WITH_DELETION_MS)
})

describe('the namespace', () => {
  it('takes no pod that is less than restricted', async () => {
    await kubectl('apply', '-k', join(DEPLOY, 'overlays/cluster-wide'))
    const bad = kubectl('run', 'bad', '--image=any', '-n', NAMESPACE)
    await expect(bad).rejects.toThrow('violates PodSecurity "restricted')
    await remove('-k', join(DEPLOY, 'overlays/cluster-wide'))
    await untilAdditionsAre([])
  }, WITH_DELETION_MS)
})

describe('helm', () => {
  const release = (verb: 'install' | 'upgrade', values: Values = {}, chart = CHART): Promise<string> =>
    helm([verb, RELEASE, chart, '--namespace', NAMESPACE, '--wait', '--timeout', '180s'], values, kubeconfig)
  const uninstall = (): Promise<string> =>
    helm(['uninstall', RELEASE, '--namespace', NAMESPACE, '--wait', '--timeout', '180s'], {}, kubeconfig)
  const leaveNothing = async (): Promise<void> => {
    await remove('crd', '--ignore-not-found', 'agents.calendar-operator.io', 'bookings.calendar-operator.io', 'calendarintegrations.calendar-operator.io')
    await remove('namespace', NAMESPACE)
    await untilAdditionsAre([])
  }
  /** What a namespace has by itself. */
  const OWN = [`ConfigMap ${NAMESPACE}/kube-root-ca.crt`, `Namespace ${NAMESPACE}`, `ServiceAccount ${NAMESPACE}/default`]

  beforeEach(async () => {
    await kubectl('apply', '-f', join(DEPLOY, 'base/namespace.yaml'))
    await vi.waitFor(() => kubectl('get', 'serviceaccount', 'default', '-n', NAMESPACE), 90_000)
  })
  afterEach(leaveNothing, WITH_DELETION_MS)

  it('installs, and says what to do next', async () => {
    const said = await release('install')
    expect(said).toContain('serves all namespaces')
    expect(said).toContain('docs/getting-started.md')
    expect(await readyPods()).toBe(1)
    await expectRights({ everywhere: true })
    await uninstall()
  })

  it('installs for named namespaces, with everything besides, and in two replicas', async () => {
    const values = { watchNamespaces: ['booking'], replicas: 2, rbac: { people: false }, monitoring: { enabled: true } }
    expect(await release('install', values)).toContain('serves the namespaces booking')
    expect(await readyPods()).toBe(2)
    await expectRights({ everywhere: false })
    expect(await additions()).toEqual(expect.arrayContaining([`PrometheusRule ${NAMESPACE}/calendar-operator`]))
    await uninstall()
  })

  it('leaves the CRDs, and with them every Agent, when it uninstalls; and takes them up again when it installs', async () => {
    await release('install')
    await people()
    await uninstall()
    await untilAdditionsAre([...PEOPLE, ...OWN, ...DEFINITIONS].sort())
    await release('install')
    expect(await additions()).toEqual(expect.arrayContaining(PEOPLE))
    await uninstall()
  })

  it('takes the CRDs along when it was told to', async () => {
    await release('install', { crds: { keep: false } })
    await uninstall()
    await untilAdditionsAre([...OWN].sort())
  })

  it('upgrades an older release, its CRDs too, and keeps every Agent', async () => {
    await inDirectory(async (directory) => {
      cpSync(CHART, directory, { recursive: true })
      const edit = (file: string, from: RegExp, to: string): void => {
        const text = readFileSync(join(directory, file), 'utf8')
        expect(text).toMatch(from)
        writeFileSync(join(directory, file), text.replace(from, to))
      }
      edit('Chart.yaml', /0\.1\.0/g, '0.0.9')
      edit('files/crds/agents.yaml', /shortNames: \[.*\]/, 'shortNames: [old]')
      await release('install', {}, directory)
    })
    await people()
    const shortNames = () => kubectl('get', 'crd', 'agents.calendar-operator.io', '-o', 'jsonpath={.spec.names.shortNames}')
    expect(await shortNames()).toBe('["old"]')
    await release('upgrade', { replicas: 2 })
    expect(await shortNames()).toBe('["agt"]')
    expect(await readyPods()).toBe(2)
    expect(await additions()).toEqual(expect.arrayContaining(PEOPLE))
    await uninstall()
  })
})
