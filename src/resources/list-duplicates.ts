/** Checks lists that are sets or maps (`x-kubernetes-list-type`), in which no item may occur twice. Pure. */
import { isRecord } from '../platform/json.ts'
import { problem, type Path, type Problem } from './problems.ts'
import { childSchema } from './structural-schema.ts'
import type { StructuralSchema } from './types.ts'

/** Finds the duplicate items in all such lists of a value. @param at the path of the value. */
export function duplicates(schema: StructuralSchema, value: unknown, at: Path = []): Problem[] {
  if (Array.isArray(value)) {
    const items = schema.items
    const inner = items ? value.flatMap((item: unknown, index) => duplicates(items, item, [...at, index])) : []
    return [...repeated(schema, value, at), ...inner]
  }
  if (!isRecord(value)) return []
  return Object.entries(value).flatMap(([name, child]) => {
    const inner = childSchema(schema, name)
    return inner ? duplicates(inner, child, [...at, name]) : []
  })
}

function repeated(schema: StructuralSchema, list: unknown[], at: Path): Problem[] {
  const identity = identityIn(schema)
  if (!identity) return []
  const seen = new Set<string>()
  return list.flatMap((item, index) => {
    const found = identity(item)
    const text = JSON.stringify(found)
    if (!seen.has(text)) {
      seen.add(text)
      return []
    }
    return [problem('Duplicate', [...at, index], { found, message: '' })]
  })
}

/** Returns the function that identifies an item; undefined if the list may contain duplicates. */
function identityIn(schema: StructuralSchema): ((item: unknown) => unknown) | undefined {
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  if (schema['x-kubernetes-list-type'] === 'set') return (item) => item
  if (schema['x-kubernetes-list-type'] !== 'map') return undefined
  return (item) => (isRecord(item) ? Object.fromEntries(keys.map((key) => [key, item[key]])) : item)
}
