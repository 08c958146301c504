/** Values that are mostly known at once. A promise for each of them would often cost more than what it stands for. */

/** A value that is known, or a promise for it. */
export type MaybePromise<T> = T | Promise<T>

/** Calls `next` with the value: at once if it is known. */
export const whenKnown = <T, R>(value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> =>
  value instanceof Promise ? value.then(next) : next(value)
