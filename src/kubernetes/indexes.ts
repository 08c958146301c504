/** Finds objects of a store by values that they contain, such as the agents that use a Secret. */
import type { Key, KubernetesObject } from './objects.ts'

/** The functions that return the values under which an object is found, by the name of the index. */
export type IndexFunctions<T> = Record<string, (object: T) => string[]>

/** The keys under each value. Most values have one key, and a set for each of them would need half of an index's memory. */
type Filed = Map<string, Key | Set<Key>>

const NO_VALUES: readonly string[] = []

/** The indexes of a store: the keys of its objects by the values that an index function returns. */
export class Indexes<T extends KubernetesObject> {
  readonly #functions: IndexFunctions<T>
  readonly #onError: (error: unknown) => void
  readonly #filed = new Map<string, Filed>()

  constructor(functions: IndexFunctions<T>, onError: (error: unknown) => void) {
    this.#functions = functions
    this.#onError = onError
    for (const name of Object.keys(functions)) this.#filed.set(name, new Map())
  }

  /** The keys of the objects under `value`. @throws Error if there is no such index. */
  keys(index: string, value: string): Iterable<Key> {
    const filed = this.#filed.get(index)
    if (!filed) throw new Error(`There is no index ${index}: there are ${[...this.#filed.keys()].join(', ')}.`)
    const keys = filed.get(value) ?? []
    return typeof keys === 'string' ? [keys] : keys
  }

  /** Files an object in place of its version before. Most changes of an object change none of its values. */
  replace(key: Key, before: T | undefined, after: T | undefined): void {
    for (const [name, filed] of this.#filed) {
      const old = before ? this.#values(name, before) : NO_VALUES
      const values = after ? this.#values(name, after) : NO_VALUES
      if (before && isSame(old, values)) continue
      for (const value of old) removeFrom(filed, value, key)
      for (const value of values) addTo(filed, value, key)
    }
  }

  /** An object that an older schema accepted may lack the field of an index; then the index does not contain it. */
  #values(name: string, object: T): readonly string[] {
    try {
      return this.#functions[name]?.(object) ?? NO_VALUES
    } catch (error) {
      this.#onError(error)
      return NO_VALUES
    }
  }
}

function addTo(filed: Filed, value: string, key: Key): void {
  const keys = filed.get(value)
  if (keys === undefined) filed.set(value, key)
  else if (typeof keys !== 'string') keys.add(key)
  else if (keys !== key) filed.set(value, new Set([keys, key]))
}

function removeFrom(filed: Filed, value: string, key: Key): void {
  const keys = filed.get(value)
  if (keys instanceof Set) keys.delete(key)
  if (keys === key || (keys instanceof Set && keys.size === 0)) filed.delete(value)
}

const isSame = (some: readonly string[], others: readonly string[]): boolean =>
  some.length === others.length && some.every((value, index) => value === others[index])
