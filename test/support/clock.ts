import { randomFill } from 'node:crypto'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import type { Clock } from '../../src/platform/clock.ts'

interface Timer {
  /** When the timer is due, in ms of elapsed time. */
  at: number
  /** When the timer fires: up to a millisecond before it is due. */
  firesAt: number
  order: number
  fire: () => void
}

/** The origin of `monotonic`. It is arbitrary in a real process, and no test may rely on it. */
const ORIGIN_MS = 4_321.0625
/** The rounding error of sums of fractions. */
const ROUNDING_MS = 1e-6
/** The turns of the event loop that a request over TLS takes, to a server in this process and back. */
const EXCHANGE_TURNS = 8

/**
 * A clock that moves only when a test moves it. Timers fire in order, each at its own instant.
 *
 * It imitates Node's clocks in three ways, because code that passed its tests with an ideal clock lost calendars on a real one:
 * - A timer fires up to a millisecond early (libuv counts whole milliseconds from a cached instant). How early depends on the
 *   instant only, so that every run of a test is the same.
 * - `now` has whole milliseconds and `monotonic` has fractions: they never agree to the millisecond.
 * - The time of day can jump forward and back (`setTimeOfDay`), which does not affect timers and `monotonic`.
 */
export class ManualClock implements Clock {
  /** The elapsed time in ms. */
  #elapsed = 0
  /** The time of day at `#elapsed` 0, as it was set last. */
  #epoch: number
  #order = 0
  readonly #timers = new Set<Timer>()
  readonly #settle: () => Promise<void>

  /** @param settleAll runs everything that needs no time. The clock waits for it before it moves on. */
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

  /** Moves time forward and fires the timers that are due. Between timers, pending promises run. */
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

  /** Plays a process that was suspended: each timer that was due meanwhile fires once, late. */
  jump(ms: number): void {
    this.#elapsed += ms
  }

  /** Sets the time of day forward, or back if negative. No time elapses. */
  setTimeOfDay(byMs: number): void {
    this.#epoch += byMs
  }

  /** When the pending timers are due, soonest first, as times of day in whole ms. */
  get pending(): number[] {
    return [...this.#timers].map((timer) => this.#epoch + Math.ceil(timer.at)).sort((a, b) => a - b)
  }

  #due(end: number): Timer | undefined {
    // A timer that is due just after `end` does not fire, even if it would fire early: a test that stops before it means that.
    return [...this.#timers].filter((t) => t.at <= end + ROUNDING_MS).sort(byTime)[0]
  }
}

const byTime = (a: Timer, b: Timer): number => a.firesAt - b.firesAt || a.order - b.order

/** How early a timer fires, in ms: evenly spread over [0, 1), and the same for all timers that are due in one millisecond. */
function earliness(at: number): number {
  let mixed = Math.imul(Math.floor(at) ^ 0x9e3779b9, 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32
}

/** Runs all promises that need neither input nor time. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** As `settle`, and lets servers of this process answer: as many turns of the event loop as a request over TLS takes. */
export async function exchange(): Promise<void> {
  for (let turn = 0; turn < EXCHANGE_TURNS; turn++) await new Promise((resolve) => setImmediate(resolve))
}

const randomFillSoon = promisify(randomFill)

/** Resolves when the thread pool has begun all jobs that wait there: cryptography, files, compression. */
export async function threadPool(): Promise<void> {
  await randomFillSoon(Buffer.alloc(1))
}

/** Expects an instant, give or take the milliseconds by which timers may be early. */
export const about = (instants: number[]): unknown[] => instants.map((at): unknown => expect.closeTo(at, -1))
