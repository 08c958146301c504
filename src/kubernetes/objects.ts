/** The shapes of Kubernetes objects, as far as this program reads or writes them. */
import type { ObjectMeta } from '../resources/types.ts'

/** What all objects have in common. */
export interface KubernetesObject {
  apiVersion: string
  kind: string
  metadata: ObjectMeta
}

/** A Secret. */
export interface Secret extends KubernetesObject {
  kind: 'Secret'
  type?: string
  /** Values are base64, as the API has them. */
  data?: Record<string, string>
}

/** A ConfigMap. */
export interface ConfigMap extends KubernetesObject {
  kind: 'ConfigMap'
  data?: Record<string, string>
  binaryData?: Record<string, string>
}

/** `namespace/name`; of a cluster-scoped object, its name alone. */
export type Key = string

/** The key of an object. */
export const keyOf = (object: { metadata: { namespace?: string; name: string } }): Key =>
  object.metadata.namespace ? `${object.metadata.namespace}/${object.metadata.name}` : object.metadata.name
