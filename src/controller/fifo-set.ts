/** Sets of keys that return them in the order in which they were added. Pure. */

/** A FIFO queue of keys without duplicates. Adding a key again does not move it. */
export class FifoSet {
  readonly #keys = new Set<string>()
  // One iterator for the life of the set. A new iterator for each key would skip over the slots of all keys that were
  // removed before: 100,000 keys would take seconds instead of milliseconds. The iterator never reaches its end, where it
  // would stay for good, because it is advanced only while the set has a key and every key before that one has been removed.
  readonly #cursor = this.#keys.values()

  get size(): number {
    return this.#keys.size
  }

  add(key: string): void {
    this.#keys.add(key)
  }

  delete(key: string): void {
    this.#keys.delete(key)
  }

  /** Removes and returns the oldest key. */
  shift(): string | undefined {
    if (this.#keys.size === 0) return undefined
    const key = this.#cursor.next().value
    if (key !== undefined) this.#keys.delete(key)
    return key
  }
}

/** What the sets have in common. */
interface KeySet {
  readonly size: number
  add(key: string): void
  delete(key: string): void
  shift(may: MayTake): string | undefined
}

/** Whether a key of this group may be taken. The outermost groups have level 0. */
export type MayTake = (group: string, level: number) => boolean

/**
 * A FifoSet in which the groups of keys take turns: a group with many keys does not delay the keys of the others. Within a group, the
 * groups of the next level take turns, if there are any.
 */
export class FairFifoSet {
  readonly #groupsOf: (key: string) => readonly string[]
  readonly #level: number
  /** The keys by group; a group without keys has no entry. */
  readonly #sets = new Map<string, KeySet>()
  readonly #turns = new FifoSet()
  #size = 0

  /**
   * @param groupsOf the groups of a key, the outermost first; all keys have as many. They must be the same from when the key is added
   * until it is taken or deleted.
   */
  constructor(groupsOf: (key: string) => readonly string[], level = 0) {
    this.#groupsOf = groupsOf
    this.#level = level
  }

  get size(): number {
    return this.#size
  }

  add(key: string): void {
    const group = this.#groupOf(key)
    const set = this.#sets.get(group) ?? this.#newSet(key)
    this.#sets.set(group, set)
    const before = set.size
    set.add(key)
    this.#size += set.size - before
    this.#turns.add(group)
  }

  delete(key: string): void {
    const group = this.#groupOf(key)
    const set = this.#sets.get(group)
    if (!set) return
    const before = set.size
    set.delete(key)
    this.#size += set.size - before
    if (set.size > 0) return
    this.#turns.delete(group)
    this.#sets.delete(group)
  }

  /** Removes and returns the oldest key of the next group that has one that may be taken. */
  shift(may: MayTake = () => true): string | undefined {
    for (let left = this.#turns.size; left > 0; left--) {
      const group = this.#turns.shift() ?? ''
      const key = may(group, this.#level) ? this.#takeOf(group, may) : undefined
      if (this.#sets.has(group)) this.#turns.add(group)
      if (key !== undefined) return key
    }
    return undefined
  }

  #takeOf(group: string, may: MayTake): string | undefined {
    const set = this.#sets.get(group)
    const key = set?.shift(may)
    if (key !== undefined) this.#size -= 1
    if (set?.size === 0) this.#sets.delete(group)
    return key
  }

  #groupOf(key: string): string {
    return this.#groupsOf(key)[this.#level] ?? ''
  }

  #newSet(key: string): KeySet {
    const inner = this.#level + 1
    return this.#groupsOf(key).length > inner ? new FairFifoSet(this.#groupsOf, inner) : new FifoSet()
  }
}
