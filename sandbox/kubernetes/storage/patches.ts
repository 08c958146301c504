/** JSON merge patch (RFC 7386) and JSON patch (RFC 6902). Both return a new value and leave the old one unchanged. */
import { isRecord } from '../../../src/platform/json.ts'
import { sameJson, type JsonObject } from '../model/objects.ts'
import { badRequest, APIError } from '../model/api-errors.ts'

/** Applies a JSON merge patch. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch
  const result: JsonObject = isRecord(target) ? { ...target } : {}
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(result, name)
    else result[name] = mergePatch(result[name], value)
  }
  return result
}

interface Operation {
  op: string
  path: string
  from?: string
  value?: unknown
}

/** Applies a JSON patch. @throws APIError if an operation cannot be applied. */
export function jsonPatch(target: unknown, operations: unknown): unknown {
  if (!Array.isArray(operations)) throw badRequest('a JSON patch must be a list of operations')
  return operations.reduce((document: unknown, operation: unknown, index) => {
    if (!isOperation(operation)) throw badRequest(`operation ${index} of the JSON patch needs op and path`)
    const apply = Object.hasOwn(OPERATIONS, operation.op) ? OPERATIONS[operation.op] : undefined
    if (!apply) throw refused(`${operation.op} is no operation`)
    return apply(document, operation)
  }, target)
}

const isOperation = (value: unknown): value is Operation & JsonObject =>
  isRecord(value) && typeof value.op === 'string' && typeof value.path === 'string'

const OPERATIONS: Record<string, (document: unknown, operation: Operation) => unknown> = {
  add: (document, { path, value }) => edit(document, steps(path), { put: value }),
  remove: (document, { path }) => (read(document, path), edit(document, steps(path), {})),
  // The API server's library sets a missing field too.
  replace: (document, { path, value }) => edit(document, steps(path), { put: value, over: true }),
  copy: (document, { path, from = '' }) => edit(document, steps(path), { put: read(document, from) }),
  move(document, { path, from = '' }) {
    const value = read(document, from)
    return edit(edit(document, steps(from), {}), steps(path), { put: value })
  },
  test(document, { path, value }) {
    if (sameJson(read(document, path), value)) return document
    throw refused(`testing value ${path} failed`)
  },
}

const refused = (why: string): APIError =>
  new APIError({
    code: 422,
    reason: 'Invalid',
    message: `the server rejected our request due to an error in our request: ${why}`,
  })

function steps(pointer: string): string[] {
  if (pointer === '') return []
  if (!pointer.startsWith('/')) throw badRequest(`the path ${pointer} of a JSON patch must start with /`)
  return pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function read(document: unknown, pointer: string): unknown {
  return steps(pointer).reduce((value: unknown, step) => {
    const found = Array.isArray(value)
      ? (value as unknown[])[indexIn(value, step)]
      : isRecord(value)
        ? value[step]
        : undefined
    if (found === undefined) throw refused(`${pointer} doesn't exist`)
    return found
  }, document)
}

/** Changes the value at a path: `put` inserts it (in a list) or sets it, `over` replaces the existing value; without either it is removed. */
interface Edit {
  put?: unknown
  over?: boolean
}

function edit(document: unknown, [step, ...rest]: string[], change: Edit): unknown {
  if (step === undefined) return change.put
  if (Array.isArray(document)) return editList(document, [step, ...rest], change)
  if (!isRecord(document)) throw refused(`there is nothing at ${step}`)
  const result = { ...document }
  if (rest.length > 0) result[step] = edit(result[step], rest, change)
  else if ('put' in change) result[step] = change.put
  else Reflect.deleteProperty(result, step)
  return result
}

function editList(list: unknown[], [step = '', ...rest]: string[], change: Edit): unknown[] {
  const index = step === '-' ? list.length : indexIn(list, step)
  if (rest.length > 0) return list.with(index, edit(list[index], rest, change))
  return 'put' in change ? list.toSpliced(index, change.over ? 1 : 0, change.put) : list.toSpliced(index, 1)
}

function indexIn(list: unknown[], step: string): number {
  const index = /^(0|[1-9]\d*)$/.test(step) ? Number(step) : NaN
  if (Number.isNaN(index) || index > list.length) throw refused(`${step} is no index of a list of ${list.length}`)
  return index
}
