/**
 * The sandbox's Kubernetes: a small API server on loopback, over HTTP and TLS, for demos, tests and benches that run on Node
 * alone. It holds Namespaces, Secrets, ConfigMaps, Leases, Events, CustomResourceDefinitions and the kinds of
 * `calendar-operator.io`, in memory, and refuses every other kind by name. What it supports behaves as on a real API server
 * (resourceVersions, conflicts, watches, status, defaults, validation, finalizers, garbage collection, Tables);
 * `docs/sandbox-kubernetes.md` says what it leaves out. It may import `src/resources`, whose validator it shares with
 * `calendar-operator validate`, and nothing else of `src`. Time comes from the caller's clock.
 *
 * `http/` receives requests and answers them (TLS, paths, verbs, discovery). `writer` and `admission` handle writes, `reader`,
 * `representations` and `watches` handle reads, `store` holds the objects and their history, `garbage-collector` deletes in the
 * background, and `kinds/` describes the kinds.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { createAuthority, type Authority } from './http/certificates.ts'
import { GarbageCollector } from './controllers/garbage-collector.ts'
import { Faults, type Failure, type RequestMatch } from './http/faults.ts'
import { listen, type Listener } from './http/listener.ts'
import { createUsers, type User } from './http/users.ts'
import { inProcess, type InProcess } from './in-process.ts'
import { kubeconfigText, type KubeconfigOptions } from './http/kubeconfig.ts'
import { createValidator } from '../../src/resources/validate.ts'
import type { ValidatorOf } from './kinds/custom.ts'
import { keyFor } from './model/objects.ts'
import { Reader } from './storage/reader.ts'
import { Registry } from './kinds/registry.ts'
import { RequestLog, type RequestCount, type RequestKey } from './http/requests.ts'
import { Store, type Snapshot, type Write } from './storage/store.ts'
import { Watches, type SandboxClock } from './storage/watches.ts'
import { Writer, type Mutation } from './storage/writer.ts'

export type { Failure, KubeconfigOptions, RequestCount, RequestKey, RequestMatch, SandboxClock, Snapshot, Write }

/** What the sandbox is started with. */
export interface SandboxKubernetesOptions {
  clock: SandboxClock
  /** CustomResourceDefinitions of `calendar-operator.io`, as parsed documents. */
  crds?: readonly object[]
  /** The port on 127.0.0.1; any free one by default. */
  port?: number
  /** What `snapshot()` of another sandbox returned. */
  dataSnapshot?: Snapshot
  /** Names of the users; `admin` by default. Each of them authenticates with a token or a client certificate. */
  users?: readonly string[]
  /** Makes uids. */
  uuid?: () => string
  /** Makes the validators of definitions; `createValidator` by default. Callers that start many servers may share validators. */
  validatorOf?: ValidatorOf
  /** Signs the certificates; a new authority by default. Callers that start many servers may share one. */
  authority?: Authority
}

/** The handle of a running sandbox. */
export interface SandboxKubernetes extends InProcess {
  readonly url: string
  /** The certificate authority, as PEM. */
  readonly caCertificate: string
  /** A kubeconfig as text, with everything inline. */
  kubeconfig: (options?: KubeconfigOptions) => string
  /** The bearer token of a user. */
  token: (user?: string) => string
  /** Closes every connection and stops listening. The data stays. */
  stop: () => Promise<void>
  /** Listens again on the same port, with the same data and certificates. */
  start: () => Promise<void>
  restart: () => Promise<void>
  /** The resourceVersion of the last write. */
  revision: () => number
  /** Everything that is stored, for `dataSnapshot`. */
  snapshot: () => Snapshot
  /** Calls the listener within every write. Objects are read-only. Returns a function that unsubscribes. */
  onWrite: (listener: (write: Write) => void) => () => void
  /** Changes objects in the requests that write them, as a mutating webhook does. Returns a function that ends it. */
  mutate: (mutation: Mutation) => () => void
  /** Resolves when garbage collection and namespace deletion have nothing left to do. */
  idle: () => Promise<void>

  /** Breaks every open watch. */
  dropWatches: () => void
  openWatches: () => number
  /** Drops the history: watches and pages from before now get 410. */
  compact: () => void
  failNext: (failure: Failure) => void
  /** Holds requests that match, until the returned function is called. */
  hang: (match?: RequestMatch) => () => void
  clearFaults: () => void
  /** How many requests of each kind arrived over HTTP. */
  requests: (filter?: Partial<RequestKey>) => RequestCount[]
  countRequests: (filter?: Partial<RequestKey>) => number
  resetRequests: () => void
}

const HOSTS = { dns: ['localhost'], ip: ['127.0.0.1'] }

/** Creates an authority for servers on loopback. */
export const createLocalAuthority = (): Promise<Authority> => createAuthority(HOSTS)

/** Starts the sandbox's Kubernetes API on loopback. */
export async function startKubernetes(options: SandboxKubernetesOptions): Promise<SandboxKubernetes> {
  const authority = options.authority ?? (await createLocalAuthority())
  const names = options.users ?? ['admin']
  const users = await createUsers(names, authority, () => randomBytes(24).toString('base64url'))
  const sandbox = assemble(options, authority, users)
  await sandbox.start()
  return sandbox
}

type Parts = ReturnType<typeof createParts>

function createParts({
  clock,
  dataSnapshot,
  uuid = randomUUID,
  validatorOf = createValidator,
}: SandboxKubernetesOptions) {
  const now = (): number => clock.now()
  const store = new Store()
  if (dataSnapshot) store.load(dataSnapshot, ({ metadata }) => keyFor(metadata.namespace, metadata.name))
  const registry = new Registry(store, validatorOf)
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
  createInitialObjects(parts, helpers, options)
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

/** Creates what every cluster has from the start, unless a snapshot contains it. */
function createInitialObjects(
  { store, registry, garbageCollector }: Parts,
  { apply }: InProcess,
  { crds = [] }: SandboxKubernetesOptions,
): void {
  for (const name of ['default', 'kube-system']) apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  for (const crd of crds) apply(crd)
  for (const { collection } of registry.kinds) {
    for (const version of store.collection(collection).list()) garbageCollector.register(collection, version)
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

function controls({ store, writer, reader, watches, faults, log, garbageCollector }: Parts): Controls {
  return {
    revision: () => store.revision,
    snapshot: () => structuredClone(store.snapshot()),
    onWrite: (listener) => store.subscribe(listener),
    mutate: (mutation) => writer.mutate(mutation),
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
