/** Lets one asynchronous function run at a time. */
export class Mutex {
  /** Resolves when the last function that was given has ended; never rejects. */
  #last: Promise<unknown> = Promise.resolve()

  /** Runs the function after all that were given before have ended, however they ended. */
  runExclusive<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#last.then(run)
    this.#last = result.catch(() => undefined)
    return result
  }
}
