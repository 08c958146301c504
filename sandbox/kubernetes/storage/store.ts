/**
 * The sandbox's etcd: the stored objects, one counter of revisions, and the history that watches read. Objects get their
 * resourceVersion here and are immutable from then on.
 */
import type { KubeObject } from '../model/objects.ts'

/** The types of writes, as watches name them. */
export type WriteType = 'ADDED' | 'MODIFIED' | 'DELETED'

/** One version of one object. `texts` caches its JSON text, by representation. */
export interface Version {
  readonly key: string
  readonly revision: number
  readonly object: KubeObject
  readonly texts: Map<string, string>
}

/** One write: the new version and the one before it. */
export interface Write {
  readonly type: WriteType
  readonly collection: string
  readonly revision: number
  /** For a deletion, the last state of the object with the revision of the deletion. */
  readonly current: Version
  readonly before: Version | undefined
}

/** All stored objects. */
export interface Snapshot {
  revision: number
  collections: Record<string, KubeObject[]>
}

/** How many writes a collection remembers. A watch from before them gets 410. */
const HISTORY = 5_000

/** All objects of one kind, whichever API groups serve them. */
class Collection {
  readonly name: string
  readonly #versions = new Map<string, Version>()
  #keys: string[] | undefined
  #history: Write[] = []
  /** Watches from a revision below this one miss some writes. */
  #floor = 0

  constructor(name: string) {
    this.name = name
  }

  get(key: string): Version | undefined {
    return this.#versions.get(key)
  }

  /** The objects in the order of their keys, as in etcd. */
  list(): readonly Version[] {
    this.#keys ??= [...this.#versions.keys()].sort()
    return this.#keys.flatMap((key) => this.#versions.get(key) ?? [])
  }

  /** The writes after `revision`; undefined if the history does not reach back that far. */
  since(revision: number): readonly Write[] | undefined {
    if (revision < this.#floor) return undefined
    const first = this.#history.findLastIndex((write) => write.revision <= revision) + 1
    return this.#history.slice(first)
  }

  record(write: Write): void {
    if (write.type === 'DELETED') this.#versions.delete(write.current.key)
    else this.#versions.set(write.current.key, write.current)
    if (write.type !== 'MODIFIED') this.#keys = undefined
    // Drops the text of a superseded version: a replay makes it again, and few versions are replayed.
    write.before?.texts.clear()
    this.#history.push(write)
    if (this.#history.length > 2 * HISTORY) this.#forget(this.#history.length - HISTORY)
  }

  load(version: Version): void {
    this.#versions.set(version.key, version)
    this.#keys = undefined
    this.#floor = Math.max(this.#floor, version.revision)
  }

  compact(revision: number): void {
    this.#history = []
    this.#floor = revision
  }

  #forget(count: number): void {
    const [last] = this.#history.splice(0, count).slice(-1)
    if (last) this.#floor = last.revision
  }
}

/** The collections of all kinds, under one counter of revisions. */
export class Store {
  #revision = 1
  readonly #collections = new Map<string, Collection>()
  readonly #listeners = new Set<(write: Write) => void>()

  /** The revision of the last write, which is the resourceVersion of lists. */
  get revision(): number {
    return this.#revision
  }

  collection(name: string): Collection {
    let found = this.#collections.get(name)
    if (!found) this.#collections.set(name, (found = new Collection(name)))
    return found
  }

  /** Calls the listener within each write, in the order of revisions. Returns a function that unsubscribes. */
  subscribe(listener: (write: Write) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  put(collection: string, key: string, object: KubeObject): Version {
    const before = this.collection(collection).get(key)
    return this.#write(before ? 'MODIFIED' : 'ADDED', collection, key, object)
  }

  remove(collection: string, version: Version): Version {
    return this.#write('DELETED', collection, version.key, version.object)
  }

  /** Drops the history, as etcd does every five minutes: a watch from before now has to list again. */
  compact(): void {
    for (const collection of this.#collections.values()) collection.compact(this.#revision)
  }

  snapshot(): Snapshot {
    return {
      revision: this.#revision,
      collections: Object.fromEntries(
        [...this.#collections].map(([name, one]) => [name, one.list().map(({ object }) => object)]),
      ),
    }
  }

  load(snapshot: Snapshot, keyOf: (object: KubeObject) => string): void {
    this.#revision = snapshot.revision
    for (const [name, objects] of Object.entries(snapshot.collections)) {
      for (const object of structuredClone(objects)) {
        const revision = Number(object.metadata.resourceVersion)
        this.collection(name).load({ key: keyOf(object), revision, object, texts: new Map() })
      }
    }
    this.compact()
  }

  #write(type: WriteType, name: string, key: string, object: KubeObject): Version {
    const revision = ++this.#revision
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } }
    const current: Version = { key, revision, object: stored, texts: new Map() }
    const collection = this.collection(name)
    const write: Write = { type, collection: name, revision, current, before: collection.get(key) }
    collection.record(write)
    for (const listener of this.#listeners) listener(write)
    return current
  }
}
