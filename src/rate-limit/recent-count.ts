/**
 * Counts the events of the last window. The count is never too low: an event is counted for at least the whole window, and for at
 * most two grains longer. So the memory is limited to one entry per grain, however many events there are.
 */
import { TIMER_TOLERANCE_MS } from '../platform/clock.ts'

/** The number of grains in a window. */
const GRAINS = 600
/** One grain for rounding, and one as a tolerance for differing clocks, early timers and both ends of the window. */
const EXTRA_GRAINS = 2
/** As many as an ordinary account has. */
const FEW_ENTRIES = 6

interface Entry {
  /** Until when the events are counted, by the monotonic clock. */
  until: number
  events: number
}

/** Counts events. Instants (`now`) are those of the monotonic clock and never decrease. */
export class RecentCount {
  readonly #windowMs: number
  readonly #grainMs: number
  /** Oldest first; those before `#first` have left the window. */
  #entries: Entry[] = []
  #first = 0
  #total = 0

  constructor(windowMs: number) {
    this.#windowMs = windowMs
    this.#grainMs = windowMs / GRAINS
  }

  /** How many entries it stores. */
  get size(): number {
    return this.#entries.length
  }

  /** Counts an event. */
  add(now: number): void {
    const until = (Math.floor(now / this.#grainMs) + EXTRA_GRAINS) * this.#grainMs + this.#windowMs
    const last = this.#entries.at(-1)
    if (last?.until === until) last.events += 1
    else this.#append({ until, events: 1 })
    this.#total += 1
  }

  /** How many events there are in the window that ends now. */
  count(now: number): number {
    this.#forgetBefore(now)
    return this.#total
  }

  /** How long, in ms, until this many events have left the window; the whole window if there are fewer. */
  timeUntilLeft(now: number, events: number): number {
    if (events <= 0) return 0
    this.#forgetBefore(now)
    let left = events
    for (let index = this.#first; index < this.#entries.length; index++) {
      const entry = this.#entries[index]
      left -= entry?.events ?? 0
      if (entry && left <= 0) return entry.until - now
    }
    return this.#windowMs
  }

  /** A list that grows by itself has room for 17 at once. An account has few entries, and there is a count for each account. */
  #append(entry: Entry): void {
    if (this.#entries.length < FEW_ENTRIES) this.#entries = this.#entries.concat(entry)
    else this.#entries.push(entry)
  }

  #forgetBefore(now: number): void {
    for (let entry = this.#entries[this.#first]; entry; entry = this.#entries[this.#first]) {
      if (entry.until > now + TIMER_TOLERANCE_MS) break
      this.#total -= entry.events
      this.#first += 1
    }
    if (this.#first < GRAINS && this.#first < this.#entries.length) return
    this.#entries.splice(0, this.#first)
    this.#first = 0
  }
}
