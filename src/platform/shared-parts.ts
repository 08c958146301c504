/**
 * Lets values of the same kind share what is equal in them. Each answer of an API is parsed into objects and strings of its own,
 * although most of what its objects contain is the same in the next one.
 */

/** What takes the place of a field that is missing: it is not the same as one that is undefined. */
const MISSING = Symbol('missing')

/**
 * Replaces each part of `value` that has the same content as the part of `like` in the same place by that part, in `value` itself.
 * None of the values may be changed afterwards.
 *
 * @param orLike where a part that differs from the one of `like` is looked for.
 * @returns `like` or `orLike` if all of it is the same, `value` otherwise.
 */
export function withSharedParts<T>(value: T, like: unknown, orLike: unknown = MISSING): T {
  // Equal strings may be different objects in memory; the former one is kept.
  if (value === like) return like as T
  if (value === orLike) return orLike as T
  if (!isObject(value)) return value
  const first = comparable(value, like)
  const second = comparable(value, orLike)
  return first || second ? sharing(value, first, second) : value
}

type Parts = Record<string, unknown>

function sharing<T extends object>(value: T, like: Parts | undefined, orLike: Parts | undefined): T {
  const parts = value as Parts
  let count = 0
  let sameAsFirst = 0
  let sameAsSecond = 0
  for (const name in parts) {
    count += 1
    const first = partOf(like, name)
    const second = partOf(orLike, name)
    const part = withSharedParts(parts[name], first, second)
    parts[name] = part
    if (part === first) sameAsFirst += 1
    if (part === second) sameAsSecond += 1
  }
  if (isAll(sameAsFirst, count, like)) return like as T
  return isAll(sameAsSecond, count, orLike) ? (orLike as T) : value
}

/** Whether so many equal parts of so many are all of both values. */
const isAll = (same: number, count: number, like: Parts | undefined): boolean =>
  same === count && like !== undefined && Object.keys(like).length === count

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

const comparable = (value: object, like: unknown): Parts | undefined =>
  isObject(like) && Array.isArray(value) === Array.isArray(like) ? (like as Parts) : undefined

/** `__proto__` is a field only where an object has it. */
const partOf = (like: Parts | undefined, name: string): unknown =>
  like && Object.hasOwn(like, name) ? like[name] : MISSING
