/** Lets one function run at a time. */
import type { MaybePromise } from './maybe-promise.ts'

/** Functions that run one after another, however long each takes. */
export class Mutex {
  /** Resolves when the last function that was given has ended; never rejects. Undefined if none runs. */
  #last: Promise<void> | undefined
  /** A function has been called, and has not returned its result or promise yet. */
  #isBeginning = false

  /** Runs the function after all that were given before have ended, however they ended: at once if none runs. */
  runExclusive<T>(run: () => Promise<T>): Promise<T>
  runExclusive<T>(run: () => MaybePromise<T>): MaybePromise<T>
  runExclusive<T>(run: () => MaybePromise<T>): MaybePromise<T> {
    // Only when it has returned is it known whether there is anything to wait for.
    if (this.#isBeginning) return Promise.resolve().then(() => this.runExclusive(run))
    const result = this.#last ? this.#last.then(run) : this.#begin(run)
    if (!(result instanceof Promise)) return result
    const end = (): void => {
      if (this.#last === last) this.#last = undefined
    }
    const last = result.then(end, end)
    this.#last = last
    return result
  }

  #begin<T>(run: () => MaybePromise<T>): MaybePromise<T> {
    this.#isBeginning = true
    try {
      return run()
    } finally {
      this.#isBeginning = false
    }
  }
}
