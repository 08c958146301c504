/**
 * The sandbox's etcd: what is stored, under one counter of revisions, and the history that watches are served from.
 * Objects come in as new values, get their resourceVersion here, and are not changed from then on.
 */
import type { KubeObject } from './objects.ts'

export type WriteType = 'ADDED' | 'MODIFIED' | 'DELETED'

/** One version of one object. `texts` holds what was already made of it to be sent, by representation. */
export interface Version {
  readonly key: string
  readonly revision: number
  readonly object: KubeObject
  readonly texts: Map<string, string>
}

export interface Write {
  readonly type: WriteType
  readonly collection: string
  readonly revision: number
  /** Of a deleted object: its last state, with the revision of the deletion. */
  readonly current: Version
  readonly before: Version | undefined
}

export interface Snapshot {
  revision: number
  collections: Record<string, KubeObject[]>
}

/** Writes that a collection remembers; a watch from before them is told that it came too late. */
const HISTORY = 5_000

/** All objects of one kind, whatever API group they are shown in. */
export class Collection {
  readonly name: string
  readonly #versions = new Map<string, Version>()
  #keys: string[] | undefined
  #history: Write[] = []
  /** Watches from a revision below this one have lost something. */
  #floor = 0

  constructor(name: string) {
    this.name = name
  }

  get(key: string): Version | undefined {
    return this.#versions.get(key)
  }

  /** In the order of their keys, as etcd has them. */
  list(): readonly Version[] {
    this.#keys ??= [...this.#versions.keys()].sort()
    return this.#keys.flatMap((key) => this.#versions.get(key) ?? [])
  }

  /** What was written after `revision`; undefined where that is no longer known. */
  since(revision: number): readonly Write[] | undefined {
    if (revision < this.#floor) return undefined
    const first = this.#history.findLastIndex((write) => write.revision <= revision) + 1
    return this.#history.slice(first)
  }

  record(write: Write): void {
    if (write.type === 'DELETED') this.#versions.delete(write.current.key)
    else this.#versions.set(write.current.key, write.current)
    if (write.type !== 'MODIFIED') this.#keys = undefined
    // Replays make a superseded version's text again: most are never asked for it.
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

export class Store {
  #revision = 1
  readonly #collections = new Map<string, Collection>()
  readonly #listeners = new Set<(write: Write) => void>()

  /** The revision of the last write: a list's resourceVersion. */
  get revision(): number {
    return this.#revision
  }

  collection(name: string): Collection {
    let found = this.#collections.get(name)
    if (!found) this.#collections.set(name, (found = new Collection(name)))
    return found
  }

  /** Calls back in the order of the revisions, within the write. The answer ends it. */
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

  /** Forgets the history, as etcd does every five minutes: whoever watches from before now has to list anew. */
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
