/**
 * The objects that a watch has reported, in memory and indexed. Our own writes are stored as soon as they succeed, so a
 * reconcile never sees a state older than its own last write, and the watch event of our own write is not reported.
 *
 * During a write, watch events for its key are held back, because the event may arrive before the response. A change by
 * somebody else in between is not lost: a write is silent only if it changed exactly the version that the store had.
 */
import { Indexes, type IndexFunctions } from './indexes.ts'
import { keyOf, type WatchEvent, type Key, type KubernetesObject, type Store } from './port.ts'
import { withSharedParts } from '../platform/shared-parts.ts'
import { isNewer } from './versions.ts'

/** The options of a watch store. */
interface StoreOptions<T> {
  /** Returns the part of an object that is stored. */
  strip(object: T): T
  indexes?: IndexFunctions<T>
  /** Called when a listener or an index throws: the other listeners and the watch go on. */
  onError(error: unknown): void
}

/** All objects, as of `version`, in the part of the store that `scope` selects. */
export interface Snapshot<T> {
  objects: Iterable<T>
  scope: (key: Key) => boolean
  version: string
  /** The server went back to an older version (a restored backup): its objects replace newer ones, too. */
  historyReset?: boolean
}

type Event<T> = { put: T; anyVersion?: boolean } | { remove: Key; version?: string }

/** The cached objects of one kind, with the watch events that they cause. */
export class WatchStore<T extends KubernetesObject> implements Store<T> {
  readonly #options: StoreOptions<T>
  readonly #objects = new Map<Key, T>()
  readonly #indexes: Indexes<T>
  readonly #listeners: ((event: WatchEvent<T>) => void)[] = []
  /** The keys that are being written, with the events that arrived meanwhile. */
  readonly #writing = new Map<Key, { writers: number; events: Event<T>[] }>()
  /** The keys that we deleted, with their version, until the watch reports the deletion. */
  readonly #deleted = new Map<Key, string>()
  /** The object that was stored last: much of the next one is the same. */
  #latest: T | undefined

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
    const objects: T[] = []
    for (const key of this.#indexes.keys(index, value)) {
      const object = this.#objects.get(key)
      if (object) objects.push(object)
    }
    return objects
  }

  subscribe(listener: (event: WatchEvent<T>) => void): void {
    this.#listeners.push(listener)
    for (const object of this.#objects.values()) this.#notify(listener, { after: object })
  }

  /** Returns the part of an object that the store keeps. */
  strip(object: T): T {
    return this.#options.strip(object)
  }

  /** Stores a stripped object that was added or changed. */
  put(object: T): void {
    this.#apply(keyOf(object), { put: object })
  }

  /** Removes an object; with `version`, only if the stored object is not newer. */
  remove(key: Key, version?: string): void {
    this.#apply(key, { remove: key, version })
  }

  /** Replaces a part of the store with the result of a list, whose objects are stripped. */
  replace({ objects, scope, version, historyReset }: Snapshot<T>): void {
    const present = new Set<Key>()
    for (const object of objects) {
      const key = keyOf(object)
      present.add(key)
      this.#apply(key, { put: object, anyVersion: historyReset })
    }
    const known = [...this.#objects.keys(), ...this.#deleted.keys()]
    for (const key of known.filter((one) => scope(one) && !present.has(one))) {
      this.#apply(key, { remove: key, version: historyReset ? undefined : version })
    }
  }

  /** Runs a write that was decided on version `base`, and stores the object that it returns. */
  async writing<R extends KubernetesObject>(key: Key, base: string | undefined, write: () => Promise<R>): Promise<R> {
    return this.#whileHolding(key, async () => {
      const written = await write()
      this.#putOwn(key, written, base)
      return written
    })
  }

  /**
   * Runs a deletion that was decided on version `base`.
   *
   * @param run returns the object if finalizers keep it, `deleted`, or `gone` if it did not exist any more.
   */
  async deleting(key: Key, base: string | undefined, run: () => Promise<T | 'deleted' | 'gone'>): Promise<void> {
    await this.#whileHolding(key, async () => {
      const result = await run()
      if (typeof result === 'object') this.#putOwn(key, result, base)
      else if (result === 'deleted' && base !== undefined && this.#versionOf(key) === base) {
        this.#forget(key)
        this.#deleted.set(key, base)
      }
    })
  }

  async #whileHolding<R>(key: Key, run: () => Promise<R>): Promise<R> {
    const held = this.#writing.get(key) ?? { writers: 0, events: [] }
    held.writers += 1
    this.#writing.set(key, held)
    try {
      return await run()
    } finally {
      held.writers -= 1
      if (held.writers === 0) {
        this.#writing.delete(key)
        for (const event of held.events) this.#apply(key, event)
      }
    }
  }

  #putOwn(key: Key, written: KubernetesObject, base: string | undefined): void {
    this.#put(this.strip(written as T), { silent: this.#versionOf(key) === base })
  }

  #apply(key: Key, event: Event<T>): void {
    const held = this.#writing.get(key)
    if (held) held.events.push(event)
    else if ('put' in event) this.#put(event.put, event)
    else this.#remove(event.remove, event.version)
  }

  #put(object: T, { silent = false, anyVersion = false }: { silent?: boolean; anyVersion?: boolean }): void {
    const key = keyOf(object)
    const version = object.metadata.resourceVersion
    const known = this.#versionOf(key) ?? this.#deleted.get(key)
    if (known !== undefined && (anyVersion ? version === known : !isNewer(version, known))) return
    const before = this.#objects.get(key)
    this.#deleted.delete(key)
    const after = this.#keep(key, object, before)
    if (silent) return
    // The object was deleted and created again between two watches: two events, not one.
    if (before && before.metadata.uid !== after.metadata.uid) {
      this.#notifyAll({ before })
      this.#notifyAll({ after })
    } else this.#notifyAll({ before, after })
  }

  /** Stores an object that shares parts with the version before it and, where these differ, with the object that was stored last. */
  #keep(key: Key, object: T, before: T | undefined): T {
    const shared = withSharedParts(object, before ?? this.#latest)
    const after = before ? withSharedParts(shared, this.#latest, before) : shared
    this.#latest = after
    this.#objects.set(key, after)
    this.#indexes.replace(key, before, after)
    return after
  }

  #remove(key: Key, version: string | undefined): void {
    const deleted = this.#deleted.get(key)
    if (deleted !== undefined && (version === undefined || isNewer(version, deleted))) this.#deleted.delete(key)
    if (version !== undefined && isNewer(this.#versionOf(key), version)) return
    const before = this.#forget(key)
    if (before) this.#notifyAll({ before })
  }

  #forget(key: Key): T | undefined {
    const before = this.#objects.get(key)
    if (before) this.#indexes.replace(key, before, undefined)
    this.#objects.delete(key)
    return before
  }

  #versionOf(key: Key): string | undefined {
    return this.#objects.get(key)?.metadata.resourceVersion
  }

  #notifyAll(event: WatchEvent<T>): void {
    for (const listener of this.#listeners) this.#notify(listener, event)
  }

  #notify(listener: (event: WatchEvent<T>) => void, event: WatchEvent<T>): void {
    try {
      listener(event)
    } catch (error) {
      this.#options.onError(error)
    }
  }
}
