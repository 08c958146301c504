/**
 * What a watch has seen, in memory, with indexes, and with our own writes put in at once: no reconcile ever sees a state
 * older than what it wrote itself, and the watch's echo of our own write wakes nobody.
 *
 * While a write of ours is under way, events about its key wait: the echo may overtake the answer. What came in between from
 * somebody else is never lost: a write is silent only where it changed exactly what the store held.
 */
import { Indexes, type IndexFunctions } from './indexes.ts'
import { keyOf, type WatchEvent, type Key, type KubernetesObject, type Store } from './port.ts'
import { isNewer } from './versions.ts'

export interface StoreOptions<T> {
  /** Takes off what is not worth remembering. */
  strip(object: T): T
  indexes?: IndexFunctions<T>
  /** Called when a listener or an index fails: the others, and the watch, go on. */
  onError(error: unknown): void
}

/** All that there is in the part of the store that `scope` selects, as of `version`. */
export interface Snapshot<T> {
  objects: Iterable<T>
  scope: (key: Key) => boolean
  version: string
  /** The server's history went back (a restored backup): what it says now holds, whatever the versions. */
  historyReset?: boolean
}

type Event<T> = { put: T; anyVersion?: boolean } | { remove: Key; version?: string }

export class WatchStore<T extends KubernetesObject> implements Store<T> {
  readonly #options: StoreOptions<T>
  readonly #objects = new Map<Key, T>()
  readonly #indexes: Indexes<T>
  readonly #listeners: ((change: WatchEvent<T>) => void)[] = []
  /** Keys that we are writing, with the events that came meanwhile. */
  readonly #writing = new Map<Key, { writers: number; events: Event<T>[] }>()
  /** What we deleted ourselves, at which version, until the watch says so too. */
  readonly #deleted = new Map<Key, string>()

  constructor(options: StoreOptions<T>) {
    this.#options = options
    this.#indexes = new Indexes(options.indexes ?? {}, (error) => options.onError(error))
  }

  get(key: Key): T | undefined {
    return this.#objects.get(key)
  }

  list(): Iterable<T> {
    return this.#objects.values()
  }

  byIndex(index: string, value: string): readonly T[] {
    return this.#indexes.keys(index, value).flatMap((key) => this.#objects.get(key) ?? [])
  }

  subscribe(listener: (change: WatchEvent<T>) => void): void {
    this.#listeners.push(listener)
    for (const object of this.#objects.values()) this.#tell(listener, { after: object })
  }

  /** As the store remembers it. */
  strip(object: T): T {
    return this.#options.strip(object)
  }

  /** An object, stripped, was added or changed. */
  put(object: T): void {
    this.#take(keyOf(object), { put: object })
  }

  /** An object is gone; with `version`, only if the one that is known isn't newer than that. */
  remove(key: Key, version?: string): void {
    this.#take(key, { remove: key, version })
  }

  /** Of objects that are stripped. */
  replace({ objects, scope, version, historyReset }: Snapshot<T>): void {
    const present = new Set<Key>()
    for (const object of objects) {
      const key = keyOf(object)
      present.add(key)
      this.#take(key, { put: object, anyVersion: historyReset })
    }
    const known = [...this.#objects.keys(), ...this.#deleted.keys()]
    for (const key of known.filter((one) => scope(one) && !present.has(one))) {
      this.#take(key, { remove: key, version: historyReset ? undefined : version })
    }
  }

  /** Runs a write of ours that was made for version `base`, and remembers what it answers. */
  async writing<R extends KubernetesObject>(key: Key, base: string | undefined, write: () => Promise<R>): Promise<R> {
    return this.#holding(key, async () => {
      const written = await write()
      this.#putOwn(key, written, base)
      return written
    })
  }

  /**
   * Runs a deletion of ours that was made for version `base`.
   *
   * @param run answers what is left of the object (finalizers), `deleted`, or that it was gone before.
   */
  async deleting(key: Key, base: string | undefined, run: () => Promise<T | 'deleted' | 'gone'>): Promise<void> {
    await this.#holding(key, async () => {
      const left = await run()
      if (typeof left === 'object') this.#putOwn(key, left, base)
      else if (left === 'deleted' && base !== undefined && this.#versionOf(key) === base) {
        this.#forget(key)
        this.#deleted.set(key, base)
      }
    })
  }

  async #holding<R>(key: Key, run: () => Promise<R>): Promise<R> {
    const held = this.#writing.get(key) ?? { writers: 0, events: [] }
    held.writers += 1
    this.#writing.set(key, held)
    try {
      return await run()
    } finally {
      held.writers -= 1
      if (held.writers === 0) {
        this.#writing.delete(key)
        for (const event of held.events) this.#take(key, event)
      }
    }
  }

  #putOwn(key: Key, written: KubernetesObject, base: string | undefined): void {
    this.#put(this.strip(written as T), { silent: this.#versionOf(key) === base })
  }

  #take(key: Key, event: Event<T>): void {
    const held = this.#writing.get(key)
    if (held) held.events.push(event)
    else if ('put' in event) this.#put(event.put, event)
    else this.#remove(event.remove, event.version)
  }

  #put(after: T, { silent = false, anyVersion = false }: { silent?: boolean; anyVersion?: boolean }): void {
    const key = keyOf(after)
    const version = after.metadata.resourceVersion
    const known = this.#versionOf(key) ?? this.#deleted.get(key)
    if (known !== undefined && (anyVersion ? version === known : !isNewer(version, known))) return
    const before = this.#forget(key)
    this.#deleted.delete(key)
    this.#objects.set(key, after)
    this.#indexes.add(key, after)
    if (silent) return
    // Deleted and made again while nobody watched: two changes, not one.
    if (before && before.metadata.uid !== after.metadata.uid) {
      this.#tellAll({ before })
      this.#tellAll({ after })
    } else this.#tellAll({ before, after })
  }

  #remove(key: Key, version: string | undefined): void {
    const deleted = this.#deleted.get(key)
    if (deleted !== undefined && (version === undefined || isNewer(version, deleted))) this.#deleted.delete(key)
    if (version !== undefined && isNewer(this.#versionOf(key), version)) return
    const before = this.#forget(key)
    if (before) this.#tellAll({ before })
  }

  #forget(key: Key): T | undefined {
    const before = this.#objects.get(key)
    if (before) this.#indexes.remove(key, before)
    this.#objects.delete(key)
    return before
  }

  #versionOf(key: Key): string | undefined {
    return this.#objects.get(key)?.metadata.resourceVersion
  }

  #tellAll(change: WatchEvent<T>): void {
    for (const listener of this.#listeners) this.#tell(listener, change)
  }

  #tell(listener: (change: WatchEvent<T>) => void, change: WatchEvent<T>): void {
    try {
      listener(change)
    } catch (error) {
      this.#options.onError(error)
    }
  }
}
