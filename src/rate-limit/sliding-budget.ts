/**
 * A budget of requests for every interval of one minute, whenever it begins. A request occupies a slot from before it is sent until a
 * minute after its answer. It reached the service at some instant between the two, so in no minute does the service receive more
 * requests than the budget, however long they take.
 *
 * Requests have priorities. A waiting request goes before all waiting requests of a lower priority, and routine requests may occupy
 * only nine tenths of the budget. The requests of each priority, together with those of higher priorities, are spread over the
 * minute: a tenth of the budget at once, and the rest evenly. Otherwise, a burst would use up the budget, and no request could be
 * sent for the rest of its minute.
 */
import { TIMER_TOLERANCE_MS, type Clock } from '../platform/clock.ts'
import type { MaybePromise } from '../platform/maybe-promise.ts'
import { MINUTE_MS } from '../platform/time-units.ts'
import { afterToken, delayUntilToken, drained, type RateLimit } from './rate-limit.ts'
import { RecentCount } from './recent-count.ts'
import { RateLimitExceededError } from './token-bucket.ts'

/** The priorities, highest first. */
const PRIORITIES = ['requested', 'interactive', 'routine'] as const

/**
 * How urgent a request is.
 * - `requested`: somebody requested it explicitly and is waiting.
 * - `interactive`: somebody is waiting for its result, or it follows a change.
 * - `routine`: it is repeated regularly.
 */
export type Priority = (typeof PRIORITIES)[number]

/** A slot that one request occupies in a budget. Exactly one of the methods must be called, once. */
export interface Slot {
  /** The request has ended, or no answer is expected any longer. */
  end(): void
  /** The request was not sent, so the slot is free again. */
  cancel(): void
}

/** Each priority, with all lower ones. */
const PRIORITIES_FROM: Readonly<Record<Priority, readonly Priority[]>> = {
  requested: PRIORITIES,
  interactive: PRIORITIES.slice(1),
  routine: PRIORITIES.slice(2),
}

/** The part of a budget that routine requests may occupy. */
export const ROUTINE_SHARE = 0.9
/** Rejected requests get different retry times, one after another, but within this time. */
const MAX_SPREAD_MS = 15 * MINUTE_MS

interface Waiter {
  start: (slot: Slot) => void
}

/** The requests of one priority that had to wait. */
interface Lane {
  readonly waiting: Set<Waiter>
  /** The retry time of the request that was rejected last, and the limit that it was computed from. */
  lastRetry: Readonly<{ at: number; limit: number }>
}

/** What a decision depends on. It is looked up once for each, because both the clock and the limit change. */
interface Moment {
  /** By the monotonic clock. */
  now: number
  limit: number
  pace: RateLimit
}

/** How many slots of a budget may be occupied when a request of this priority takes the next one. */
export const shareOf = (budget: number, priority: Priority): number =>
  priority === 'routine' ? Math.max(Math.floor(budget * ROUTINE_SHARE), 1) : budget

