/** A heap from which any item can be removed. Pure. */

/** An item of a heap. It stores its own position, which only the heap writes; in no heap, the position has no meaning. */
export interface HeapItem {
  index: number
}

/** A binary heap, smallest item first, from which any item can be removed. */
export class Heap<T extends HeapItem> {
  readonly #before: (a: T, b: T) => boolean
  readonly #items: T[] = []

  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before
  }

  get size(): number {
    return this.#items.length
  }

  peek(): T | undefined {
    return this.#items[0]
  }

  push(item: T): void {
    this.#put(item, this.#items.length)
    this.#rise(item)
  }

  /** Does nothing if the item is not in this heap. */
  remove(item: T): void {
    const { index } = item
    if (this.#items[index] !== item) return
    const last = this.#items.pop() as T
    if (last === item) return
    this.#put(last, index)
    this.#rise(last)
    this.#sink(last)
  }

  #rise(item: T): void {
    for (let above = this.#above(item); above && this.#before(item, above); above = this.#above(item)) {
      this.#swap(above, item)
    }
  }

  #sink(item: T): void {
    for (let below = this.#below(item); below && this.#before(below, item); below = this.#below(item)) {
      this.#swap(item, below)
    }
  }

  #above({ index }: T): T | undefined {
    return index === 0 ? undefined : this.#items[(index - 1) >> 1]
  }

  /** The smaller of the two children. */
  #below({ index }: T): T | undefined {
    const [left, right] = [this.#items[2 * index + 1], this.#items[2 * index + 2]]
    return left && right && this.#before(right, left) ? right : left
  }

  #swap(upper: T, lower: T): void {
    const { index } = upper
    this.#put(upper, lower.index)
    this.#put(lower, index)
  }

  #put(item: T, index: number): void {
    this.#items[index] = item
    item.index = index
  }
}
