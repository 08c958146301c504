/** Lets one function run at a time. */
import type { MaybePromise } from './maybe-promise.ts'

/** Functions that run one after another, however long each takes. */
export class Mutex {
  /** Resolves when the last function that was given has ended; never rejects. Undefined if none runs. */
  #last: Promise<void> | undefined

  /** Runs the function after all that were given before have ended, however they ended: at once if none runs. */
  runExclusive<T>(run: () => Promise<T>): Promise<T>
  runExclusive<T>(run: () => MaybePromise<T>): MaybePromise<T>
  runExclusive<T>(run: () => MaybePromise<T>): MaybePromise<T> {
    const result = this.#last ? this.#last.then(run) : run()
    if (!(result instanceof Promise)) return result
    const end = (): void => {
      if (this.#last === last) this.#last = undefined
    }
    const last = result.then(end, end)
    this.#last = last
    return result
  }
}
