/**
 * What the container runs on: a real API server on which `kubectl apply -k deploy/` was done, the pod that the ReplicaSet
 * controller made there, what kubelet would project into it, a simulated Google, and a person whose grant is supplied.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { parse } from 'yaml'
import { startGoogle, type SimulatedGoogle } from '../../../sandbox/google/google.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { startRealKubernetes, type RealKubernetes } from '../../real/cluster.ts'
import { createNamespaceFixture, type NamespaceFixture } from '../../real/faults/support/namespace-fixture.ts'
import { until } from '../../real/faults/support/until.ts'
import { ROOT, type Image } from './build.ts'
import { runtimeOf, type Pod, type Runtime } from './pod.ts'

export const NAMESPACE = 'calendar-operator'

export interface ImageBackend {
  kubernetes: RealKubernetes
  google: SimulatedGoogle
  fixture: NamespaceFixture
  /** As the API server holds it. */
  pod: Pod
  /** @param directory an empty one, in which the service account's files come to lie. */
  runtime(image: Image, directory: string): Promise<Runtime>
  stop(): Promise<void>
}

export async function startImageBackend(): Promise<ImageBackend> {
  const google = await startGoogle({ clock: systemClock, random: seededRandom(7) })
  // Without the definitions: they come with deploy/.
  const kubernetes = await startRealKubernetes({ controllerManager: true, definitions: false })
  await kubernetes.kubectl('apply', '-k', join(ROOT, 'deploy'))
  await kubernetes.kubectl('wait', '--for=condition=Established', 'crd', '--all')
  const pod = await until('the Deployment has its pod', () => findPod(kubernetes))
  const { clientId: client } = google.addClient({
    redirectUris: [],
    javascriptOrigins: ['https://booking.example.com'],
  })
  const admin = await kubernetes.client()
  const fixture = await createNamespaceFixture({ google, admin, namespace: 'booking', client, from: systemClock.now() })
  return {
    kubernetes,
    google,
    fixture,
    pod,
    async runtime({ config }, serviceAccount) {
      await project(kubernetes, serviceAccount)
      return runtimeOf(pod, { image: config, serviceAccount, env: environment(kubernetes, google) })
    },
    async stop() {
      await kubernetes.stop()
      await google.close()
    },
  }
}

async function findPod(kubernetes: RealKubernetes): Promise<Pod | undefined> {
  const text = await kubernetes.kubectl('get', 'pods', '-n', NAMESPACE, '-o', 'json')
  return (JSON.parse(text) as { items: Pod[] }).items[0]
}

/** What kubelet would: it names the API server's Service. And what a cluster without Google's own servers needs. */
function environment(kubernetes: RealKubernetes, google: SimulatedGoogle): Record<string, string> {
  const { hostname, port } = new URL(kubernetes.url)
  const urls = ['ACCOUNTS', 'OAUTH', 'API'].map((which) => [`CALENDAR_OPERATOR_GOOGLE_${which}_URL`, google.url])
  return { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port, ...(Object.fromEntries(urls) as object) }
}

/** The three files of a service account, readable for any user of the container, as kubelet's are for the pod's. */
async function project(kubernetes: RealKubernetes, directory: string): Promise<void> {
  const token = await kubernetes.kubectl('create', 'token', NAMESPACE, '-n', NAMESPACE)
  const text = await until('the namespace has the authority', () =>
    kubernetes.kubectl('get', 'configmap', 'kube-root-ca.crt', '-n', NAMESPACE, '-o', 'yaml'),
  )
  const { data } = parse(text) as { data: Record<string, string> }
  mkdirSync(directory, { recursive: true, mode: 0o755 })
  const files = { token: token.trim(), namespace: NAMESPACE, 'ca.crt': data['ca.crt'] ?? '' }
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content, { mode: 0o644 })
}

/** The container shares this machine's network. @throws Error that says which port is taken. */
export async function assertFree(ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    await new Promise<void>((resolve, reject) => {
      const server = createServer()
      server.once('error', () => reject(new Error(`port ${port} is taken: the container of make test-image needs it`)))
      server.listen(port, () => server.close(() => resolve()))
    })
  }
}
