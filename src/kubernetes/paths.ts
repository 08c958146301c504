/** Where the API server keeps what we use. Pure. */
import type { KubernetesObject } from './port.ts'

/** `/api/v1/namespaces/booking/secrets`; without a namespace, that of all namespaces. */
export function collectionPath(apiVersion: string, namespace: string | undefined, plural: string): string {
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  return `${group}${namespace === undefined ? '' : `/namespaces/${segment(namespace)}`}/${plural}`
}

/** Of one object. @throws Error where the name cannot be one: see `isName`. */
export const objectPath = (object: KubernetesObject): string => `${pathOfKind(object)}/${segment(object.metadata.name)}`

/** Of the collection that an object is in. */
export function pathOfKind({ apiVersion, kind, metadata }: KubernetesObject): string {
  const plural = PLURALS[kind]
  if (plural === undefined) throw new Error(`The kind ${kind} has no path here: add it to PLURALS.`)
  return collectionPath(apiVersion, metadata.namespace, plural)
}

const PLURALS: Record<string, string> = {
  Agent: 'agents',
  CalendarIntegration: 'calendarintegrations',
  ConfigMap: 'configmaps',
  Secret: 'secrets',
}

/** Names come from what users write: an empty one would read the whole collection, and one with a slash something else. */
export const isName = (name: string): boolean =>
  name.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name)

function segment(name: string): string {
  if (!isName(name)) throw new Error(`${JSON.stringify(name)} is no name that a Kubernetes object could have.`)
  return name
}
