/** The shapes of Kubernetes objects, as far as this program reads or writes them. */
import type { ObjectMeta } from '../resources/types.ts'

/** The fields that all objects have. */
export interface KubernetesObject {
  apiVersion: string
  kind: string
  metadata: ObjectMeta
}

/** A Secret. */
export interface Secret extends KubernetesObject {
  kind: 'Secret'
  type?: string
  /** The values are base64, as in the API. */
  data?: Record<string, string>
}

/** A ConfigMap. */
export interface ConfigMap extends KubernetesObject {
  kind: 'ConfigMap'
  data?: Record<string, string>
  binaryData?: Record<string, string>
}

/** `namespace/name`; for a cluster-scoped object, only its name. */
export type Key = string

/** The key of an object. */
export const keyOf = (object: { metadata: { namespace?: string; name: string } }): Key =>
  object.metadata.namespace ? `${object.metadata.namespace}/${object.metadata.name}` : object.metadata.name
