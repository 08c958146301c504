import { expect } from 'vitest'
import type { Clock } from '../../src/platform/clock.ts'

interface Timer {
  /** When it is due, in ms of elapsed time. */
  at: number
  /** When it fires: up to a millisecond before that. */
  firesAt: number
  order: number
  fire: () => void
}

/** The origin of `monotonic` is arbitrary in a real process, and no test may rely on one. */
const ORIGIN_MS = 4_321.0625
/** What sums of fractions may be off by. */
const ROUNDING_MS = 1e-6

/**
 * A clock that stands still until a test moves it. Timers fire in order, each at its own instant.
 *
 * In three things it behaves as Node's clocks do, because code that was tested with an ideal clock lost calendars on a real
 * one:
 * - A timer fires up to a millisecond before its time (libuv counts whole milliseconds from a cached instant). How early is
 *   derived from the instant, so each run of a test is the same.
 * - `now` is whole milliseconds, and `monotonic` has fractions: the two never agree to the millisecond.
 * - The time of day leaps forward and back (`setTimeOfDay`), and neither timers nor `monotonic` take notice.
 */
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
    return this.#epoch + Math.floor(this.#elapsed)
  }

  monotonic(): number {
    return ORIGIN_MS + this.#elapsed
  }

  setTimer(delayMs: number, fire: () => void): () => void {
    const at = this.#elapsed + Math.max(delayMs, 0)
    const firesAt = Math.max(at - earliness(at), this.#elapsed)
    const timer = { at, firesAt, order: this.#order++, fire }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Moves time forward, firing what falls due; between timers, promises that are ready to go on do so. */
  async advance(ms: number): Promise<void> {
    const end = this.#elapsed + ms
    for (let next = this.#due(end); next; next = this.#due(end)) {
      this.#elapsed = Math.max(this.#elapsed, next.firesAt)
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

  /** The instants by which the timers that wait are due, soonest first, as times of day in whole ms. */
  get pending(): number[] {
    return [...this.#timers].map((timer) => this.#epoch + Math.ceil(timer.at)).sort((a, b) => a - b)
  }

  #due(end: number): Timer | undefined {
    // A timer that is due just after `end` waits, even if it would fire early enough: a test that stops short of it means so.
    return [...this.#timers].filter((t) => t.at <= end + ROUNDING_MS).sort(byTime)[0]
  }
}

const byTime = (a: Timer, b: Timer): number => a.firesAt - b.firesAt || a.order - b.order

/** How much too early a timer fires, in ms: evenly spread over [0, 1), and the same for all that are due in one millisecond. */
function earliness(at: number): number {
  let mixed = Math.imul(Math.floor(at) ^ 0x9e3779b9, 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32
}

/** Lets every promise that can go on without input or time do so. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** Instants as they are seen where each comes of a timer or of several, each of which may be a millisecond early. */
export const about = (instants: number[]): unknown[] => instants.map((at): unknown => expect.closeTo(at, -1))
