/**
 * The sandbox's Kubernetes: a small API server on loopback, over real HTTP and TLS, for demos, tests and benches that
 * run on Node alone. It holds Namespaces, Secrets, ConfigMaps, Leases, Events, CustomResourceDefinitions and the kinds of
 * `calendar-operator.io`, in memory, and refuses everything else by saying so. What it does it means to do as the real
 * one does (resourceVersions, conflicts, watches, status, defaults, validation, finalizers, garbage collection, Tables);
 * what it leaves out stands in `docs/sandbox-kubernetes.md`. It may import `src/resources`, whose judge it shares with
 * `calendar-operator validate`, and nothing else of `src`. Time comes from the caller's clock.
 *
 * From the wire inwards: `http/` (TLS, paths, verbs, discovery), `representations` and `watches` (what goes out), `writer` and
 * `admission` (what comes in), `store` (what is there), `garbage-collector` (what goes by itself), `kinds/` (what it is about).
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { createAuthority, type Authority } from './certificates.ts'
import { GarbageCollector } from './garbage-collector.ts'
import { Faults, type Failure, type RequestMatch } from './faults.ts'
import { listen, type Listener } from './http/listener.ts'
import { createUsers, type User } from './http/users.ts'
import { inProcess, type InProcess } from './in-process.ts'
import { kubeconfigText, type KubeconfigOptions } from './kubeconfig.ts'
import { keyFor } from './objects.ts'
import { Reader } from './reader.ts'
import { Registry } from './registry.ts'
import { RequestLog, type RequestCount, type RequestKey } from './requests.ts'
import { Store, type Snapshot, type Write } from './store.ts'
import { Watches, type SandboxClock } from './watches.ts'
import { Writer } from './writer.ts'

export type { Failure, KubeconfigOptions, RequestCount, RequestKey, RequestMatch, SandboxClock, Snapshot, Write }

export interface SandboxKubernetesOptions {
  clock: SandboxClock
  /** CustomResourceDefinitions of `calendar-operator.io`, as parsed documents. */
  crds?: readonly object[]
  /** Of 127.0.0.1; a free one where nothing is said. */
  port?: number
  /** What another sandbox's `snapshot` gave. */
  dataSnapshot?: Snapshot
  /** Names of those who may come in, each by a token or a client certificate; `admin` where nothing is said. */
  users?: readonly string[]
  /** Where uids come from. */
  uuid?: () => string
}

export interface SandboxKubernetes extends InProcess {
  readonly url: string
  /** The certificate authority, as PEM. */
  readonly caCertificate: string
  /** As text, with everything inline. */
  kubeconfig: (options?: KubeconfigOptions) => string
  /** A user's bearer token. */
  token: (user?: string) => string
  /** Ends every connection and stops listening; the data stays. */
  stop: () => Promise<void>
  /** Listens again, on the same port, with the same data and certificates. */
  start: () => Promise<void>
  restart: () => Promise<void>
  /** The resourceVersion of the last write. */
  revision: () => number
  /** Everything that is stored, for `dataSnapshot`. */
  snapshot: () => Snapshot
  /** Calls back within every write, whoever makes it. Objects are read-only. The answer ends it. */
  onWrite: (listener: (write: Write) => void) => () => void
  /** Resolves when garbage collection and namespace deletion have nothing left to do. */
  idle: () => Promise<void>

  /** Breaks every open watch. */
  dropWatches: () => void
  openWatches: () => number
  /** Forgets the history: watches and pages from before now get 410. */
  compact: () => void
  failNext: (failure: Failure) => void
  /** Requests that match get no answer until the answer is called. */
  hang: (match?: RequestMatch) => () => void
  clearFaults: () => void
  /** How often each kind of request came over HTTP. */
  requests: (filter?: Partial<RequestKey>) => RequestCount[]
  countRequests: (filter?: Partial<RequestKey>) => number
  resetRequests: () => void
}

const HOSTS = { dns: ['localhost'], ip: ['127.0.0.1'] }

