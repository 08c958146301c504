/**
 * Lets values of the same kind share what is equal in them. Each answer of an API is parsed into objects and strings of its own,
 * although most of what its objects contain is the same in the next one.
 */

/**
 * Replaces each part of `value` that has the same content as the part of `like` in the same place by that part, in `value` itself.
 * Neither may be changed afterwards.
 *
 * @param kept what `value` shares parts with already: these stay as they are.
 * @returns `like` if all of it is the same, `value` otherwise.
 */
export function withSharedParts<T>(value: T, like: unknown, kept?: unknown): T {
  // Equal strings may be different objects in memory; the former one is kept.
  if (value === like) return like as T
  if (!isObject(value) || !isObject(like) || Array.isArray(value) !== Array.isArray(like)) return value
  return sharePartsOf(value as Parts, like as Parts, kept as Parts | undefined) as T
}

type Parts = Record<string, unknown>

function sharePartsOf(parts: Parts, others: Parts, kept: Parts | undefined): Parts {
  let sameParts = 0
  let count = 0
  for (const name in parts) {
    count += 1
    // A field that is missing is none that is undefined, and `__proto__` is a field only where an object has it.
    if (!Object.hasOwn(others, name)) continue
    const other = others[name]
    const keptPart = kept?.[name]
    if (keptPart !== undefined && keptPart === parts[name]) continue
    const part = withSharedParts(parts[name], other, keptPart)
    parts[name] = part
    if (part === other) sameParts += 1
  }
  return sameParts === count && Object.keys(others).length === count ? others : parts
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
