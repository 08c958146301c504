/**
 * Whether two values have the same content as JSON: fields that are undefined count as missing. It builds nothing, so that it can run
 * after every read. Pure.
 */
export function isSameContent(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (!isObject(a) || !isObject(b)) return false
  if (Array.isArray(a)) return Array.isArray(b) && isSameList(a, b)
  return !Array.isArray(b) && hasFieldsOf(a, b) && hasFieldsOf(b, a)
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

const isSameList = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((item, index) => isSameContent(item, b[index]))

/** Whether each field of `b` is the same in `a`. */
function hasFieldsOf(a: object, b: object): boolean {
  const [fieldsOfA, fieldsOfB] = [a as Record<string, unknown>, b as Record<string, unknown>]
  for (const name in fieldsOfB) {
    if (!Object.hasOwn(fieldsOfB, name)) continue
    if (!isSameContent(Object.hasOwn(fieldsOfA, name) ? fieldsOfA[name] : undefined, fieldsOfB[name])) return false
  }
  return true
}
