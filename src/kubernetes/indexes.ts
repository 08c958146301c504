/** The keys of a store's objects, filed under what the objects say: who uses this Secret? */
import type { Key, KubernetesObject } from './objects.ts'

/** By the name of the index: under which values it files an object. */
export type IndexFunctions<T> = Record<string, (object: T) => string[]>

export class Indexes<T extends KubernetesObject> {
  readonly #functions: IndexFunctions<T>
  readonly #onError: (error: unknown) => void
  readonly #filed = new Map<string, Map<string, Set<Key>>>()

  constructor(functions: IndexFunctions<T>, onError: (error: unknown) => void) {
    this.#functions = functions
    this.#onError = onError
    for (const name of Object.keys(functions)) this.#filed.set(name, new Map())
  }

  keys(index: string, value: string): Key[] {
    const filed = this.#filed.get(index)
    if (!filed) throw new Error(`There is no index ${index}: there are ${[...this.#filed.keys()].join(', ')}.`)
    return [...(filed.get(value) ?? [])]
  }

  add(key: Key, object: T): void {
    for (const [filed, value] of this.#places(object)) {
      const keys = filed.get(value) ?? new Set<Key>()
      filed.set(value, keys.add(key))
    }
  }

  remove(key: Key, object: T): void {
    for (const [filed, value] of this.#places(object)) {
      const keys = filed.get(value)
      keys?.delete(key)
      if (keys?.size === 0) filed.delete(value)
    }
  }

  #places(object: T): [Map<string, Set<Key>>, string][] {
    return [...this.#filed].flatMap(([name, filed]) =>
      this.#values(name, object).map((value): [Map<string, Set<Key>>, string] => [filed, value]),
    )
  }

  /** An object that an older schema let in may lack what an index looks at: it is filed nowhere, and stops nobody. */
  #values(name: string, object: T): string[] {
    try {
      return this.#functions[name]?.(object) ?? []
    } catch (error) {
      this.#onError(error)
      return []
    }
  }
}