/** Limits the number of requests in every minute. */
export class SlidingBudget {
  readonly #clock: Pick<Clock, 'monotonic' | 'setTimer'>
  readonly #limit: () => number
  readonly #reserved: () => number
  readonly #ended = new RecentCount(MINUTE_MS)
  /** The token buckets that spread the requests of each priority. */
  readonly #fullAt: Record<Priority, number | undefined> = {
    requested: undefined,
    interactive: undefined,
    routine: undefined,
  }
  /** Each is created when it is needed: an account has two budgets, and most accounts never have a request that waits. */
  #lanes: Readonly<Partial<Record<Priority, Lane>>> = NO_LANES
  #underWay = 0
  #cancelTimer: (() => void) | undefined

  /**
   * @param limit returns the maximum number of requests in a minute, which may change.
   * @param reserved returns how many of them others may send.
   */
  constructor(clock: Pick<Clock, 'monotonic' | 'setTimer'>, limit: () => number, reserved = () => 0) {
    this.#clock = clock
    this.#limit = limit
    this.#reserved = reserved
  }

  /** Whether no slot is occupied and no request waits, so that a new budget would behave in the same way. */
  get isIdle(): boolean {
    return (
      this.#occupied(this.#clock.monotonic()) === 0 &&
      PRIORITIES.every((priority) => sizeOf(this.#lanes[priority]) === 0)
    )
  }

  /** Occupies a slot if one is free and nobody waits; undefined otherwise. Most requests need not wait, and cost less this way. */
  tryAcquire(priority: Priority): Slot | undefined {
    for (const one of PRIORITIES) if (sizeOf(this.#lanes[one]) > 0) return undefined
    const at = this.#moment()
    const isFree = this.#untilFree(priority, 1, at) === 0 && this.#untilPaced(priority, at) === 0
    return isFree ? this.#take(priority, at) : undefined
  }

  /**
   * Waits for a slot and occupies it.
   *
   * @throws RateLimitExceededError with a retry time if no slot is free within `maxWaitMs`; at once if that can be foreseen.
   */
  acquire(priority: Priority, maxWaitMs: number): Promise<Slot> {
    const { waiting } = this.#laneOf(priority)
    return new Promise((resolve, reject) => {
      const giveUp = (): void => reject(new RateLimitExceededError(this.#retryAfterMs(priority)))
      if (this.#delay(priority, this.#moment()) > Math.max(maxWaitMs, 0)) return giveUp()
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
        if (waiting.delete(waiter)) giveUp()
      })
    })
  }

  /** Counts a request that has ended without a slot. */
  record(): void {
    this.#ended.add(this.#clock.monotonic())
  }

  /** Makes the next routine requests follow evenly, without a burst. */
  drain(): void {
    const { pace, now } = this.#moment()
    this.#fullAt.routine = drained(pace, this.#fullAt.routine, now)
  }

  #laneOf(priority: Priority): Lane {
    const lane = this.#lanes[priority] ?? { waiting: new Set(), lastRetry: NO_RETRY }
    if (!this.#lanes[priority]) this.#lanes = { ...this.#lanes, [priority]: lane }
    return lane
  }

  #occupied(now: number): number {
    return this.#underWay + this.#ended.count(now)
  }

  #moment(): Moment {
    const limit = this.#limit()
    const pace = { burst: Math.max(limit / 10, 1), intervalMs: MINUTE_MS / (ROUTINE_SHARE * limit) }
    return { now: this.#clock.monotonic(), limit, pace }
  }

  /** How long, in ms, a new request has to wait, as far as can be foreseen; 0 means that it can be sent now. */
  #delay(priority: Priority, at: Moment): number {
    const ahead = PRIORITIES.slice(0, PRIORITIES.indexOf(priority) + 1).map((one) => sizeOf(this.#lanes[one]))
    const before = ahead.reduce((sum, size) => sum + size, 0)
    const inLane = sizeOf(this.#lanes[priority]) * at.pace.intervalMs
    return Math.max(this.#untilFree(priority, before + 1, at), this.#untilPaced(priority, at) + inLane)
  }

  /** How many slots may be occupied when a request of this priority takes the next one, besides those that others may occupy. */
  mostFor(priority: Priority, limit = this.#limit()): number {
    const own = limit - this.#reserved()
    // In a small budget, what is reserved may be all that routine requests leave. One slot is kept for urgent requests from here.
    return Math.max(Math.min(shareOf(limit, priority), priority === 'routine' ? own - 1 : own), 1)
  }

  /** How long, in ms, until the budget has this many free slots for this priority. */
  #untilFree(priority: Priority, slots: number, { now, limit }: Moment): number {
    const excess = this.#occupied(now) + slots - this.mostFor(priority, limit)
    return excess <= 0 ? 0 : this.#ended.timeUntilLeft(now, excess)
  }

  #untilPaced(priority: Priority, { now, pace }: Moment): number {
    const delay = delayUntilToken(pace, this.#fullAt[priority], now)
    return delay > TIMER_TOLERANCE_MS ? delay : 0
  }

  /** After how many ms a rejected request should be retried: after those that were rejected before it. */
  #retryAfterMs(priority: Priority): number {
    const lane = this.#laneOf(priority)
    const at = this.#moment()
    const { now, limit } = at
    const { intervalMs } = at.pace
    const soonest = now + Math.max(this.#delay(priority, at), intervalMs)
    const next = lane.lastRetry.limit === limit ? lane.lastRetry.at + intervalMs : soonest
    lane.lastRetry = { at: Math.min(Math.max(soonest, next), soonest + MAX_SPREAD_MS), limit }
    return lane.lastRetry.at - now
  }

  /** Gives free slots to waiting requests, by priority, and runs again when the next slot is free. */
  #admit(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    let next = Infinity
    // A request of a lower priority never has to wait less, so it takes no slot for which one of a higher priority waits.
    for (const priority of PRIORITIES) next = Math.min(next, this.#admitLane(priority))
    if (next < Infinity) this.#cancelTimer = this.#clock.setTimer(next, () => this.#admit())
  }

  /** Returns in how many ms the next waiting request of this priority may be sent; Infinity if none waits. */
  #admitLane(priority: Priority): number {
    const waiting = this.#lanes[priority]?.waiting
    for (const waiter of waiting ?? []) {
      const at = this.#moment()
      const delay = Math.max(this.#untilFree(priority, 1, at), this.#untilPaced(priority, at))
      if (delay > 0) return delay
      waiting?.delete(waiter)
      waiter.start(this.#take(priority, at))
    }
    return Infinity
  }

  #take(priority: Priority, { now, pace }: Moment): Slot {
    // The pace of a priority includes the requests of all higher priorities.
    const paced = PRIORITIES_FROM[priority]
    for (const one of paced) this.#fullAt[one] = afterToken(pace, this.#fullAt[one], now)
    this.#underWay += 1
    return {
      end: () => {
        this.#underWay -= 1
        this.record()
      },
      cancel: () => {
        this.#underWay -= 1
        for (const one of paced) this.#fullAt[one] = (this.#fullAt[one] ?? 0) - pace.intervalMs
        this.#admit()
      },
    }
  }
}

/** No request was rejected yet. */
const NO_RETRY: Lane['lastRetry'] = { at: -Infinity, limit: 0 }
const NO_LANES = {}
const sizeOf = (lane: Lane | undefined): number => lane?.waiting.size ?? 0

/**
 * Waits for a slot in each of several budgets, one after another, all within `maxWaitMs`. If all have a free slot, the result is no
 * promise.
 *
 * @param budgets the narrowest first, so that a waiting request occupies slots only in narrower budgets. Each is looked up when it is
 *   needed.
 * @throws RateLimitExceededError if one of the budgets has no free slot in time. Then no slot is occupied.
 */
export function acquireAll(
  clock: Pick<Clock, 'monotonic'>,
  budgets: readonly (() => SlidingBudget)[],
  options: AcquireOptions,
): MaybePromise<Slot[]> {
  const slots: Slot[] = []
  for (const budgetOf of budgets) {
    const slot = budgetOf().tryAcquire(options.priority)
    if (!slot) return acquireRest(clock, { slots, budgets: budgets.slice(slots.length) }, options)
    slots.push(slot)
  }
  return slots
}

interface AcquireOptions {
  priority: Priority
  maxWaitMs: number
}

async function acquireRest(
  clock: Pick<Clock, 'monotonic'>,
  { slots, budgets }: { slots: Slot[]; budgets: readonly (() => SlidingBudget)[] },
  { priority, maxWaitMs }: AcquireOptions,
): Promise<Slot[]> {
  const until = clock.monotonic() + maxWaitMs
  try {
    for (const budgetOf of budgets) {
      const budget = budgetOf()
      slots.push(budget.tryAcquire(priority) ?? (await budget.acquire(priority, until - clock.monotonic())))
    }
    return slots
  } catch (error) {
    for (const slot of slots) slot.cancel()
    throw error
  }
}
