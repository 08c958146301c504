/**
 * The image at work: run as the pod of deploy/ says, on a real API server, with the rights of deploy/rbac and the token of its
 * service account, until an Agent is Ready; then looked at from outside and from within.
 *
 * Not tested here, because there is no container engine: the bases that the Dockerfile names (others replace them under their
 * names, with this machine's Node), other architectures than this machine's, seccomp and AppArmor, a network of its own.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { until } from '../real/faults/support/until.ts'
import { ImageContainer } from './support/container.ts'
import { assertFree, NAMESPACE, startImageBackend, type ImageBackend } from './support/backend.ts'
import type { Probe } from './support/pod.ts'
import { say } from './support/tools.ts'

const image = inject('image')
const work = mkdtempSync(join(tmpdir(), 'container-'))
/** Where the pages and the metrics are served unless the pod says otherwise. */
const PORTS = [8080, 8081]
const NODE = image.config.config.Entrypoint?.[0] ?? ''
/** What a runtime mounts of its own: none of it is a disk. */
const VIRTUAL = ['proc', 'tmpfs', 'devpts', 'mqueue', 'sysfs', 'cgroup']

let backend: ImageBackend
let container: ImageContainer
let untouched: string[]

beforeAll(async () => {
  await assertFree(PORTS)
  backend = await startImageBackend()
  await backend.fixture.addPerson('alice')
  backend.fixture.addEvent('alice', 2)
  container = new ImageContainer(join(work, 'bundle'), image, await backend.runtime(image, join(work, 'account')))
  untouched = container.files()
  const began = performance.now()
  const since = (): string => `${((performance.now() - began) / 1000).toFixed(1)} s`
  container.start()
  await withLog(until('/readyz answers', async () => (await statusOf('http://127.0.0.1:8081/readyz')) === 200))
  const ready = since()
  await withLog(backend.fixture.untilReady('alice'))
  say(`started until /readyz: ${ready}, until an Agent is Ready: ${since()}`)
})

afterAll(async () => {
  container.remove()
  await backend.stop()
  rmSync(work, { recursive: true, force: true })
})

/** Reports the container's output if the expected state was not reached. */
async function withLog<T>(promise: Promise<T>): Promise<T> {
  return promise.catch((error: unknown) => {
    throw new Error(`${String(error)}\n${container.log().split('\n').slice(-20).join('\n')}`)
  })
}

/** What one line of code finds in the container. */
const within = (code: string): string => container.node(`console.log(${code})`, NODE).trim()

/** How writing a file there ends. */
const writing = (path: string): string =>
  within(
    `(() => { try { fs.writeFileSync(${JSON.stringify(path)}, ''); return 'written' } catch (e) { return e.code } })()`,
  )

