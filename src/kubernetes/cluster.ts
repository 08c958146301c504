/**
 * The room of Kubernetes: the only one that speaks to the API server. `port.ts` says what the others may ask; here it is
 * put together: one pool of connections (`connection.ts`), one way to send a request (`request.ts`), a reflector and a store
 * for each resource, Events, and the Lease. It may touch nothing but the API server and what it is handed.
 */
import type { Clock, Random } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import { GROUP_VERSION, grantSecretName, MANAGED_BY_SELECTOR } from '../resources/names.ts'
import type { Agent, CalendarIntegration } from '../resources/types.ts'
import type { Connection } from './connection.ts'
import { createEventRecorder } from './events.ts'
import { ApiError, keyOf } from './port.ts'
import type { Cluster, ConfigMap, KubernetesObject, Secret } from './port.ts'
import { createReflector, type Reflector, type ReflectorOptions } from './reflector.ts'
import { createRequest, type ApiRequest, type RequestDeps, type SendRequest } from './request.ts'
import { statusPatch } from './status.ts'
import { WatchStore } from './store.ts'

export interface ClusterDeps {
  connection: Connection
  clock: Clock
  random: Random
  log: Log
  /** Empty: all of them. */
  namespaces: readonly string[]
  /** Who reports Events. */
  instance: string
  observe?: RequestDeps['observe']
}

export interface RunningCluster extends Cluster {
  readonly send: SendRequest
  /** Begins to watch; resolves once everything was listed. */
  start(): Promise<void>
  readonly hasSynced: boolean
  /** Ends the watches, and waits until the Events that were noted are written. */
  stop(): Promise<void>
}

const MERGE_PATCH = 'application/merge-patch+json'

export function createCluster(deps: ClusterDeps): RunningCluster {
  const send = createRequest(deps)
  const stores = createStores(deps)
  const reflectors = reflectorsOf({ ...deps, send }, stores)
  const events = createEventRecorder({ ...deps, send })
  let running: Promise<unknown> = Promise.resolve()
  return {
    ...stores,
    namespaces: deps.namespaces.length === 0 ? stores.namespaces : undefined,
    ...readsOf(send),
    ...writesOf(send, stores),
    note: (event) => events.note(event),
    send,
    async start() {
      running = Promise.all(reflectors.map((reflector) => reflector.run()))
      await Promise.all(reflectors.map((reflector) => reflector.synced))
    },
    get hasSynced() {
      return reflectors.every((reflector) => reflector.hasSynced)
    },
    async stop() {
      for (const reflector of reflectors) reflector.stop()
      await Promise.all([running, events.flush()])
    },
  }
}

type Stores = ReturnType<typeof createStores>

function createStores({ log }: ClusterDeps) {
  const onError = (error: unknown): void => log.error({ error }, 'a watch listener failed')
  const metadata = { strip: stripped, onError }
  return {
    agents: new WatchStore<Agent>({ strip: stripped, indexes: AGENT_INDEXES, onError }),
    integrations: new WatchStore<CalendarIntegration>({ strip: stripped, indexes: INTEGRATION_INDEXES, onError }),
    secrets: new WatchStore<KubernetesObject>(metadata),
    configMaps: new WatchStore<KubernetesObject>(metadata),
    namespaces: new WatchStore<KubernetesObject>(metadata),
  }
}

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

/** Without what only `kubectl` needs, and without a Secret's data. */
export function stripped<T extends KubernetesObject>(object: T): T {
  const {
    managedFields: _fields,
    annotations = {},
    ...metadata
  } = object.metadata as T['metadata'] & {
    managedFields?: unknown
  }
  const { [LAST_APPLIED]: _applied, ...kept } = annotations
  const bare = { ...object, metadata: { ...metadata, ...(Object.keys(kept).length > 0 ? { annotations: kept } : {}) } }
  if (object.kind === 'Secret' || object.kind === 'ConfigMap') {
    Reflect.deleteProperty(bare, 'data')
    Reflect.deleteProperty(bare, 'binaryData')
  }
  return bare
}

const beside = ({ metadata }: KubernetesObject, name: string | undefined): string[] =>
  name === undefined ? [] : [`${metadata.namespace ?? ''}/${name}`]

/** Who uses what, by key: `integration`; `secret` and `configMap`, whether read or written. */
const AGENT_INDEXES = {
  integration: ({ metadata, spec }: Agent) => [
    `${spec.integrationRef.namespace ?? metadata.namespace ?? ''}/${spec.integrationRef.name}`,
  ],
  secret: (agent: Agent) => {
    const { publish, grantSecretRef } = agent.spec
    const published = publish.calendar?.kind === 'Secret' ? publish.calendar.name : undefined
    const names = [grantSecretName(agent), grantSecretRef?.name, publish.accessToken?.name, published]
    return names.flatMap((name) => beside(agent, name))
  },
  configMap: (agent: Agent) => {
    const calendar = agent.spec.publish.calendar
    return beside(agent, calendar?.kind === 'ConfigMap' ? calendar.name : undefined)
  },
  namespace: ({ metadata }: Agent) => [metadata.namespace ?? ''],
}

