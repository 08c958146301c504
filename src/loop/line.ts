/** Keys that stand in line: first come, first served, and each stands there once. */
export class Line {
  readonly #keys = new Set<string>()
  // One iterator for as long as the line lives. A new one for each key would walk over the places of all that were taken
  // before: a line of 100,000 would take seconds instead of milliseconds. It never comes to its end, where it would stay,
  // since it is asked only while somebody stands in line, and everybody in front of it has left.
  readonly #cursor = this.#keys.values()

  get size(): number {
    return this.#keys.size
  }

  join(key: string): void {
    this.#keys.add(key)
  }

  leave(key: string): void {
    this.#keys.delete(key)
  }

  /** The key that came first, which is then no longer in line. */
  next(): string | undefined {
    if (this.#keys.size === 0) return undefined
    const key = this.#cursor.next().value
    if (key !== undefined) this.#keys.delete(key)
    return key
  }
}

/**
 * Keys in line whose groups take turns: within a group who came first is served first, and however many stand there for one
 * group, the next of another one comes next.
 */
export class FairLine {
  readonly #groupOf: (key: string) => string
  /** Of the groups that have somebody in line. */
  readonly #lines = new Map<string, Line>()
  readonly #turns = new Line()
  #size = 0

  constructor(groupOf: (key: string) => string) {
    this.#groupOf = groupOf
  }

  get size(): number {
    return this.#size
  }

  join(key: string): void {
    const group = this.#groupOf(key)
    const line = this.#lines.get(group) ?? new Line()
    this.#lines.set(group, line)
    this.#counted(line, () => line.join(key))
    this.#turns.join(group)
  }

  leave(key: string): void {
    const group = this.#groupOf(key)
    const line = this.#lines.get(group)
    if (!line) return
    this.#counted(line, () => line.leave(key))
    if (line.size > 0) return
    this.#turns.leave(group)
    this.#lines.delete(group)
  }

  /** The first key of the group whose turn it is, which is then no longer in line. @param may whether a group may have a turn. */
  next(may: (group: string) => boolean = () => true): string | undefined {
    const group = this.#nextGroup(may)
    const line = group === undefined ? undefined : this.#lines.get(group)
    if (group === undefined || !line) return undefined
    const key = this.#counted(line, () => line.next())
    if (line.size > 0) this.#turns.join(group)
    else this.#lines.delete(group)
    return key
  }

  #nextGroup(may: (group: string) => boolean): string | undefined {
    for (let left = this.#turns.size; left > 0; left--) {
      const group = this.#turns.next()
      if (group === undefined || may(group)) return group
      this.#turns.join(group)
    }
    return undefined
  }

  #counted<T>(line: Line, change: () => T): T {
    const before = line.size
    const answer = change()
    this.#size += line.size - before
    return answer
  }
}
