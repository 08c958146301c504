/** What is watched: a store for each resource, and a reflector for each of the watched namespaces that keeps it in step. */
import {
  API_GROUP,
  FLUX_REQUESTED_AT,
  GROUP_VERSION,
  grantSecretName,
  MANAGED_BY_SELECTOR,
} from '../resources/names.ts'
import { siteHost } from '../resources/sites.ts'
import type { Agent, CalendarIntegration } from '../resources/types.ts'
import type { Log } from '../platform/log.ts'
import { collectionPath } from './paths.ts'
import type { KubernetesObject } from './port.ts'
import { createReflector, type Reflector, type ReflectorDeps, type ReflectorOptions } from './reflector.ts'
import { WatchStore } from './store.ts'

export interface Caches {
  agents: WatchStore<Agent>
  integrations: WatchStore<CalendarIntegration>
  /** Metadata only, as the two that follow. */
  secrets: WatchStore<KubernetesObject>
  configMaps: WatchStore<KubernetesObject>
  namespaces: WatchStore<KubernetesObject>
}

export function createCaches(log: Log): Caches {
  const onError = (error: unknown): void => log.error({ error }, 'a watch listener failed')
  const metadata = { strip: metadataOf, indexes: { controller: controllersOf }, onError }
  return {
    agents: new WatchStore<Agent>({ strip: stripped, indexes: AGENT_INDEXES, onError }),
    integrations: new WatchStore<CalendarIntegration>({ strip: stripped, indexes: INTEGRATION_INDEXES, onError }),
    secrets: new WatchStore<KubernetesObject>(metadata),
    configMaps: new WatchStore<KubernetesObject>(metadata),
    namespaces: new WatchStore<KubernetesObject>(metadata),
  }
}

/** A store for metadata, apart from the others. */
export const createMetadataStore = (log: Log): WatchStore<KubernetesObject> =>
  new WatchStore<KubernetesObject>({
    strip: metadataOf,
    onError: (error) => log.error({ error }, 'a watch listener failed'),
  })

/** The store that watches objects of this kind. */
export function cacheOf(caches: Caches, kind: string): WatchStore<KubernetesObject> | undefined {
  const byKind: Record<string, unknown> = {
    Agent: caches.agents,
    CalendarIntegration: caches.integrations,
    ConfigMap: caches.configMaps,
    Secret: caches.secrets,
  }
  return byKind[kind] as WatchStore<KubernetesObject> | undefined
}

/** Without what only `kubectl`, the API server and other programs need: most of an object's bytes, and no end to them. */
export function stripped<T extends KubernetesObject>(object: T): T {
  const metadata = { ...object.metadata }
  Reflect.deleteProperty(metadata, 'managedFields')
  const annotations = Object.entries(metadata.annotations ?? {}).filter(([name]) => isOurAnnotation(name))
  if (annotations.length > 0) metadata.annotations = Object.fromEntries(annotations)
  else delete metadata.annotations
  return { ...object, metadata }
}

const isOurAnnotation = (name: string): boolean => name.startsWith(`${API_GROUP}/`) || name === FLUX_REQUESTED_AT

/** Never any data, whoever hands it in. (`kubectl apply` leaves a Secret's data in an annotation.) */
export function metadataOf<T extends KubernetesObject>({ apiVersion, kind, metadata }: T): T {
  return stripped({ apiVersion, kind, metadata } as T)
}

/** The uid of the object that controls this one. */
const controllersOf = ({ metadata }: KubernetesObject): string[] =>
  (metadata.ownerReferences ?? []).filter(({ controller }) => controller).map(({ uid }) => uid)

const beside = ({ metadata }: KubernetesObject, name: string | undefined): string[] =>
  name === undefined ? [] : [`${metadata.namespace ?? ''}/${name}`]

/** Who uses what, by key: `integration`; `secret` and `configMap`, whether read or written. */
const AGENT_INDEXES = {
  uid: ({ metadata }: Agent) => (metadata.uid === undefined ? [] : [metadata.uid]),
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

/** `site`: the host of `siteURI`, whatever the port. */
const INTEGRATION_INDEXES = {
  secret: (integration: CalendarIntegration) => beside(integration, integration.spec.google.clientSecretRef.name),
  site: ({ spec }: CalendarIntegration) => [siteHost(spec.google.siteURI) ?? ''],
}

/** @param namespaces empty: all of them. */
export function createReflectors(
  deps: ReflectorDeps,
  { agents, integrations, secrets, configMaps, namespaces: spaces }: Caches,
  namespaces: readonly string[],
): Reflector[] {
  const ours = { apiVersion: GROUP_VERSION }
  const core = { apiVersion: 'v1', metadataOnly: true }
  const managed = { ...core, labelSelector: MANAGED_BY_SELECTOR }
  const one = <T extends KubernetesObject>(
    plural: string,
    namespace: string | undefined,
    options: Watched<T>,
  ): Reflector =>
    createReflector(deps, {
      ...options,
      path: collectionPath(options.apiVersion, namespace, plural),
      scope: (key) => namespace === undefined || key.startsWith(`${namespace}/`),
    })
  const all = namespaces.length === 0
  const perNamespace = (all ? [undefined] : namespaces).flatMap((namespace) => [
    one('calendarintegrations', namespace, {
      ...ours,
      kind: 'CalendarIntegration',
      store: integrations,
      isScout: true,
    }),
    one('agents', namespace, { ...ours, kind: 'Agent', store: agents }),
    one('secrets', namespace, { ...core, kind: 'Secret', store: secrets }),
    one('configmaps', namespace, { ...managed, kind: 'ConfigMap', store: configMaps }),
  ])
  return all
    ? [...perNamespace, one('namespaces', undefined, { ...core, kind: 'Namespace', store: spaces })]
    : perNamespace
}

/** Keeps a store in step with one Secret; nothing waits for it. */
export function createSecretReflector(
  deps: ReflectorDeps,
  { namespace, name }: { namespace: string; name: string },
  store: WatchStore<KubernetesObject>,
): Reflector {
  const path = collectionPath('v1', namespace, 'secrets')
  return createReflector(deps, {
    ...{ apiVersion: 'v1', kind: 'Secret', metadataOnly: true, path, name, store },
    scope: () => true,
  })
}

type Watched<T extends KubernetesObject> = Omit<ReflectorOptions<T>, 'path' | 'scope'>
