/** How patient a reconcile is. */
const MINUTE = 60_000
const HOUR = 60 * MINUTE

/**
 * How long until the next look at something that a person has to repair, in ms: every five minutes in the first two hours
 * after `since`, then hourly. (Changed settings at Google take 5 minutes to a few hours to take effect.)
 */
export const manualFixInterval = (since: number, now: number): number => (now - since < 2 * HOUR ? 5 * MINUTE : HOUR)
