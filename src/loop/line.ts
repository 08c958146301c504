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
