/**
 * Objects as the API has them, and the few things that are done to any JSON value. Stored objects are never changed:
 * every write makes a new one, so that they may be handed around without copies.
 */

export type JsonObject = Record<string, unknown>

export interface OwnerReference {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

export interface Metadata {
  name: string
  generateName?: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  creationTimestamp?: string
  deletionTimestamp?: string
  deletionGracePeriodSeconds?: number
  labels?: Record<string, string>
  annotations?: Record<string, string>
  finalizers?: string[]
  ownerReferences?: OwnerReference[]
}

export interface KubeObject {
  apiVersion: string
  kind: string
  metadata: Metadata
  [field: string]: unknown
}

/** `namespace/name`, or the name alone: where an object lies within its kind. */
export const keyFor = (namespace: string | undefined, name: string): string =>
  namespace ? `${namespace}/${name}` : name

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Equality of JSON values; the order of an object's fields doesn't count, and an undefined field is none. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => sameJson(item, b[index]))
  }
  if (!isObject(a) || !isObject(b)) return false
  return fieldsOf(a) === fieldsOf(b) && Object.keys(a).every((name) => sameJson(a[name], b[name]))
}

function fieldsOf(object: JsonObject): number {
  let count = 0
  for (const name in object) if (object[name] !== undefined) count++
  return count
}

/** A value at a path of names, where there is one. */
export function at(value: unknown, ...path: string[]): unknown {
  let here = value
  for (const name of path) here = isObject(here) ? here[name] : undefined
  return here
}

export const without = (object: JsonObject, ...names: string[]): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)))
