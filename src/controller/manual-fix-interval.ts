/** How often a problem that somebody has to fix is checked again. Pure. */
import { HOUR_MS, MINUTE_MS } from '../platform/time-units.ts'

/**
 * The interval, in ms, at which a problem that a person has to fix is checked again: five minutes in the first two hours after
 * `since`, then one hour. (Changed settings at Google take effect after five minutes to a few hours.)
 */
export const manualFixInterval = (since: number, now: number): number =>
  now - since < 2 * HOUR_MS ? 5 * MINUTE_MS : HOUR_MS