const INTEGRATION_INDEXES = {
  secret: (integration: CalendarIntegration) => beside(integration, integration.spec.google.clientSecretRef.name),
}

function reflectorsOf(deps: ClusterDeps & { send: SendRequest }, stores: Stores): Reflector[] {
  const all = deps.namespaces.length === 0
  const scopes = all ? [undefined] : deps.namespaces
  const core = { apiVersion: 'v1', metadataOnly: true }
  const ours = { apiVersion: GROUP_VERSION }
  const one = <T extends KubernetesObject>(
    resource: string,
    namespace: string | undefined,
    options: Omit<ReflectorOptions<T>, 'path' | 'scope'>,
  ): Reflector =>
    createReflector(deps, {
      ...options,
      path: collection(options.apiVersion, namespace, resource),
      scope: (key) => namespace === undefined || key.startsWith(`${namespace}/`),
    })
  const perNamespace = scopes.flatMap((namespace) => [
    one('calendarintegrations', namespace, { ...ours, kind: 'CalendarIntegration', store: stores.integrations }),
    one('agents', namespace, { ...ours, kind: 'Agent', store: stores.agents }),
    one('secrets', namespace, { ...core, kind: 'Secret', store: stores.secrets }),
    one('configmaps', namespace, {
      ...core,
      kind: 'ConfigMap',
      store: stores.configMaps,
      labelSelector: MANAGED_BY_SELECTOR,
    }),
  ])
  return all
    ? [...perNamespace, one('namespaces', undefined, { ...core, kind: 'Namespace', store: stores.namespaces })]
    : perNamespace
}

function collection(apiVersion: string, namespace: string | undefined, resource: string): string {
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  return `${group}${namespace === undefined ? '' : `/namespaces/${namespace}`}/${resource}`
}

const RESOURCES: Record<string, string> = {
  Agent: 'agents',
  CalendarIntegration: 'calendarintegrations',
  ConfigMap: 'configmaps',
  Secret: 'secrets',
}

const collectionOf = ({ apiVersion, kind, metadata }: KubernetesObject): string =>
  collection(apiVersion, metadata.namespace, RESOURCES[kind] ?? kind.toLowerCase())

const pathOf = (object: KubernetesObject): string => `${collectionOf(object)}/${object.metadata.name}`

function readsOf(send: SendRequest): Pick<Cluster, 'readSecret' | 'readConfigMap'> {
  const read = async <T>(namespace: string, resource: string, name: string): Promise<T | undefined> =>
    unlessGone(send<T>({ method: 'GET', path: `${collection('v1', namespace, resource)}/${name}` }))
  return {
    readSecret: (namespace, name) => read<Secret>(namespace, 'secrets', name),
    readConfigMap: (namespace, name) => read<ConfigMap>(namespace, 'configmaps', name),
  }
}

async function unlessGone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof ApiError && error.failure === 'NotFound') return undefined
    throw error
  }
}

function writesOf(send: SendRequest, stores: Stores): Pick<Cluster, 'create' | 'patch' | 'writeStatus' | 'delete'> {
  const write = async <T extends KubernetesObject>(object: KubernetesObject, request: ApiRequest): Promise<T> => {
    const complete = async (): Promise<T> => ({
      ...(await send<T>(request)),
      apiVersion: object.apiVersion,
      kind: object.kind,
    })
    const store = storeOf(stores, object)
    return store ? store.writing(keyOf(object), complete) : complete()
  }
  return {
    create: (object) => write(object, { method: 'POST', path: collectionOf(object), body: object }),
    patch: (object, patch) =>
      write(object, {
        method: 'PATCH',
        path: pathOf(object),
        contentType: MERGE_PATCH,
        body: withVersion(object, patch),
      }),
    async writeStatus(object, status) {
      const body = withVersion(object, { status: statusPatch(object.status, status) })
      await write(object, { method: 'PATCH', path: `${pathOf(object)}/status`, contentType: MERGE_PATCH, body })
    },
    async delete(object) {
      const { uid, resourceVersion } = object.metadata
      const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid, resourceVersion } }
      await unlessGone(send({ method: 'DELETE', path: pathOf(object), body }))
    },
  }
}

/** The store that watches objects like this one. */
function storeOf(stores: Stores, { kind }: KubernetesObject): WatchStore<KubernetesObject> | undefined {
  const byKind: Record<string, unknown> = {
    Agent: stores.agents,
    CalendarIntegration: stores.integrations,
    ConfigMap: stores.configMaps,
    Secret: stores.secrets,
  }
  return byKind[kind] as WatchStore<KubernetesObject> | undefined
}

/** The patch, for the version that was seen only. */
function withVersion(object: KubernetesObject, patch: Record<string, unknown>): Record<string, unknown> {
  const { resourceVersion } = object.metadata
  if (resourceVersion === undefined) return patch
  return { ...patch, metadata: { ...(patch.metadata as object | undefined), resourceVersion } }
}
