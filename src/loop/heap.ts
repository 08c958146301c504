/** A binary heap: the least element first, by a given order. */
export interface Heap<T> {
  readonly size: number
  peek(): T | undefined
  pop(): T | undefined
  push(item: T): void
}

export function createHeap<T>(before: (a: T, b: T) => boolean): Heap<T> {
  const items: T[] = []
  const at = (index: number): T => items[index] as T
  const swap = (a: number, b: number): void => {
    const item = at(a)
    items[a] = at(b)
    items[b] = item
  }
  const leastOf = (index: number): number => {
    const [left, right] = [2 * index + 1, 2 * index + 2]
    let least = index
    if (left < items.length && before(at(left), at(least))) least = left
    if (right < items.length && before(at(right), at(least))) least = right
    return least
  }
  const sink = (index: number): void => {
    const least = leastOf(index)
    if (least === index) return
    swap(index, least)
    sink(least)
  }
  return {
    get size() {
      return items.length
    },
    peek: () => items[0],
    push(item) {
      items.push(item)
      let index = items.length - 1
      for (let parent = (index - 1) >> 1; index > 0 && before(at(index), at(parent)); parent = (index - 1) >> 1) {
        swap(index, parent)
        index = parent
      }
    },
    pop() {
      const top = items[0]
      const last = items.pop()
      if (items.length > 0 && last !== undefined) {
        items[0] = last
        sink(0)
      }
      return top
    },
  }
}
