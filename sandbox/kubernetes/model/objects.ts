/**
 * API objects, and helpers for JSON values. Stored objects are immutable: every write makes a new one, so that they are
 * passed around without copies.
 */
import { isRecord } from '../../../src/platform/json.ts'

/** A JSON object. */
export type JsonObject = Record<string, unknown>

/** A reference to the owner of an object. */
export interface OwnerReference {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

/** The metadata of an object. */
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

/** An API object. */
export interface KubeObject {
  apiVersion: string
  kind: string
  metadata: Metadata
  [field: string]: unknown
}

/** The key of an object within its kind: `namespace/name`, or the name alone. */
export const keyFor = (namespace: string | undefined, name: string): string =>
  namespace ? `${namespace}/${name}` : name

/** Compares JSON values. The order of fields does not matter, and an undefined field counts as missing. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => sameJson(item, b[index]))
  }
  if (!isRecord(a) || !isRecord(b)) return false
  return fieldsOf(a) === fieldsOf(b) && Object.keys(a).every((name) => sameJson(a[name], b[name]))
}

function fieldsOf(object: JsonObject): number {
  let count = 0
  for (const name in object) if (object[name] !== undefined) count++
  return count
}

/** Returns the value at a path of names, or undefined. */
export function at(value: unknown, ...path: string[]): unknown {
  let here = value
  for (const name of path) here = isRecord(here) ? here[name] : undefined
  return here
}

/** Returns a copy without some fields. */
export const without = (object: JsonObject, ...names: string[]): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)))
