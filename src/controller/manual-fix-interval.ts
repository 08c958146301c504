/** How often the controller checks an object that somebody has to fix. */

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/**
 * The interval, in ms, at which a problem that a person must fix is checked again: five minutes in the first two hours after
 * `since`, then an hour. (Changed settings at Google take effect after five minutes to a few hours.)
 */
export const manualFixInterval = (since: number, now: number): number => (now - since < 2 * HOUR ? 5 * MINUTE : HOUR)
