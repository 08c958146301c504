/**
 * A budget of requests for every interval of one minute, whenever it begins. A request occupies its place from before it is sent
 * until a minute after its answer: it reached the service at some instant between the two, so no minute of the service's holds more
 * requests than the budget, however long they are under way.
 *
 * Requests have priorities. A waiting request goes before all waiting requests of a lower priority, and routine requests may occupy
 * nine tenths of the budget only. The requests of each priority and those above it are spread over the minute: a tenth of the budget
 * at once, and the rest evenly. Without that, a burst would use up the budget, and nothing could be sent for the rest of its minute.
 */
import { TIMER_TOLERANCE_MS, type Clock } from '../platform/clock.ts'
import { MINUTE_MS } from '../platform/time-units.ts'
import { afterToken, delayUntilToken, drained, type RateLimit } from './rate-limit.ts'
import { RecentCount } from './recent-count.ts'
import { RateLimitExceededError } from './token-bucket.ts'

/** The priorities, highest first. */
const PRIORITIES = ['requested', 'interactive', 'routine'] as const

/**
 * How urgent a request is.
 * - `requested`: somebody asked for it by name and waits.
 * - `interactive`: somebody waits for its result, or something happened that it is about.
 * - `routine`: it repeats by itself.
 */
export type Priority = (typeof PRIORITIES)[number]

/** The place of one request in a budget. One of the methods must be called, once. */
export interface Slot {
  /** The request has ended, or no answer is expected any more. */
  end(): void
  /** The request was not sent: its place is free again. */
  cancel(): void
}

/** The part of a budget that routine requests may occupy. */
export const ROUTINE_SHARE = 0.9
/** Requests that are turned away are told to come back one after the other, but all of them within so long. */
const MAX_SPREAD_MS = 5 * MINUTE_MS

interface Waiter {
  start: (slot: Slot) => void
}

/** The requests of one priority. */
interface Lane {
  readonly waiting: Set<Waiter>
  /** The token bucket that spreads its requests. */
  fullAt: number | undefined
  /** When the request that was turned away last was told to come back. */
  promisedAt: number
}

/** How many requests of this priority, and of higher ones, a budget may hold before the next of this priority. */
export const shareOf = (budget: number, priority: Priority): number =>
  priority === 'routine' ? Math.max(Math.floor(budget * ROUTINE_SHARE), 1) : budget

