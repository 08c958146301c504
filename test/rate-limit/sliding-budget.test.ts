import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { acquireAll, SlidingBudget, type Priority, type Slot } from '../../src/rate-limit/sliding-budget.ts'
import type { RateLimitExceededError } from '../../src/rate-limit/token-bucket.ts'
import { ManualClock, settle } from '../support/clock.ts'

const MAX_WAIT_MS = 5_000
const MINUTE = 60_000

/** The most instants in a minute, both of its ends included. */
function mostInAMinute(instants: readonly number[]): number {
  const sorted = [...instants].sort((a, b) => a - b)
  let most = 0
  let first = 0
  for (const [index, at] of sorted.entries()) {
    while ((sorted[first] ?? at) < at - MINUTE) first += 1
    most = Math.max(most, index - first + 1)
  }
  return most
}

/** A service with a budget before it: when each request was sent, reached the service, and was turned away. */
class Traffic {
  readonly clock = new ManualClock()
  readonly budget: SlidingBudget
  readonly sent: { at: number; priority: Priority; waited: number }[] = []
  readonly reached: number[] = []
  readonly refusals: { priority: Priority; waited: number; retryAfterMs: number }[] = []

  /** @param reserved how many of the requests others may send. */
  constructor(limit: number | (() => number), reserved = 0) {
    this.budget = new SlidingBudget(this.clock, typeof limit === 'number' ? () => limit : limit, () => reserved)
  }

  /** Sends a request, which reaches the service at `delay` of the time that it is under way. */
  async send(priority: Priority = 'routine', latencyMs = 0, delay = 0.5): Promise<void> {
    const cameAt = this.clock.monotonic()
    const waited = (): number => this.clock.monotonic() - cameAt
    let slot: Slot
    try {
      slot = await this.budget.acquire(priority, MAX_WAIT_MS)
    } catch (error) {
      const { retryAfterMs } = error as RateLimitExceededError
      this.refusals.push({ priority, waited: waited(), retryAfterMs })
      return
    }
    const at = this.clock.monotonic()
    this.sent.push({ at, priority, waited: waited() })
    this.reached.push(at + latencyMs * delay)
    if (latencyMs === 0) return slot.end()
    this.clock.setTimer(latencyMs, () => slot.end())
  }

  sentBy(priority: Priority): number[] {
    return this.sent.filter((one) => one.priority === priority).map(({ at }) => at)
  }
}

/** Requests of each priority at a steady rate, for some minutes. */
async function steadily(
  traffic: Traffic,
  perMinute: Partial<Record<Priority, number>>,
  minutes: number,
): Promise<void> {
  const stepMs = 100
  const due: Record<string, number> = {}
  for (let step = 0; step < (minutes * MINUTE) / stepMs; step++) {
    for (const [priority, rate] of Object.entries(perMinute)) {
      due[priority] = (due[priority] ?? 0) + (rate * stepMs) / MINUTE
      for (; due[priority] >= 1; due[priority] -= 1) void traffic.send(priority as Priority)
    }
    await traffic.clock.advance(stepMs)
  }
}

