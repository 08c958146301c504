/**
 * Strategic merge patches, for the kinds of Kubernetes' own that the sandbox holds: lists that are merged by a key (owner
 * references, conditions) or as sets (finalizers), and the `$patch` directives.
 */
import { isRecord } from '../../../src/platform/json.ts'
import { without, type JsonObject } from '../model/objects.ts'
import { badRequest } from '../model/api-errors.ts'

/** The merge key of each list that is merged. An empty key means a set of plain values. Other lists are replaced. */
const MERGE_KEYS: Record<string, string> = { ownerReferences: 'uid', finalizers: '', conditions: 'type' }

/** Applies a strategic merge patch. */
export function strategicPatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) throw badRequest('a strategic merge patch must be an object')
  return mergeObject(isRecord(target) ? target : {}, patch)
}

function mergeObject(target: JsonObject, patch: JsonObject): JsonObject {
  const { $patch: directive, $retainKeys: retain, ...changes } = patch
  if (directive === 'replace') return changes
  if (directive === 'delete') return {}
  const kept = Array.isArray(retain)
    ? without(target, ...Object.keys(target).filter((name) => !retain.includes(name)))
    : target
  return Object.entries(changes).reduce((result, [name, value]) => mergeField(result, name, value), { ...kept })
}

function mergeField(result: JsonObject, name: string, value: unknown): JsonObject {
  if (name.startsWith('$setElementOrder/')) return result
  const list = /^\$deleteFromPrimitiveList\/(.+)$/.exec(name)?.[1]
  if (list !== undefined)
    return { ...result, [list]: listAt(result, list).filter((item) => !listOf(value).includes(item)) }
  if (value === null) return without(result, name)
  return { ...result, [name]: merged(name, result[name], value) }
}

function merged(name: string, old: unknown, value: unknown): unknown {
  const key = Object.hasOwn(MERGE_KEYS, name) ? MERGE_KEYS[name] : undefined
  if (Array.isArray(value) && key !== undefined)
    return key === '' ? union(listOf(old), value) : mergeList(listOf(old), value, key)
  return isRecord(value) ? mergeObject(isRecord(old) ? old : {}, value) : value
}

const union = (old: unknown[], added: unknown[]): unknown[] => [...new Set([...old, ...added])]

function mergeList(old: unknown[], patches: unknown[], key: string): unknown[] {
  const items = patches.filter(isRecord)
  if (items.some((item) => item.$patch === 'replace')) return items.filter((item) => item.$patch !== 'replace')
  return items.reduce<unknown[]>((list, patch) => mergeItem(list, patch, key), old)
}

function mergeItem(list: unknown[], patch: JsonObject, key: string): unknown[] {
  const index = list.findIndex((item) => isRecord(item) && item[key] === patch[key])
  const old = list[index]
  if (patch.$patch === 'delete') return index < 0 ? list : list.toSpliced(index, 1)
  return isRecord(old) ? list.with(index, mergeObject(old, patch)) : [...list, mergeObject({}, patch)]
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : [])
const listAt = (object: JsonObject, name: string): unknown[] => listOf(object[name])
