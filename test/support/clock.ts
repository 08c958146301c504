import type { Clock } from '../../src/platform/clock.ts'

interface Timer {
  at: number
  order: number
  fire: () => void
}

/** A clock that stands still until a test moves it. Timers fire in order, each at its own instant. */
export class ManualClock implements Clock {
  /** The real time that has gone by, in ms. */
  #elapsed = 0
  /** The time of day at `#elapsed` 0, as whoever sets it last says. */
  #epoch: number
  #order = 0
  readonly #timers = new Set<Timer>()
  readonly #settle: () => Promise<void>

  /** @param settleAll lets everything go on that needs no time; what the clock waits for before it goes on itself. */
  constructor(start: string | number = '2026-11-23T10:00:00Z', settleAll = settle) {
    this.#epoch = typeof start === 'number' ? start : Date.parse(start)
    this.#settle = settleAll
  }

  now(): number {
    return this.#epoch + this.#elapsed
  }

  monotonic(): number {
    return this.#elapsed
  }

  setTimer(delayMs: number, fire: () => void): () => void {
    const timer = { at: this.#elapsed + Math.max(delayMs, 0), order: this.#order++, fire }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Moves time forward, firing what falls due; between timers, promises that are ready to go on do so. */
  async advance(ms: number): Promise<void> {
    const end = this.#elapsed + ms
    for (let next = this.#due(end); next; next = this.#due(end)) {
      this.#elapsed = Math.max(this.#elapsed, next.at)
      this.#timers.delete(next)
      next.fire()
      await this.#settle()
    }
    this.#elapsed = end
    await this.#settle()
  }

  /** The process stands still for a while: what falls due in between fires once, late. */
  jump(ms: number): void {
    this.#elapsed += ms
  }

  /** Somebody sets the time of day, forward or (where negative) back; no time goes by. */
  setTimeOfDay(byMs: number): void {
    this.#epoch += byMs
  }

  /** The instants of the timers that wait, soonest first. */
  get pending(): number[] {
    return [...this.#timers].map((timer) => this.#epoch + timer.at).sort((a, b) => a - b)
  }

  #due(end: number): Timer | undefined {
    return [...this.#timers].filter((t) => t.at <= end).sort((a, b) => a.at - b.at || a.order - b.order)[0]
  }
}

/** Lets every promise that can go on without input or time do so. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
}
