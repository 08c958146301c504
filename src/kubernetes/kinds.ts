/**
 * The registry of kinds: where the API server keeps each kind, and how the operator watches it. Paths, caches, reflectors,
 * indexes and the stores of the `Cluster` port are all derived from it, so a further kind is one more entry. Pure.
 */
import {
  API_GROUP,
  FLUX_REQUESTED_AT,
  GROUP_VERSION,
  grantSecretName,
  MANAGED_BY_SELECTOR,
} from '../resources/names.ts'
import { siteHost } from '../resources/sites.ts'
import type { Agent, CalendarIntegration } from '../resources/types.ts'
import type { IndexFunctions } from './indexes.ts'
import type { KubernetesObject } from './objects.ts'

/** Where the API server keeps the objects of a kind. */
export interface ResourceKind {
  readonly kind: string
  /** Group and version, such as `coordination.k8s.io/v1`. */
  readonly apiVersion: string
  readonly plural: string
}

/** A kind whose objects are watched and kept in memory. */
export interface WatchedKind<T extends KubernetesObject = KubernetesObject> extends ResourceKind {
  /** Objects outside of namespaces are watched only by an operator that watches all namespaces: others may not read them. */
  readonly scope: 'Namespaced' | 'Cluster'
  /** Only the metadata is sent and kept. */
  readonly metadataOnly: boolean
  /** Only objects with these labels are watched. */
  readonly labelSelector?: string
  /** By the name of the index: the values under which an object is found. */
  readonly indexes: IndexFunctions<T>
  /** Returns the part of an object that is kept in memory. */
  readonly strip: (object: T) => T
  /** While the API server is away, this kind's watch keeps trying every few seconds, so that the others need not. */
  readonly probesDuringOutage?: boolean
}

const custom = <T extends KubernetesObject>(
  kind: Pick<WatchedKind<T>, 'kind' | 'plural' | 'indexes' | 'probesDuringOutage'>,
): WatchedKind<T> => ({ ...kind, apiVersion: GROUP_VERSION, scope: 'Namespaced', metadataOnly: false, strip: stripped })

const metadata = (kind: Pick<WatchedKind, 'kind' | 'plural' | 'scope' | 'labelSelector'>): WatchedKind => ({
  ...kind,
  apiVersion: 'v1',
  metadataOnly: true,
  strip: metadataOf,
  indexes: { controller: controllersOf },
})

/** The watched kinds, each under the name of its store. */
export const WATCHED = {
  /** Index `secret`: the key of a Secret that it reads. Index `site`: the host of `siteURI`, without the port. */
  integrations: custom<CalendarIntegration>({
    kind: 'CalendarIntegration',
    plural: 'calendarintegrations',
    indexes: {
      secret: (integration) => siblingKey(integration, integration.spec.google.clientSecretRef.name),
      site: ({ spec }) => [siteHost(spec.google.siteURI) ?? ''],
    },
    probesDuringOutage: true,
  }),
  /** Indexes: `uid`; `integration` and `namespace`; `secret` and `configMap`: the key of an object that it reads or writes. */
  agents: custom<Agent>({
    kind: 'Agent',
    plural: 'agents',
    indexes: {
      uid: ({ metadata: { uid } }) => (uid === undefined ? [] : [uid]),
      integration: ({ metadata: { namespace = '' }, spec: { integrationRef } }) => [
        `${integrationRef.namespace ?? namespace}/${integrationRef.name}`,
      ],
      namespace: ({ metadata: { namespace = '' } }) => [namespace],
      secret: (agent) => secretsOf(agent).flatMap((name) => siblingKey(agent, name)),
      configMap: (agent) => {
        const { calendar } = agent.spec.publish
        return siblingKey(agent, calendar?.kind === 'ConfigMap' ? calendar.name : undefined)
      },
    },
  }),
  /** Index `controller`, as of the two kinds below: the uid of the owner. */
  secrets: metadata({ kind: 'Secret', plural: 'secrets', scope: 'Namespaced' }),
  /** Those with our `app.kubernetes.io/managed-by` label. */
  configMaps: metadata({
    kind: 'ConfigMap',
    plural: 'configmaps',
    scope: 'Namespaced',
    labelSelector: MANAGED_BY_SELECTOR,
  }),
  namespaces: metadata({ kind: 'Namespace', plural: 'namespaces', scope: 'Cluster' }),
}

/** The name of a store of watched objects. */
export type StoreName = keyof typeof WATCHED

/** The type of the objects in a store. */
export type ObjectIn<N extends StoreName> = (typeof WATCHED)[N] extends WatchedKind<infer T> ? T : never

/** The names of all stores. */
export const STORE_NAMES = Object.keys(WATCHED) as StoreName[]

/** Kinds that are read or written, and not watched. */
export const LEASES: ResourceKind = { kind: 'Lease', apiVersion: 'coordination.k8s.io/v1', plural: 'leases' }
/** The kind that Events are written as. */
export const EVENTS: ResourceKind = { kind: 'Event', apiVersion: 'events.k8s.io/v1', plural: 'events' }
/** Events as older clients know them. Both are the same objects. */
export const CORE_EVENTS: ResourceKind = { kind: 'Event', apiVersion: 'v1', plural: 'events' }

/** The store that holds objects of this kind. */
export const storeNameOf = (kind: string): StoreName | undefined =>
  STORE_NAMES.find((name) => WATCHED[name].kind === kind)

/**
 * An object without the fields that only kubectl, the API server and other programs need: most of its bytes, in any number.
 */
export function stripped<T extends KubernetesObject>(object: T): T {
  const metadata = { ...object.metadata }
  Reflect.deleteProperty(metadata, 'managedFields')
  const annotations = Object.entries(metadata.annotations ?? {}).filter(([name]) => isOurAnnotation(name))
  if (annotations.length > 0) metadata.annotations = Object.fromEntries(annotations)
  else delete metadata.annotations
  return { ...object, metadata }
}

const isOurAnnotation = (name: string): boolean => name.startsWith(`${API_GROUP}/`) || name === FLUX_REQUESTED_AT

/** Never any data, whatever is passed in. (`kubectl apply` leaves a Secret's data in an annotation.) */
function metadataOf<T extends KubernetesObject>({ apiVersion, kind, metadata }: T): T {
  return stripped({ apiVersion, kind, metadata } as T)
}

/** The uid of the object that controls this one. */
function controllersOf({ metadata }: KubernetesObject): string[] {
  return (metadata.ownerReferences ?? []).filter(({ controller }) => controller).map(({ uid }) => uid)
}

/** The key of an object of this name in the same namespace. */
const siblingKey = ({ metadata }: KubernetesObject, name: string | undefined): string[] =>
  name === undefined ? [] : [`${metadata.namespace ?? ''}/${name}`]

function secretsOf(agent: Agent): (string | undefined)[] {
  const { publish, grantSecretRef } = agent.spec
  const published = publish.calendar?.kind === 'Secret' ? publish.calendar.name : undefined
  return [grantSecretName(agent), grantSecretRef?.name, publish.accessToken?.name, published]
}
