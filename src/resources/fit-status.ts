/**
 * Makes a status acceptable to the API server, whatever foreign values it contains: accounts and scopes from Google, ids and
 * annotations from people, and messages that name any of these. The limits are those of the CRD. Pure.
 */
import { isRecord } from '../platform/json.ts'
import { clean } from '../platform/scrub.ts'
import { crds } from './generated/crds.ts'
import type { Kind } from './reasons.ts'
import { childSchema } from './structural-schema.ts'
import type { StructuralSchema } from './types.ts'

/** Cleans and truncates texts, truncates lists, and leaves out values that the schema rejects. */
export const fitStatus = <T extends object>(kind: Kind, status: T): T => (fit(schemaOf(kind), status) ?? {}) as T

function schemaOf(kind: Kind): StructuralSchema {
  const crd = crds.find(({ spec }) => spec.names.kind === kind)
  const version = crd?.spec.versions.find(({ storage }) => storage)
  return version?.schema.openAPIV3Schema.properties?.status ?? {}
}

/** Returns undefined if the schema does not allow the value. */
function fit(schema: StructuralSchema, value: unknown): unknown {
  if (value === undefined || value === null) return undefined
  if (schema.enum && !schema.enum.includes(value)) return undefined
  return (FITTING[schema.type ?? 'object'] ?? fitObject)(schema, value)
}

const FITTING: Record<string, (schema: StructuralSchema, value: unknown) => unknown> = {
  string: (schema, value) => (typeof value === 'string' ? fitText(schema, value) : undefined),
  integer: (schema, value) => (Number.isInteger(value) ? fitNumber(schema, Number(value)) : undefined),
  number: (schema, value) => (Number.isFinite(value) ? fitNumber(schema, Number(value)) : undefined),
  boolean: (_, value) => (typeof value === 'boolean' ? value : undefined),
  array: (schema, value) => (Array.isArray(value) ? fitList(schema, value) : undefined),
}

/** The API server counts characters, of which there are never more than UTF-16 units. */
function fitText({ maxLength = Infinity, minLength = 0, pattern, format }: StructuralSchema, value: string): unknown {
  const text = clean(value, maxLength)
  if (text.length < minLength) return undefined
  if (pattern !== undefined && !new RegExp(pattern, 'u').test(text)) return undefined
  return format === 'date-time' && !isDateTime(text) ? undefined : text
}

/** RFC 3339, years 0000 to 9999, as Go reads it. */
const isDateTime = (text: string): boolean =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text))

function fitNumber({ minimum = -Infinity, maximum = Infinity, format }: StructuralSchema, value: number): number {
  const most = format === 'int32' ? 2 ** 31 - 1 : Number.MAX_SAFE_INTEGER
  return Math.min(Math.max(value, minimum, -most), maximum, most)
}

function fitList({ items = {}, maxItems = Infinity, ...schema }: StructuralSchema, values: unknown[]): unknown[] {
  const fitted = values.map((value) => fit(items, value)).filter((value) => value !== undefined)
  return distinct(fitted, schema['x-kubernetes-list-map-keys'], schema['x-kubernetes-list-type']).slice(0, maxItems)
}

/** Keeps the first of items that have become equal by truncation. */
function distinct(values: unknown[], keys: string[] | undefined, type: string | undefined): unknown[] {
  if (type !== 'map' && type !== 'set') return values
  const seen = new Set<string>()
  return values.filter((value) => {
    const key = JSON.stringify(keys && isRecord(value) ? keys.map((name) => value[name]) : value)
    return !seen.has(key) && seen.add(key)
  })
}

/** An object that lacks a required field is dropped. */
function fitObject(schema: StructuralSchema, value: unknown): Record<string, unknown> | undefined {
  if (!isRecord(value)) return undefined
  const fitted = Object.entries(value).flatMap(([name, child]) => {
    const inner = childSchema(schema, name)
    const kept = inner && fit(inner, child)
    return kept === undefined ? [] : [[name, kept] as const]
  })
  const result = Object.fromEntries(fitted)
  return (schema.required ?? []).every((name) => Object.hasOwn(result, name)) ? result : undefined
}
