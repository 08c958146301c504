/**
 * What a watch has seen, in memory, with indexes, and with our own writes put in at once: no reconcile ever sees a state
 * older than what it wrote itself, and the watch's echo of our own write wakes nobody.
 *
 * Versions are compared as numbers. Kubernetes permits that for objects of one resource (KEP-5504: resourceVersions are
 * comparable); where a server gave other versions, every event would count as newer, and only the echo would be heard.
 */
import { keyOf, type Change, type Key, type KubernetesObject, type Store } from './port.ts'

export interface StoreOptions<T> {
  /** Takes off what is not worth remembering. */
  strip(object: T): T
  indexes?: Record<string, (object: T) => string[]>
  /** Called when a listener throws: the others, and the watch, go on. */
  onError(error: unknown): void
}

export class WatchStore<T extends KubernetesObject> implements Store<T> {
  readonly #options: StoreOptions<T>
  readonly #objects = new Map<Key, T>()
  readonly #indexes = new Map<string, Map<string, Set<Key>>>()
  readonly #listeners: ((change: Change<T>) => void)[] = []
  /** Keys that we are writing, with the events that came meanwhile. */
  readonly #writing = new Map<Key, { writers: number; events: (() => void)[] }>()

  constructor(options: StoreOptions<T>) {
    this.#options = options
    for (const name of Object.keys(options.indexes ?? {})) this.#indexes.set(name, new Map())
  }

  get(key: Key): T | undefined {
    return this.#objects.get(key)
  }

  list(): Iterable<T> {
    return this.#objects.values()
  }

  by(index: string, value: string): readonly T[] {
    const keys = this.#indexes.get(index)?.get(value) ?? []
    return [...keys].flatMap((key) => this.#objects.get(key) ?? [])
  }

  subscribe(listener: (change: Change<T>) => void): void {
    this.#listeners.push(listener)
    for (const object of this.#objects.values()) this.#tell(listener, { after: object })
  }

  /** An object was added or changed. */
  put(object: T): void {
    this.#whenNotWriting(keyOf(object), () => this.#put(object, true))
  }

  /** An object is gone; with `version`, only if it isn't newer than that. */
  remove(key: Key, version?: string): void {
    this.#whenNotWriting(key, () => this.#remove(key, version))
  }

  /** These are all that there are, in the part of the store that `scope` selects. */
  replace(objects: Iterable<T>, scope: (key: Key) => boolean, version: string): void {
    const present = new Set<Key>()
    for (const object of objects) {
      present.add(keyOf(object))
      this.put(object)
    }
    for (const key of [...this.#objects.keys()]) if (scope(key) && !present.has(key)) this.remove(key, version)
  }

  /** Runs a write of ours; what it answers is remembered before anybody sees the watch's echo of it. */
  async writing<R extends KubernetesObject | undefined>(key: Key, write: () => Promise<R>): Promise<R> {
    const held = this.#writing.get(key) ?? { writers: 0, events: [] }
    held.writers += 1
    this.#writing.set(key, held)
    try {
      const written = await write()
      if (written) this.#put(written as unknown as T, false)
      return written
    } finally {
      held.writers -= 1
      if (held.writers === 0) {
        this.#writing.delete(key)
        for (const event of held.events) event()
      }
    }
  }

  #whenNotWriting(key: Key, event: () => void): void {
    const held = this.#writing.get(key)
    if (held) held.events.push(event)
    else event()
  }

  #put(raw: T, tell: boolean): void {
    const key = keyOf(raw)
    const before = this.#objects.get(key)
    if (before && !isNewer(raw, before)) return
    const after = this.#options.strip(raw)
    this.#unindex(key, before)
    this.#objects.set(key, after)
    this.#index(key, after)
    if (!tell) return
    // Deleted and made again while nobody watched: two changes, not one.
    if (before && before.metadata.uid !== after.metadata.uid) {
      this.#tellAll({ before })
      this.#tellAll({ after })
    } else this.#tellAll({ before, after })
  }

  #remove(key: Key, version: string | undefined): void {
    const before = this.#objects.get(key)
    if (!before || (version !== undefined && versionOf(before) > Number(version))) return
    this.#unindex(key, before)
    this.#objects.delete(key)
    this.#tellAll({ before })
  }

  #index(key: Key, object: T): void {
    for (const [name, values] of this.#valuesOf(object)) {
      const keys = name.get(values) ?? new Set<Key>()
      name.set(values, keys.add(key))
    }
  }

  #unindex(key: Key, object: T | undefined): void {
    if (!object) return
    for (const [name, value] of this.#valuesOf(object)) {
      const keys = name.get(value)
      keys?.delete(key)
      if (keys?.size === 0) name.delete(value)
    }
  }

  *#valuesOf(object: T): Iterable<[Map<string, Set<Key>>, string]> {
    for (const [name, valuesOf] of Object.entries(this.#options.indexes ?? {})) {
      const index = this.#indexes.get(name)
      if (index) for (const value of valuesOf(object)) yield [index, value]
    }
  }

  #tellAll(change: Change<T>): void {
    for (const listener of this.#listeners) this.#tell(listener, change)
  }

  #tell(listener: (change: Change<T>) => void, change: Change<T>): void {
    try {
      listener(change)
    } catch (error) {
      this.#options.onError(error)
    }
  }
}

const versionOf = (object: KubernetesObject): number => Number(object.metadata.resourceVersion)

/** Another object of the same name is newer whatever its version says; a version that is no number always is. */
function isNewer(object: KubernetesObject, known: KubernetesObject): boolean {
  const [version, before] = [versionOf(object), versionOf(known)]
  return Number.isNaN(version) || Number.isNaN(before) || version > before
}