describe('a sliding budget', () => {
  it.each([1, 2, 10, 60, 600])('of %i never holds more in any minute, and wastes little of it', async (limit) => {
    const traffic = new Traffic(limit)
    await steadily(traffic, { interactive: limit * 2 }, 4)
    const most = mostInAMinute(traffic.sent.map(({ at }) => at))
    expect(most).toBeLessThanOrEqual(limit)
    expect(traffic.sent.length).toBeGreaterThanOrEqual(Math.floor(limit * 0.9) * 3)
  })

  it('holds at any moment, however and whatever comes, and however long it is under way', async () => {
    const arrival = fc.record({
      afterMs: fc.integer({ min: 0, max: 4_000 }),
      priority: fc.constantFrom<Priority>('requested', 'interactive', 'routine'),
      latencyMs: fc.integer({ min: 0, max: 30_000 }),
      delay: fc.double({ min: 0, max: 1, noNaN: true }),
      count: fc.integer({ min: 1, max: 15 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(1, 3, 10, 60), fc.array(arrival, { maxLength: 60 }), async (limit, arrivals) => {
        const traffic = new Traffic(limit)
        for (const { afterMs, priority, latencyMs, delay, count } of arrivals) {
          for (let one = 0; one < count; one++) void traffic.send(priority, latencyMs, delay)
          await traffic.clock.advance(afterMs)
        }
        await traffic.clock.advance(MAX_WAIT_MS)
        expect(mostInAMinute(traffic.reached)).toBeLessThanOrEqual(limit)
        for (const { waited } of [...traffic.sent, ...traffic.refusals]) expect(waited).toBeLessThanOrEqual(MAX_WAIT_MS)
        for (const { retryAfterMs } of traffic.refusals) expect(retryAfterMs).toBeGreaterThan(0)
      }),
      { numRuns: 60 },
    )
  }, 60_000)

  it('holds 10,000 a minute, with an entry for each tenth of a second at the most', async () => {
    const traffic = new Traffic(10_000)
    await steadily(traffic, { routine: 12_000 }, 2)
    expect(mostInAMinute(traffic.sent.map(({ at }) => at))).toBeLessThanOrEqual(9_000)
    expect(traffic.sent.length).toBeGreaterThan(17_000)
  }, 60_000)

  it('keeps a tenth for what is not routine', async () => {
    const traffic = new Traffic(60)
    await steadily(traffic, { routine: 100 }, 3)
    expect(mostInAMinute(traffic.sentBy('routine'))).toBe(54)
    for (let one = 0; one < 6; one++) await traffic.send('interactive')
    expect(traffic.sentBy('interactive')).toHaveLength(6)
  })

  it.each([
    ['requested', 'interactive'],
    ['interactive', 'routine'],
  ] as const)('serves waiting requests that are %s before those that are %s', async (first, second) => {
    const traffic = new Traffic(60)
    await steadily(traffic, { [second]: 100 }, 3)
    for (let one = 0; one < 4; one++) void traffic.send(second)
    const cameAt = traffic.clock.monotonic()
    for (let one = 0; one < 7; one++) void traffic.send(first)
    await traffic.clock.advance(MAX_WAIT_MS)
    const since = traffic.sent.filter(({ at }) => at >= cameAt).map(({ priority }) => priority)
    expect(since.slice(0, 7)).toEqual(Array.from({ length: 7 }, () => first))
  })

  it('has a place within seconds for what was asked for, while others use all of it up', async () => {
    const traffic = new Traffic(60)
    await steadily(traffic, { interactive: 300, routine: 300 }, 2)
    for (let turn = 0; turn < 20; turn++) {
      void traffic.send('requested')
      for (let step = 0; step < 30; step++) {
        void traffic.send('interactive')
        await traffic.clock.advance(100)
      }
    }
    const waits = traffic.sent.filter(({ priority }) => priority === 'requested').map(({ waited }) => waited)
    expect(waits).toHaveLength(20)
    expect(Math.max(...waits)).toBeLessThan(3_000)
  })

  it('leaves the rest to routine requests when the others need little', async () => {
    const traffic = new Traffic(60)
    await steadily(traffic, { interactive: 6, routine: 48 }, 5)
    expect(traffic.sentBy('routine').length).toBeGreaterThan(230)
    expect(traffic.refusals).toEqual([])
  })

  it('turns away at once what would wait too long, one after the other', async () => {
    const traffic = new Traffic(60)
    for (let one = 0; one < 40; one++) void traffic.send()
    await settle()
    expect(traffic.sent).toHaveLength(6)
    expect(traffic.refusals.length).toBeGreaterThan(20)
    const times = traffic.refusals.map(({ retryAfterMs }) => retryAfterMs)
    expect(times[0]).toBeGreaterThan(MAX_WAIT_MS)
    for (const [index, time] of times.slice(1).entries()) expect(time - (times[index] ?? 0)).toBeCloseTo(1_111, 0)
  })

  it('tells nobody to come back later than a quarter of an hour after the next slot', async () => {
    const traffic = new Traffic(10)
    for (let one = 0; one < 300; one++) void traffic.send()
    await settle()
    expect(Math.max(...traffic.refusals.map(({ retryAfterMs }) => retryAfterMs))).toBeLessThan(17 * MINUTE)
  })

  it('turns away at once what those of a higher priority leave no slot for', async () => {
    const traffic = new Traffic(1)
    traffic.budget.record()
    await traffic.clock.advance(MINUTE - 3_000)
    void traffic.send('requested')
    void traffic.send('interactive')
    await settle()
    expect(traffic.refusals).toMatchObject([{ priority: 'interactive', waited: 0 }])
    await traffic.clock.advance(MAX_WAIT_MS)
    expect(traffic.sentBy('requested')).toHaveLength(1)
  })

  it('says when the next slot is free, also after a smaller limit made others wait for minutes', async () => {
    let limit = 1
    const traffic = new Traffic(() => limit)
    traffic.budget.record()
    for (let one = 0; one < 10; one++) await traffic.send()
    limit = 600
    for (let one = 0; one < limit; one++) traffic.budget.record()
    await traffic.send()
    const times = traffic.refusals.map(({ retryAfterMs }) => Math.floor(retryAfterMs / 1_000))
    expect([times[0], times.at(-1)]).toEqual([66, 60])
  })

  it('sends what may not wait if a slot is free, and leaves no timer behind', async () => {
    const traffic = new Traffic(60)
    for (const maxWaitMs of [MAX_WAIT_MS, 0, -1]) await traffic.budget.acquire('routine', maxWaitMs)
    expect(traffic.clock.pending).toEqual([])
  })

  it('leaves to others what is reserved for them', async () => {
    const traffic = new Traffic(10, 4)
    await steadily(traffic, { requested: 30 }, 3)
    expect(mostInAMinute(traffic.reached)).toBe(6)
  })

  it.each([
    [10, 1],
    [20, 2],
    [60, 2],
  ])('of %i keeps a slot for what is not routine, although %i are reserved for others', async (limit, reserved) => {
    const traffic = new Traffic(limit, reserved)
    await steadily(traffic, { routine: 2 * limit }, 3)
    await traffic.send('interactive')
    expect(traffic.sentBy('interactive')).toHaveLength(1)
    expect(traffic.sent.at(-1)?.waited).toBe(0)
  })

  it('is not idle while a request waits, even if none is under way', async () => {
    const traffic = new Traffic(60)
    traffic.budget.drain()
    void traffic.send('routine')
    await settle()
    expect(traffic.sent).toEqual([])
    expect(traffic.budget.isIdle).toBe(false)
  })

  it('gives back one token of a burst with a place that was not used', async () => {
    const traffic = new Traffic(60)
    const [slot] = await Promise.all(Array.from({ length: 6 }, () => traffic.budget.acquire('routine', 0)))
    slot?.cancel()
    for (let one = 0; one < 6; one++) void traffic.send()
    await settle()
    expect(traffic.sent).toHaveLength(1)
  })

  it('gives back a place that was not used', async () => {
    const traffic = new Traffic(1)
    const slot = await traffic.budget.acquire('requested', MAX_WAIT_MS)
    expect(traffic.budget.isIdle).toBe(false)
    slot.cancel()
    expect(traffic.budget.isIdle).toBe(true)
    await traffic.send('interactive')
    expect(traffic.sent).toHaveLength(1)
    expect(traffic.budget.isIdle).toBe(false)
    await traffic.clock.advance(MINUTE + 300)
    expect(traffic.budget.isIdle).toBe(true)
  })

  it('counts a request that is under way until a minute after its answer', async () => {
    const traffic = new Traffic(1)
    await traffic.send('requested', 30_000)
    await traffic.clock.advance(30_000 + MINUTE - 10)
    void traffic.send('interactive')
    await traffic.clock.advance(MAX_WAIT_MS)
    const [first, second] = traffic.sent.map(({ at }) => at)
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThan(30_000 + MINUTE)
  })

  it('counts what was sent elsewhere', async () => {
    const traffic = new Traffic(1)
    traffic.budget.record()
    await traffic.send('requested')
    expect(traffic.refusals).toHaveLength(1)
  })

  it('follows a limit that changes', async () => {
    let limit = 60
    const traffic = new Traffic(() => limit)
    await steadily(traffic, { routine: 100 }, 2)
    limit = 600
    await steadily(traffic, { routine: 600 }, 2)
    expect(mostInAMinute(traffic.sent.map(({ at }) => at))).toBeGreaterThan(400)
    limit = 10
    await traffic.clock.advance(MINUTE + 1_000)
    const from = traffic.sent.length
    await steadily(traffic, { interactive: 600 }, 3)
    expect(mostInAMinute(traffic.sent.slice(from).map(({ at }) => at))).toBeLessThanOrEqual(10)
  })

  it('has no burst of routine requests after a drain', async () => {
    const traffic = new Traffic(600)
    traffic.budget.drain()
    for (let one = 0; one < 5; one++) void traffic.send()
    await settle()
    expect(traffic.sent).toHaveLength(0)
    await traffic.clock.advance(1_000)
    expect(new Set(traffic.sent.map(({ at }) => at)).size).toBe(5)
  })
})

describe('several budgets', () => {
  it('are all charged, or none of them is', async () => {
    const clock = new ManualClock()
    const [narrow, wide, full] = [1, 20, 1].map((limit) => new SlidingBudget(clock, () => limit)) as [
      SlidingBudget,
      SlidingBudget,
      SlidingBudget,
    ]
    full.record()
    const options = { priority: 'requested', maxWaitMs: MAX_WAIT_MS } as const
    await expect(acquireAll(clock, [() => narrow, () => wide, () => full], options)).rejects.toThrow()
    expect([narrow.isIdle, wide.isIdle]).toEqual([true, true])
    const slots = await acquireAll(clock, [() => narrow, () => wide], options)
    expect([narrow.isIdle, wide.isIdle]).toEqual([false, false])
    for (const slot of slots) slot.cancel()
    expect([narrow.isIdle, wide.isIdle]).toEqual([true, true])
  })

  it('give no slot to a new request that another one waits for, also when the budget has grown meanwhile', async () => {
    const clock = new ManualClock()
    let limit = 1
    const budgets = [() => budget]
    const budget = new SlidingBudget(clock, () => limit)
    budget.record()
    const order: string[] = []
    const options = { priority: 'requested', maxWaitMs: 2 * MINUTE } as const
    void Promise.resolve(acquireAll(clock, budgets, options)).then(() => order.push('first'))
    await settle()
    limit = 2
    void Promise.resolve(acquireAll(clock, budgets, options)).then(() => order.push('second'))
    await settle()
    expect(order).toEqual(['first'])
  })

  it('are occupied at once if all are free', () => {
    const budgets = [1, 1].map((limit) => new SlidingBudget(new ManualClock(), () => limit))
    const slots = acquireAll(
      new ManualClock(),
      budgets.map((one) => () => one),
      { priority: 'routine', maxWaitMs: 0 },
    )
    expect(slots).toHaveLength(2)
    expect(budgets.map(({ isIdle }) => isIdle)).toEqual([false, false])
  })

  it('are occupied once each, also if one of them has to be waited for', async () => {
    const clock = new ManualClock()
    const [narrow, wide] = [new SlidingBudget(clock, () => 2), new SlidingBudget(clock, () => 1)]
    const budgets = [() => narrow, () => wide]
    wide.record()
    const waiting = Promise.resolve(acquireAll(clock, budgets, { priority: 'requested', maxWaitMs: 2 * MINUTE }))
    await clock.advance(1.5 * MINUTE)
    expect(await waiting).toHaveLength(2)
    expect(narrow.tryAcquire('requested')).toBeDefined()
  })

  it('are waited for no longer than for one', async () => {
    const clock = new ManualClock()
    const budgets = [10, 10].map((limit) => new SlidingBudget(clock, () => limit)).map((one) => () => one)
    const options = { priority: 'requested', maxWaitMs: 5_500 } as const
    await acquireAll(clock, budgets.slice(0, 1), options)
    await clock.advance(5_000)
    await acquireAll(clock, budgets.slice(1), options)
    const refused = Promise.resolve(acquireAll(clock, budgets, options)).catch(() => clock.monotonic())
    const before = clock.monotonic()
    await clock.advance(10_000)
    expect(Number(await refused) - before).toBeLessThanOrEqual(5_500)
  })
})
