/** Maps with a limited number of keys. Pure. */

/** Sets a key and makes it the newest. If the map then has more than `max` keys, the oldest is removed. */
export function setBounded<T>(map: Map<string, T>, key: string, value: T, max: number): void {
  map.delete(key)
  map.set(key, value)
  const oldest = map.keys().next()
  if (map.size > max && !oldest.done) map.delete(oldest.value)
}
