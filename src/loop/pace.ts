/** How patient a reconcile is. */
import type { Clock } from '../platform/clock.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/**
 * How long until the next look at something that a person has to repair, in ms: every five minutes in the first two hours
 * after `since`, then hourly. (Changed settings at Google take 5 minutes to a few hours to take effect.)
 */
export const slowly = (since: number, now: number): number => (now - since < 2 * HOUR ? 5 * MINUTE : HOUR)

/** Runs `step`; where it takes longer than `ms`, `late` runs beside it, and has ended too when the answer is given. */
export async function withWordIfLate<T>(
  clock: Clock,
  ms: number,
  late: () => Promise<void>,
  step: () => Promise<T>,
): Promise<T> {
  let word: Promise<void> = Promise.resolve()
  const cancel = clock.setTimer(ms, () => {
    word = late()
  })
  try {
    return await step()
  } finally {
    cancel()
    await word
  }
}
