/**
 * The due times of keys, in one heap with one timer that is set for the earliest. They are instants of the monotonic clock, so
 * setting the time of day does not affect them.
 */
import type { Clock } from '../platform/clock.ts'
import { Heap, type HeapItem } from './heap.ts'

interface Due extends HeapItem {
  key: string
  at: number
  /** Keys that are due at the same instant keep the order in which they were set. */
  order: number
}

const isBefore = (a: Due, b: Due): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)

/** Keys with the times at which they are due. */
export class Schedule {
  readonly #clock: Clock
  readonly #onDue: (key: string) => void
  readonly #dues = new Map<string, Due>()
  readonly #heap = new Heap(isBefore)
  #order = 0
  #timer: { at: number; cancel: () => void } | undefined

  /** @param onDue called with each key when it is due; the key has been removed by then. */
  constructor(clock: Clock, onDue: (key: string) => void) {
    this.#clock = clock
    this.#onDue = onDue
  }

  get size(): number {
    return this.#dues.size
  }

  /** When the key is due, in ms of the monotonic clock. */
  at(key: string): number | undefined {
    return this.#dues.get(key)?.at
  }

  /** Sets or replaces the due time of a key. */
  set(key: string, at: number): void {
    const old = this.#dues.get(key)
    if (old) this.#heap.remove(old)
    const due: Due = { key, at, order: this.#order++, index: -1 }
    this.#dues.set(key, due)
    this.#heap.push(due)
    this.#arm()
  }

  cancel(key: string): void {
    const due = this.#dues.get(key)
    if (!due) return
    this.#drop(due)
    this.#arm()
  }

  /** Removes all keys. */
  clear(): void {
    for (const due of [...this.#dues.values()]) this.#drop(due)
    this.#arm()
  }

  #drop(due: Due): void {
    this.#heap.remove(due)
    this.#dues.delete(due.key)
  }

  #arm(): void {
    const at = this.#heap.peek()?.at
    if (this.#timer?.at === at) return
    this.#timer?.cancel()
    this.#timer = at === undefined ? undefined : this.#timerFor(at)
  }

  #timerFor(at: number): { at: number; cancel: () => void } {
    return { at, cancel: this.#clock.setTimer(at - this.#clock.monotonic(), () => this.#wake(at)) }
  }

  /** A timer may fire a fraction of a millisecond early; the key for which it was set is due anyway. */
  #wake(at: number): void {
    this.#timer = undefined
    const now = Math.max(at, this.#clock.monotonic())
    for (let due = this.#heap.peek(); due && due.at <= now; due = this.#heap.peek()) {
      this.#drop(due)
      this.#onDue(due.key)
    }
    this.#arm()
  }
}
