/** Something that a heap can hold: it carries its own place in it, which is the heap's to write. */
export interface HeapItem {
  /** -1 while it is in no heap. */
  index: number
}

/** A binary heap, the least item first by a given order, out of which any item can be taken. */
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

  /** Nothing happens where the item isn't in this heap. */
  remove(item: T): void {
    const { index } = item
    if (this.#items[index] !== item) return
    const last = this.#items.pop() as T
    item.index = -1
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

  /** The lesser one of the two below. */
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
