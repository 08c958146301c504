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

/** A FifoSet in which the groups of keys take turns: a group with many keys does not delay the keys of the others. */
export class FairFifoSet {
  readonly #groupOf: (key: string) => string
  /** The keys by group; a group without keys has no entry. */
  readonly #sets = new Map<string, FifoSet>()
  readonly #turns = new FifoSet()
  #size = 0

  constructor(groupOf: (key: string) => string) {
    this.#groupOf = groupOf
  }

  get size(): number {
    return this.#size
  }

  add(key: string): void {
    const group = this.#groupOf(key)
    const set = this.#sets.get(group) ?? new FifoSet()
    this.#sets.set(group, set)
    this.#counted(set, () => set.add(key))
    this.#turns.add(group)
  }

  delete(key: string): void {
    const group = this.#groupOf(key)
    const set = this.#sets.get(group)
    if (!set) return
    this.#counted(set, () => set.delete(key))
    if (set.size > 0) return
    this.#turns.delete(group)
    this.#sets.delete(group)
  }

  /** Removes and returns the oldest key of the next group. @param may whether a group may be chosen. */
  shift(may: (group: string) => boolean = () => true): string | undefined {
    const group = this.#nextGroup(may)
    const set = group === undefined ? undefined : this.#sets.get(group)
    if (group === undefined || !set) return undefined
    const key = this.#counted(set, () => set.shift())
    if (set.size > 0) this.#turns.add(group)
    else this.#sets.delete(group)
    return key
  }

  #nextGroup(may: (group: string) => boolean): string | undefined {
    for (let left = this.#turns.size; left > 0; left--) {
      const group = this.#turns.shift()
      if (group === undefined || may(group)) return group
      this.#turns.add(group)
    }
    return undefined
  }

  #counted<T>(set: FifoSet, change: () => T): T {
    const before = set.size
    const result = change()
    this.#size += set.size - before
    return result
  }
}
