/**
 * A merge patch (RFC 7386) that turns one status into another. Pure: fields that are gone are said to be null, lists go
 * whole, and what is the same is left out. It is right for the version that `before` was read at only, which is why every
 * status write names one.
 */
import { isRecord } from '../platform/json.ts'

type Fields = Record<string, unknown>

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
