/**
 * What the API server does with an object before validation: it drops fields that are not in the schema, and applies defaults. The
 * functions return new objects. Pure.
 */
import { isRecord } from '../platform/json.ts'
import { problem, type Path, type Problem } from './problems.ts'
import { belongsElsewhere, nearest } from './suggestions.ts'
import type { StructuralSchema } from './types.ts'

/** The fields of every object, which the schema of a CRD does not describe. */
const COMMON_FIELDS = ['apiVersion', 'kind', 'metadata']

/** Drops the fields that are not in the schema. */
export function prune(schema: StructuralSchema, object: unknown): unknown {
  return pruneValue(schema, object, [])
}

/** Finds the fields that `prune` would drop, with suggestions. */
export function unknownFields(schema: StructuralSchema, object: unknown): Problem[] {
  const dropped: Problem[] = []
  pruneValue(schema, object, [], (at, siblings) => {
    const name = String(at.at(-1))
    const hint = didYouMean(name, siblings) ?? belongsElsewhere(schema, name)
    dropped.push(problem('Unknown', at, { message: hint ? `unknown field: ${hint}` : 'unknown field: leave it out' }))
  })
  return dropped
}

function didYouMean(name: string, siblings: string[]): string | undefined {
  const meant = nearest(name, siblings)
  return meant === undefined ? undefined : `did you mean ${meant}?`
}

type OnDropped = (at: Path, siblings: string[]) => void

function pruneValue(schema: StructuralSchema, value: unknown, at: Path, onDropped?: OnDropped): unknown {
  if (Array.isArray(value)) {
    const items = schema.items
    return items ? value.map((item: unknown, index) => pruneValue(items, item, [...at, index], onDropped)) : value
  }
  if (!isRecord(value)) return value
  const kept = Object.entries(value).flatMap(([name, child]): [string, unknown][] => {
    if (at.length === 0 && COMMON_FIELDS.includes(name)) return [[name, child]]
    const inner = childSchema(schema, name)
    if (inner) return [[name, pruneValue(inner, child, [...at, name], onDropped)]]
    onDropped?.([...at, name], Object.keys(schema.properties ?? {}))
    return []
  })
  return Object.fromEntries(kept)
}

/** The schema of one field of an object. */
export function childSchema(schema: StructuralSchema, name: string): StructuralSchema | undefined {
  const { properties = {}, additionalProperties } = schema
  return Object.hasOwn(properties, name) ? properties[name] : additionalProperties
}

/** Applies the defaults, within defaults too. A null that is not allowed counts as missing. */
export function withDefaults(schema: StructuralSchema, value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = schema.items
    return items ? value.map((item: unknown) => withDefaults(items, item)) : value
  }
  if (!isRecord(value)) return value
  const result = Object.fromEntries(
    Object.entries(value).map(([name, child]) => {
      const inner = childSchema(schema, name)
      return [name, inner ? withDefaults(inner, orDefault(inner, child)) : child]
    }),
  )
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    if (!Object.hasOwn(result, name) && inner.default !== undefined) {
      result[name] = withDefaults(inner, inner.default)
    }
  }
  return result
}

function orDefault(schema: StructuralSchema, value: unknown): unknown {
  const missing = value === null && !schema.nullable && schema.default !== undefined
  return missing ? schema.default : value
}
