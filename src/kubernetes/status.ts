/**
 * Computes the merge patch (RFC 7386) that turns one status into another: removed fields become null, lists are replaced as a
 * whole, equal fields are left out. The patch is correct only for the version of `before`, so every status write names that
 * version. Pure.
 */
import { isRecord } from '../platform/json.ts'

type Fields = Record<string, unknown>

/** The merge patch that turns the status `before` into `after`. */
export function statusPatch(before: object | undefined, after: object): Fields {
  return differences((before ?? {}) as Fields, after as Fields)
}

function differences(before: Fields, after: Fields): Fields {
  const patch: Fields = {}
  for (const [name, value] of Object.entries(after)) {
    const known = before[name]
    if (isRecord(known) && isRecord(value)) {
      const inner = differences(known, value)
      if (Object.keys(inner).length > 0) patch[name] = inner
    } else if (JSON.stringify(known) !== JSON.stringify(value)) patch[name] = value
  }
  for (const name of Object.keys(before)) if (after[name] === undefined) patch[name] = null
  return patch
}
