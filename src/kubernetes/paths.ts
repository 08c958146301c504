/** Builds the paths of the API. Pure. */
import { storeNameOf, WATCHED, type ResourceKind } from './kinds.ts'
import type { KubernetesObject } from './objects.ts'

/**
 * The path of all objects of a kind in a namespace, such as `/api/v1/namespaces/booking/secrets`; without a namespace, in all
 * namespaces.
 */
export function collectionPath(
  { apiVersion, plural }: Pick<ResourceKind, 'apiVersion' | 'plural'>,
  namespace: string | undefined,
): string {
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  return `${group}${namespace === undefined ? '' : `/namespaces/${segment(namespace)}`}/${plural}`
}

/** The path of one object. @throws Error if its name is not valid (see `isName`), or its kind is not registered. */
export const objectPath = (object: KubernetesObject): string => `${pathOfKind(object)}/${segment(object.metadata.name)}`

/** The path of the collection that an object belongs to. @throws Error if its kind is not registered. */
export function pathOfKind({ kind, metadata }: KubernetesObject): string {
  const name = storeNameOf(kind)
  if (name === undefined) throw new Error(`The kind ${kind} has no path: add it to the registry in kinds.ts.`)
  return collectionPath(WATCHED[name], metadata.namespace)
}

/**
 * Whether a text can be the name of an object. Users write names: the path for an empty name would be that of the whole collection,
 * and a name with a slash would lead somewhere else.
 */
export const isName = (name: string): boolean =>
  name.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name)

function segment(name: string): string {
  if (!isName(name)) throw new Error(`${JSON.stringify(name)} cannot be the name of a Kubernetes object.`)
  return name
}
