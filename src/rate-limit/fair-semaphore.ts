/**
 * A semaphore that many tenants share. It limits how many tasks run at once, in total and for each key of several scopes, and
 * gives a free place to the key that holds the fewest: a tenant with a thousand waiting tasks delays a tenant with one task
 * by one task, not by a thousand.
 */
import type { Clock } from '../platform/clock.ts'

/** No place became free in time. The task was not started. */
export class BusyError extends Error {
  override readonly name = 'BusyError'
}

/** How many tasks run at once. */
export interface SemaphoreLimits<Scope extends string> {
  /** In total. */
  total: number
  /** For one key of each scope. A free place goes to the key with the fewest places in the first scope, then in the next. */
  perKey: Readonly<Record<Scope, number>>
}

interface Waiter<Scope extends string> {
  keys: Readonly<Record<Scope, string>>
  start: () => void
}

/** Limits how many tasks run at once. */
export class FairSemaphore<Scope extends string> {
  readonly #clock: Pick<Clock, 'setTimer'>
  readonly #limits: SemaphoreLimits<Scope>
  readonly #scopes: readonly Scope[]
  /** In the order of their arrival. */
  readonly #waiting = new Set<Waiter<Scope>>()
  /** How many run, by scope and key; keys of which none runs are left out. */
  readonly #running = new Map<string, number>()
  #total = 0

  constructor(clock: Pick<Clock, 'setTimer'>, limits: SemaphoreLimits<Scope>) {
    this.#clock = clock
    this.#limits = limits
    this.#scopes = Object.keys(limits.perKey) as Scope[]
  }

  /** How many tasks wait for a place. */
  get waiting(): number {
    return this.#waiting.size
  }

  /**
   * Runs the task when a place is free, and returns or fails as the task does.
   *
   * @throws BusyError if no place becomes free within `maxWaitMs`.
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
   * Takes a place for work that is not one task. It is held until the returned function is called, once.
   *
   * @throws BusyError if no place becomes free within `maxWaitMs`.
   */
  async acquire(keys: Readonly<Record<Scope, string>>, maxWaitMs?: number): Promise<() => void> {
    await this.#place(keys, maxWaitMs)
    return () => {
      this.#count(keys, -1)
      this.#admit()
    }
  }

  async #place(keys: Readonly<Record<Scope, string>>, maxWaitMs: number | undefined): Promise<void> {
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
        reject(new BusyError('no place became free in time'))
      }
      const cancel = maxWaitMs === undefined ? () => undefined : this.#clock.setTimer(maxWaitMs, giveUp)
      this.#waiting.add(waiter)
    })
  }

  /** Gives free places to those who wait, before a newcomer can take them. */
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
      if (this.#fits(waiter.keys) && (!best || this.#holdsFewer(waiter, best))) best = waiter
    }
    return best
  }

  #holdsFewer(one: Waiter<Scope>, other: Waiter<Scope>): boolean {
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