describe("as the Deployment's pod (not proved: the real base, other architectures, seccomp, a network of its own)", () => {
  test('publishes what is in the calendar', async () => {
    expect(await backend.fixture.busy('alice')).toHaveLength(1)
    expect(
      (await backend.fixture.agent('alice')).status?.conditions?.find(({ type }) => type === 'Ready')?.status,
    ).toBe('True')
  })

  test('leads, under the name and in the namespace of its pod', async () => {
    const holder = ['get', 'lease', 'calendar-operator', '-n', NAMESPACE, '-o', 'jsonpath={.spec.holderIdentity}']
    expect(await backend.kubernetes.kubectl(...holder)).toContain(backend.pod.metadata.name)
  })

  test('asks the API server as the service account only, and is never refused', () => {
    const user = `system:serviceaccount:${NAMESPACE}:${NAMESPACE}`
    const asked = backend.kubernetes.auditEvents().filter(({ userAgent }) => userAgent?.startsWith('calendar-operator'))
    expect(new Set(asked.map((event) => event.user.username))).toEqual(new Set([user]))
    const refused = asked.filter(({ annotations }) => annotations?.['authorization.k8s.io/decision'] !== 'allow')
    expect(refused.map(({ requestURI }) => requestURI)).toEqual([])
  })

  test('is user and group 65532, and no other group', () => {
    expect(container.status('Uid').split(/\s+/)).toEqual(['65532', '65532', '65532', '65532'])
    expect(container.status('Gid').split(/\s+/)).toEqual(['65532', '65532', '65532', '65532'])
    expect(container.status('Groups').trim()).toBe('')
  })

  test('has no capabilities, and can get none', () => {
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
      expect([set, container.status(set)]).toEqual([set, '0000000000000000'])
    }
    expect(container.status('NoNewPrivs')).toBe('1')
  })

  test.each(['/new', '/app/new', '/app/main.js', '/tmp/new', '/home/new', '/var/new'])('cannot write %s', (path) => {
    expect(['EROFS', 'ENOENT']).toContain(writing(path))
  })

  test('has a root that is read-only, and no disk mounted to write to', () => {
    const writable = container.writableMounts()
    expect(writable.map(({ path }) => path)).not.toContain('/')
    expect(writable.filter(({ type }) => !VIRTUAL.includes(type))).toEqual([])
  })

  test('reads its service account, and cannot change it', () => {
    const token = '/var/run/secrets/kubernetes.io/serviceaccount/token'
    expect(within(`fs.readFileSync(${JSON.stringify(token)}, 'utf8').split('.').length`)).toBe('3')
    expect(writing(token)).toBe('EROFS')
  })

  test('answers the probes on the ports that the pod names', async () => {
    const [spec] = backend.pod.spec.containers
    for (const probe of [spec?.livenessProbe, spec?.readinessProbe]) expect(await statusOf(urlOf(probe))).toBe(200)
  })

  test('serves the pages, where a made-up link finds nothing', async () => {
    expect(await statusOf('http://127.0.0.1:8080/google-calendar/sign-in/made-up')).toBe(404)
  })

  test('listens on every port that the pod names, and the image says so', async () => {
    const named = (backend.pod.spec.containers[0]?.ports ?? []).map(({ containerPort }) => containerPort)
    const exposed = Object.keys(image.config.config.ExposedPorts ?? {}).map((port) => Number.parseInt(port))
    for (const port of named) await expect(statusOf(`http://127.0.0.1:${port}/`)).resolves.toBeDefined()
    expect(exposed).toEqual(expect.arrayContaining(named))
    expect(exposed).toEqual(PORTS)
  })

  test('stays within the memory that the pod gives it', () => {
    const [resident, peak] = ['VmRSS', 'VmHWM'].map((field) => Number.parseInt(container.status(field)) / 1000)
    say(`resident with one agent: ${resident?.toFixed(0)} MB, at its peak ${peak?.toFixed(0)} MB`)
    expect(container.log()).not.toContain('heap out of memory')
  })

  test('is a command line too: its version, and manifests from standard input', () => {
    const version = within(
      `child_process.execFileSync(process.execPath, ['/app/main.js', '--version'], {encoding: 'utf8'})`,
    )
    expect(version).toBe(image.config.config.Labels?.['org.opencontainers.image.version'])
  })

  test('ends with 0 within ten seconds of SIGTERM, though it is process 1', async () => {
    expect(container.status('NSpid').split(/\s+/).at(-1)).toBe('1')
    const began = performance.now()
    const how = await container.end('SIGTERM')
    const seconds = (performance.now() - began) / 1000
    say(`ended ${seconds.toFixed(1)} s after SIGTERM`)
    expect([how, seconds < 10]).toEqual(['exit code 0', true])
    expect(container.log()).toContain('"stopped"')
  })

  test('has left nothing on the disk', () => {
    expect(container.files()).toEqual(untouched)
  })
})

/** Asks as a kubelet does, over a new connection: one that `fetch` has kept may be closed by the other side at this moment. */
const statusOf = (url: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => resolve(response.resume().statusCode)).on('error', reject)
  })

function urlOf(probe: Probe | undefined): string {
  const { path = '', port = '' } = probe?.httpGet ?? {}
  const named = backend.pod.spec.containers[0]?.ports?.find(({ name }) => name === port)
  return `http://127.0.0.1:${named?.containerPort ?? port}${path}`
}