export async function startKubernetes(options: SandboxKubernetesOptions): Promise<SandboxKubernetes> {
  const authority = await createAuthority(HOSTS)
  const names = options.users ?? ['admin']
  const users = await createUsers(names, authority, () => randomBytes(24).toString('base64url'))
  const sandbox = assemble(options, authority, users)
  await sandbox.start()
  return sandbox
}

type Parts = ReturnType<typeof createParts>

function createParts({ clock, dataSnapshot, uuid = randomUUID }: SandboxKubernetesOptions) {
  const now = (): number => clock.now()
  const store = new Store()
  if (dataSnapshot) store.load(dataSnapshot, ({ metadata }) => keyFor(metadata.namespace, metadata.name))
  const registry = new Registry(store)
  const writer = new Writer({ store, now, uuid })
  const garbageCollector = new GarbageCollector({ store, registry, writer, now })
  const reader = new Reader(store)
  const watches = new Watches({ store, reader, clock })
  return {
    clock,
    store,
    registry,
    writer,
    garbageCollector,
    reader,
    watches,
    faults: new Faults(),
    log: new RequestLog(),
  }
}

function assemble(
  options: SandboxKubernetesOptions,
  authority: Authority,
  users: Map<string, User>,
): SandboxKubernetes {
  const parts = createParts(options)
  const helpers = inProcess(parts)
  furnish(parts, helpers, options)
  const user = (name: string | undefined): User => {
    const found = name === undefined ? [...users.values()][0] : users.get(name)
    if (!found) throw new Error(`The sandbox has no user ${name ?? ''}, only ${[...users.keys()].join(', ')}`)
    return found
  }
  const { address, ...running } = network(parts, authority, { users, port: options.port ?? 0 })
  const kubeconfig = (wanted: KubeconfigOptions = {}): string =>
    kubeconfigText(address(), authority.certificate, user(wanted.user), wanted)
  return {
    ...helpers,
    ...running,
    ...controls(parts),
    get url() {
      return address()
    },
    caCertificate: authority.certificate,
    token: (name) => user(name).token,
    kubeconfig,
  }
}

/** What every cluster has from the start, as far as a snapshot doesn't bring it. */
function furnish(
  { store, registry, garbageCollector }: Parts,
  { apply }: InProcess,
  { crds = [] }: SandboxKubernetesOptions,
): void {
  for (const name of ['default', 'kube-system']) apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  for (const crd of crds) apply(crd)
  for (const { collection } of registry.kinds) {
    for (const version of store.collection(collection).list()) garbageCollector.adopt(collection, version)
  }
}

type Network = Pick<SandboxKubernetes, 'stop' | 'start' | 'restart'> & { address: () => string }

function network(
  parts: Parts,
  authority: Authority,
  { users, port }: { users: Map<string, User>; port: number },
): Network {
  let listener: Listener | undefined
  let bound = port
  const stop = async (): Promise<void> => {
    const ending = listener
    listener = undefined
    await ending?.close()
  }
  const start = async (): Promise<void> => {
    if (listener) return
    listener = await listen({ ...parts, users }, authority, bound)
    bound = listener.port
  }
  return {
    address: () => `https://127.0.0.1:${bound}`,
    stop,
    start,
    async restart() {
      await stop()
      await start()
    },
  }
}

type Controls = Omit<
  SandboxKubernetes,
  keyof InProcess | keyof Network | 'url' | 'caCertificate' | 'token' | 'kubeconfig'
>

function controls({ store, reader, watches, faults, log, garbageCollector }: Parts): Controls {
  return {
    revision: () => store.revision,
    snapshot: () => structuredClone(store.snapshot()),
    onWrite: (listener) => store.subscribe(listener),
    idle: () => garbageCollector.idle(),
    dropWatches: () => watches.drop(),
    openWatches: () => watches.size,
    compact() {
      store.compact()
      reader.compact()
    },
    failNext: (failure) => faults.failNext(failure),
    hang: (match) => faults.hang(match),
    clearFaults: () => faults.clear(),
    requests: (filter) => log.list(filter),
    countRequests: (filter) => log.count(filter),
    resetRequests: () => log.reset(),
  }
}
