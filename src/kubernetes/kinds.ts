/**
 * The registry of kinds: where the API server keeps each kind, and how the operator watches it. Paths, caches, reflectors,
 * indexes and the stores of the `Cluster` port are all derived from it, so a further kind is one more entry. Pure.
 */
import {
  AGENT_ANNOTATION,
  API_GROUP,
  FLUX_REQUESTED_AT,
  GROUP_VERSION,
  grantSecretName,
  MANAGED_BY_SELECTOR,
} from '../resources/names.ts'
import { agentKey, integrationKey } from '../resources/references.ts'
import { siteHost } from '../resources/sites.ts'
import { writeCalendarKey } from '../resources/write-calendar.ts'
import type { Agent, Booking, CalendarIntegration, CustomKind, CustomObject, ObjectMeta } from '../resources/types.ts'
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
  /** Cluster-scoped objects are watched only by an operator that watches all namespaces, because others may not read them. */
  readonly scope: 'Namespaced' | 'Cluster'
  /** Whether only the metadata is requested and stored. */
  readonly metadataOnly: boolean
  /** Only objects with these labels are watched. */
  readonly labelSelector?: string
  /** By the name of the index: the values under which an object is found. */
  readonly indexes: IndexFunctions<T>
  /** Returns the part of an object that is stored. */
  readonly strip: (object: T) => T
  /** During an outage of the API server, the watch of this kind retries every few seconds, so that the others need not. */
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
      integration: (agent) => [integrationKey(agent)],
      namespace: ({ metadata: { namespace = '' } }) => [namespace],
      writeCalendar: ({ spec }) => [writeCalendarKey(spec) ?? []].flat(),
      secret: (agent) => secretsOf(agent).flatMap((name) => siblingKey(agent, name)),
      configMap: (agent) => {
        const { calendar } = agent.spec.publish
        return siblingKey(agent, calendar?.kind === 'ConfigMap' ? calendar.name : undefined)
      },
    },
  }),
  /** Index `agent`: the key of the Agent that it refers to. */
  bookings: custom<Booking>({
    kind: 'Booking',
    plural: 'bookings',
    indexes: { agent: (booking) => [agentKey(booking)] },
  }),
  /** Index `controller`, as of the two kinds below: `namespace/uid` of the owner. */
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

/** The name of a store of one of the operator's own kinds. */
export type CustomStoreName = { [N in StoreName]: ObjectIn<N> extends CustomObject ? N : never }[StoreName]

/** The names of the stores of the operator's own kinds, in the order in which people get to see them. */
export const CUSTOM_STORE_NAMES = STORE_NAMES.filter(
  (name) => WATCHED[name].apiVersion === GROUP_VERSION,
) as CustomStoreName[]

/** The operator's own kinds, in the same order. */
export const CUSTOM_KINDS = CUSTOM_STORE_NAMES.map((name) => WATCHED[name].kind as CustomKind)

/** The kind of Leases, which are not watched. */
export const LEASES: ResourceKind = { kind: 'Lease', apiVersion: 'coordination.k8s.io/v1', plural: 'leases' }
/** The kind that Events are written as. */
export const EVENTS: ResourceKind = { kind: 'Event', apiVersion: 'events.k8s.io/v1', plural: 'events' }
/** Events in the core group, as older clients use them. They are the same objects. */
export const CORE_EVENTS: ResourceKind = { kind: 'Event', apiVersion: 'v1', plural: 'events' }

/** The store that holds objects of this kind. */
export const storeNameOf = (kind: string): StoreName | undefined =>
  STORE_NAMES.find((name) => WATCHED[name].kind === kind)

/** Removes the fields that only kubectl, the API server and other programs need, which may be most of an object. */
export function stripped<T extends KubernetesObject>(object: T): T {
  return { ...object, metadata: strippedMetadata(object.metadata) }
}

/**
 * A literal with all fields: if one is added after a spread, or deleted, V8 makes a hidden class for each single object, which needs
 * twice as much memory as the object.
 */
const strippedMetadata = (metadata: ObjectMeta): ObjectMeta => ({
  name: metadata.name,
  namespace: metadata.namespace,
  uid: metadata.uid,
  resourceVersion: metadata.resourceVersion,
  generation: metadata.generation,
  creationTimestamp: metadata.creationTimestamp,
  deletionTimestamp: metadata.deletionTimestamp,
  labels: metadata.labels,
  annotations: ourAnnotations(metadata.annotations),
  finalizers: metadata.finalizers,
  ownerReferences: metadata.ownerReferences,
})

function ourAnnotations(annotations: ObjectMeta['annotations'] = {}): ObjectMeta['annotations'] {
  const ours = Object.entries(annotations).filter(([name]) => isOurAnnotation(name))
  return ours.length > 0 ? Object.fromEntries(ours) : undefined
}

const isOurAnnotation = (name: string): boolean => name.startsWith(`${API_GROUP}/`) || name === FLUX_REQUESTED_AT

/**
 * What identifies an object, and whose it is. All data is removed, even from annotations: `kubectl apply` stores a Secret's data in one,
 * and what our other annotations say about the data is read together with it.
 */
function metadataOf<T extends KubernetesObject>({ apiVersion, kind, metadata }: T): T {
  const { name, namespace, uid, resourceVersion, labels, ownerReferences } = metadata
  const agent = metadata.annotations?.[AGENT_ANNOTATION]
  const annotations = agent === undefined ? undefined : { [AGENT_ANNOTATION]: agent }
  return {
    apiVersion,
    kind,
    metadata: { name, namespace, uid, resourceVersion, labels, annotations, ownerReferences },
  } as T
}

/** `namespace/uid` of the object that controls this one: anybody can name the uid of an object in another namespace. */
function controllersOf({ metadata }: KubernetesObject): string[] {
  const controllers = (metadata.ownerReferences ?? []).filter(({ controller }) => controller)
  return controllers.map(({ uid }) => keyIn(metadata.namespace, uid))
}

/** Joined and not concatenated: V8 keeps the parts of a concatenated text besides the text, or in its place, as long as an index has it. */
const keyIn = (namespace: string | undefined, name: string): string => [namespace ?? '', name].join('/')

/** The key of an object of this name in the same namespace. */
const siblingKey = ({ metadata }: KubernetesObject, name: string | undefined): string[] =>
  name === undefined ? [] : [keyIn(metadata.namespace, name)]

function secretsOf(agent: Agent): (string | undefined)[] {
  const { publish, grantSecretRef } = agent.spec
  const published = publish.calendar?.kind === 'Secret' ? publish.calendar.name : undefined
  return [grantSecretName(agent), grantSecretRef?.name, publish.accessToken?.name, published]
}
