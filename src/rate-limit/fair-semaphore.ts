/**
 * A semaphore that many tenants share. It limits how many tasks run at a time, in total and for each key of several scopes, and
 * gives a free slot to the key that occupies the fewest: a tenant with a thousand waiting tasks delays a tenant with one task by one
 * task, not by a thousand.
 */
import type { Clock } from '../platform/clock.ts'

/** No slot became free in time. The task was not started. */
export class BusyError extends Error {
  override readonly name = 'BusyError'
}

/** How many tasks may run at a time. */
interface SemaphoreLimits<Scope extends string> {
  /** In total. */
  total: number
  /** For one key of each scope. A free slot goes to the key that occupies the fewest in the first scope, then in the next. */
  perKey: Readonly<Record<Scope, number>>
}

interface Waiter<Scope extends string> {
  keys: Readonly<Record<Scope, string>>
  start: () => void
}

/** Limits how many tasks run at a time. */
export class FairSemaphore<Scope extends string> {
  readonly #clock: Pick<Clock, 'setTimer'>
  readonly #limits: SemaphoreLimits<Scope>
  readonly #scopes: readonly Scope[]
  /** In order of arrival. */
  readonly #waiting = new Set<Waiter<Scope>>()
  /** How many tasks run, by scope and key; keys without a running task are left out. */
  readonly #running = new Map<string, number>()
  #total = 0

  constructor(clock: Pick<Clock, 'setTimer'>, limits: SemaphoreLimits<Scope>) {
    this.#clock = clock
    this.#limits = limits
    this.#scopes = Object.keys(limits.perKey) as Scope[]
  }

  /** How many tasks wait for a slot. */
  get waiting(): number {
    return this.#waiting.size
  }

  /**
   * Runs the task as soon as a slot is free, and returns or fails as the task does.
   *
   * @param maxWaitMs waits without a limit by default.
   * @throws BusyError if no slot becomes free within `maxWaitMs`.
   */
  async run<T>(keys: Readonly<Record<Scope, string>>, task: () => Promise<T>, maxWaitMs?: number): Promise<T> {
    const release = await this.acquire(keys, maxWaitMs)
    try {
      return await task()
    } finally {
      release()
    }
  }

  /**
   * Waits for a slot, for work that is not a single task. Returns the function that releases it, which must be called once.
   *
   * @param maxWaitMs waits without a limit by default.
   * @throws BusyError if no slot becomes free within `maxWaitMs`.
   */
  async acquire(keys: Readonly<Record<Scope, string>>, maxWaitMs?: number): Promise<() => void> {
    await this.#occupy(keys, maxWaitMs)
    return () => {
      this.#count(keys, -1)
      this.#admit()
    }
  }

  async #occupy(keys: Readonly<Record<Scope, string>>, maxWaitMs: number | undefined): Promise<void> {
    if (this.#fits(keys)) return this.#count(keys, 1)
    await new Promise<void>((resolve, reject) => {
      const waiter: Waiter<Scope> = {
        keys,
        start: () => {
          cancel()
          resolve()
        },
      }
      const giveUp = (): void => {
        this.#waiting.delete(waiter)
        reject(new BusyError('no slot became free in time'))
      }
      const cancel = maxWaitMs === undefined ? () => undefined : this.#clock.setTimer(maxWaitMs, giveUp)
      this.#waiting.add(waiter)
    })
  }

  /** Gives free slots to waiting tasks before a new task can take them. */
  #admit(): void {
    for (let next = this.#next(); next; next = this.#next()) {
      this.#waiting.delete(next)
      this.#count(next.keys, 1)
      next.start()
    }
  }

  #next(): Waiter<Scope> | undefined {
    if (this.#total >= this.#limits.total) return undefined
    let best: Waiter<Scope> | undefined
    for (const waiter of this.#waiting) {
      if (this.#fits(waiter.keys) && (!best || this.#occupiesFewer(waiter, best))) best = waiter
    }
    return best
  }

  #occupiesFewer(one: Waiter<Scope>, other: Waiter<Scope>): boolean {
    for (const scope of this.#scopes) {
      const difference = this.#runningOf(scope, one.keys[scope]) - this.#runningOf(scope, other.keys[scope])
      if (difference !== 0) return difference < 0
    }
    return false
  }

  #fits(keys: Readonly<Record<Scope, string>>): boolean {
    const { total, perKey } = this.#limits
    return this.#total < total && this.#scopes.every((scope) => this.#runningOf(scope, keys[scope]) < perKey[scope])
  }

  #runningOf(scope: Scope, key: string): number {
    return this.#running.get(`${scope} ${key}`) ?? 0
  }

  #count(keys: Readonly<Record<Scope, string>>, by: 1 | -1): void {
    this.#total += by
    for (const scope of this.#scopes) {
      const running = this.#runningOf(scope, keys[scope]) + by
      if (running === 0) this.#running.delete(`${scope} ${keys[scope]}`)
      else this.#running.set(`${scope} ${keys[scope]}`, running)
    }
  }
}