/** Limits the requests in every minute. */
export class SlidingBudget {
  readonly #clock: Pick<Clock, 'monotonic' | 'setTimer'>
  readonly #limit: () => number
  readonly #ended = new RecentCount(MINUTE_MS)
  readonly #lanes: Readonly<Record<Priority, Lane>> = {
    requested: newLane(),
    interactive: newLane(),
    routine: newLane(),
  }
  #underWay = 0
  #cancelTimer: (() => void) | undefined

  /** @param limit the most requests in a minute; it may change. */
  constructor(clock: Pick<Clock, 'monotonic' | 'setTimer'>, limit: () => number) {
    this.#clock = clock
    this.#limit = limit
  }

  /** Whether it holds nothing: a new budget would behave in the same way. */
  get isIdle(): boolean {
    return this.#occupied() === 0 && PRIORITIES.every((priority) => this.#lanes[priority].waiting.size === 0)
  }

  /**
   * Takes a place, and waits for it if none is free.
   *
   * @throws RateLimitExceededError with the time to come back, if there is none within `maxWaitMs`; at once if that can be foreseen.
   */
  acquire(priority: Priority, maxWaitMs: number): Promise<Slot> {
    const { waiting } = this.#lanes[priority]
    return new Promise((resolve, reject) => {
      const turnAway = (): void => reject(new RateLimitExceededError(this.#promise(priority)))
      if (this.#delay(priority) > Math.max(maxWaitMs, 0)) return turnAway()
      let cancelTimer = (): void => undefined
      const waiter: Waiter = {
        start: (slot) => {
          cancelTimer()
          resolve(slot)
        },
      }
      waiting.add(waiter)
      this.#admit()
      if (!waiting.has(waiter)) return
      cancelTimer = this.#clock.setTimer(maxWaitMs, () => {
        this.#admit()
        if (waiting.delete(waiter)) turnAway()
      })
    })
  }

  /** Counts a request that has ended, although it had no place. */
  record(): void {
    this.#ended.add(this.#clock.monotonic())
  }

  /** The next routine requests follow evenly, without a burst. */
  drain(): void {
    const { routine } = this.#lanes
    routine.fullAt = drained(this.#pace(), routine.fullAt, this.#clock.monotonic())
  }

  #occupied(): number {
    return this.#underWay + this.#ended.count(this.#clock.monotonic())
  }

  #pace(): RateLimit {
    const limit = this.#limit()
    return { burst: Math.max(limit / 10, 1), intervalMs: MINUTE_MS / (ROUTINE_SHARE * limit) }
  }

  /** How long, in ms, a request that comes now has to wait, as far as can be foreseen. 0 means that it can be sent now. */
  #delay(priority: Priority): number {
    const ahead = PRIORITIES.slice(0, PRIORITIES.indexOf(priority) + 1).map((one) => this.#lanes[one].waiting.size)
    const before = ahead.reduce((sum, size) => sum + size, 0)
    const inLane = this.#lanes[priority].waiting.size * this.#pace().intervalMs
    return Math.max(this.#untilFree(priority, before + 1), this.#untilPaced(priority) + inLane)
  }

  /** How long until the budget has so many free places for this priority. */
  #untilFree(priority: Priority, places: number): number {
    const excess = this.#occupied() + places - shareOf(this.#limit(), priority)
    return this.#ended.timeUntilLeft(this.#clock.monotonic(), excess)
  }

  #untilPaced(priority: Priority): number {
    const delay = delayUntilToken(this.#pace(), this.#lanes[priority].fullAt, this.#clock.monotonic())
    return delay > TIMER_TOLERANCE_MS ? delay : 0
  }

  /** When a request that is turned away should come back, in ms: after those that were turned away before it. */
  #promise(priority: Priority): number {
    const lane = this.#lanes[priority]
    const now = this.#clock.monotonic()
    const { intervalMs } = this.#pace()
    const soonest = now + Math.max(this.#delay(priority), intervalMs)
    lane.promisedAt = Math.min(Math.max(soonest, lane.promisedAt + intervalMs), soonest + MAX_SPREAD_MS)
    return lane.promisedAt - now
  }

  /** Gives free places to waiting requests, by priority, and comes back when the next place is free. */
  #admit(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    let next = Infinity
    for (const priority of PRIORITIES) {
      next = Math.min(next, this.#admitLane(priority))
      // A higher priority waits for a place: a lower one does not take it.
      if (this.#lanes[priority].waiting.size > 0 && this.#untilFree(priority, 1) > 0) break
    }
    if (next < Infinity) this.#cancelTimer = this.#clock.setTimer(next, () => this.#admit())
  }

  /** Returns in how many ms the next waiting request of this priority may be sent; Infinity if none waits. */
  #admitLane(priority: Priority): number {
    const { waiting } = this.#lanes[priority]
    for (const waiter of waiting) {
      const delay = Math.max(this.#untilFree(priority, 1), this.#untilPaced(priority))
      if (delay > 0) return delay
      waiting.delete(waiter)
      waiter.start(this.#take(priority))
    }
    return Infinity
  }

  #take(priority: Priority): Slot {
    const pace = this.#pace()
    // A lower priority follows the pace of all requests that go before its own.
    const lanes = PRIORITIES.slice(PRIORITIES.indexOf(priority)).map((one) => this.#lanes[one])
    for (const lane of lanes) lane.fullAt = afterToken(pace, lane.fullAt, this.#clock.monotonic())
    this.#underWay += 1
    return {
      end: () => {
        this.#underWay -= 1
        this.record()
      },
      cancel: () => {
        this.#underWay -= 1
        for (const lane of lanes) lane.fullAt = (lane.fullAt ?? 0) - pace.intervalMs
        this.#admit()
      },
    }
  }
}

const newLane = (): Lane => ({ waiting: new Set(), fullAt: undefined, promisedAt: -Infinity })

/**
 * Takes a place in each of several budgets, one after the other, all within `maxWaitMs`.
 *
 * @param budgets the narrowest first: who waits for a place holds places in narrower budgets only. Each is looked up at its turn.
 * @throws RateLimitExceededError that `budget` has no place in time. No place was taken.
 */
export async function acquireAll(
  clock: Pick<Clock, 'monotonic'>,
  budgets: readonly (() => SlidingBudget)[],
  { priority, maxWaitMs }: { priority: Priority; maxWaitMs: number },
): Promise<Slot[]> {
  const until = clock.monotonic() + maxWaitMs
  const slots: Slot[] = []
  try {
    for (const budget of budgets) slots.push(await budget().acquire(priority, until - clock.monotonic()))
    return slots
  } catch (error) {
    for (const slot of slots) slot.cancel()
    throw error
  }
}
