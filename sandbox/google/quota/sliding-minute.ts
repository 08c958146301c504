/** Counts requests in a sliding minute. Requests that are exactly a minute apart are not in the same one. */
import type { SlidingMinute } from '../state/quota-records.ts'

const MINUTE_MS = 60_000
/** How many outdated instants are kept before the list is shortened. */
const SLACK = 1000

/** Makes a minute without requests. */
export const newMinute = (): SlidingMinute => ({ times: [], head: 0 })

/** Adds a request. */
export function addRequest(minute: SlidingMinute, now: number): void {
  minute.times.push(now)
}

/** Counts the requests of the minute that ends now. */
export function lastMinute(minute: SlidingMinute, now: number): number {
  const { times } = minute
  while (minute.head < times.length && times[minute.head]! <= now - MINUTE_MS) minute.head += 1
  if (minute.head > SLACK || minute.head === times.length) {
    times.splice(0, minute.head)
    minute.head = 0
  }
  return times.length - minute.head
}
